-- select_agent_statuses: which agents take new tasks, and which do not.
SELECT agents.name, agents.status FROM arbiter.agents
