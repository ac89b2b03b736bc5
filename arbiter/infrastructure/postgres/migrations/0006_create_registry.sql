-- What the registry knows of an agent beside its profile: whether it takes work, and when it was last met.
ALTER TABLE arbiter.agents
    ADD COLUMN status text NOT NULL DEFAULT 'available',
    ADD COLUMN status_at timestamptz,
    ADD COLUMN status_by text,
    ADD COLUMN status_why text,
    ADD COLUMN registered_at timestamptz,
    ADD COLUMN seen_at timestamptz,
    ADD COLUMN answers boolean;

UPDATE arbiter.agents SET
    status_at = (agents.profile ->> 'at')::timestamptz,
    registered_at = (agents.profile ->> 'at')::timestamptz,
    seen_at = (agents.profile ->> 'at')::timestamptz;

ALTER TABLE arbiter.agents
    ALTER COLUMN status_at SET NOT NULL,
    ALTER COLUMN registered_at SET NOT NULL,
    ALTER COLUMN seen_at SET NOT NULL;

-- Few agents are asked for a sign of life, and those that keep silent must be known at once.
CREATE INDEX agents_asked ON arbiter.agents (name) WHERE agents.answers IS NOT NULL;

-- One row, once there are agents: how many there are, retired ones left out, and how many facts of agents were
-- appended. Who appends one locks it, so that the limit holds; who keeps agents in memory compares the changes.
CREATE TABLE arbiter.registry (
    id boolean PRIMARY KEY DEFAULT true CHECK (id),
    agents bigint NOT NULL,
    changes bigint NOT NULL
) WITH (fillfactor = 20);

INSERT INTO arbiter.registry (agents, changes)
SELECT count(*), sum(agents.version) FROM arbiter.agents HAVING count(*) > 0;
