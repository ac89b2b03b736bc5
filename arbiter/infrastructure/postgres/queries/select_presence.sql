-- select_presence: when each agent was last met, and whether it answered when it was last asked.
SELECT agents.name, agents.seen_at, agents.answers FROM arbiter.agents
