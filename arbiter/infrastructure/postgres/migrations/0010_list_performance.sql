-- The steps of one agent at one kind, from the newest back.
CREATE INDEX agent_sums_of_one ON arbiter.agent_sums (step, agent, kind, begins DESC);
