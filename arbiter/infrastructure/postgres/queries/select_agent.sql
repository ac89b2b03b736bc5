-- select_agent: an agent as its facts tell it.
-- in:  name text
SELECT
    agents.version, agents.profile::text, agents.status, agents.status_at, agents.status_by,
    agents.status_why, agents.registered_at
FROM arbiter.agents
WHERE agents.name = %(name)s
