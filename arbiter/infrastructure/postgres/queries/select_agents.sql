-- select_agents: every agent as its facts tell it, retired ones too.
SELECT
    agents.version, agents.profile::text, agents.status, agents.status_at, agents.status_by,
    agents.status_why, agents.registered_at
FROM arbiter.agents
ORDER BY agents.name
