-- count_agent: note a fact of an agent that is about to be appended; locks the registry until commit.
-- in:  more int: 1 for an agent that comes, -1 for one that goes, else 0      out: how many there are then
INSERT INTO arbiter.registry (agents, changes) VALUES (%(more)s, 1)
ON CONFLICT (id) DO UPDATE SET agents = registry.agents + excluded.agents, changes = registry.changes + 1
RETURNING registry.agents
