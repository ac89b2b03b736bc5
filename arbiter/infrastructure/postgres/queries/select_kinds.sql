-- select_kinds: every kind that any agent was ever registered for.
SELECT DISTINCT kind FROM arbiter.agents CROSS JOIN LATERAL unnest(agents.kinds_ever) AS kind
