-- select_agent: an agent's latest profile.
-- in:  name text
SELECT
    agents.agent_id, agents.name, agents.version, agents.kinds, agents.abilities, agents.max_concurrency
FROM arbiter.agents
WHERE agents.name = %(name)s
