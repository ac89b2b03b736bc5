-- select_agent_changes: how many facts of agents were appended; unchanged while no agent has changed.
SELECT coalesce(max(registry.changes), 0) FROM arbiter.registry
