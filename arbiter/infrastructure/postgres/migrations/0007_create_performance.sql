-- What outcomes told of each agent at each kind. Totals, and sums in which the latest outcomes weigh most;
-- the latter are followed outcome by outcome, so that every rebuild comes out equal.
CREATE TABLE arbiter.agent_records (
    agent text NOT NULL,
    kind text NOT NULL,
    routed bigint NOT NULL,
    completed bigint NOT NULL,
    failed bigint NOT NULL,
    timed bigint NOT NULL,
    latency_us bigint NOT NULL,
    rated bigint NOT NULL,
    quality_e9 bigint NOT NULL,
    priced bigint NOT NULL,
    cost_e9 numeric NOT NULL,
    wins double precision NOT NULL,
    losses double precision NOT NULL,
    good double precision NOT NULL,
    bad double precision NOT NULL,
    position bigint NOT NULL,
    PRIMARY KEY (agent, kind)
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.05);

-- How often an attempt of each kind was given to any agent.
CREATE TABLE arbiter.kind_decisions (
    kind text PRIMARY KEY,
    decisions bigint NOT NULL
) WITH (fillfactor = 50);

-- What became of attempts, in steps of a minute, of five minutes and of an hour.
CREATE TABLE arbiter.agent_sums (
    step smallint NOT NULL,
    begins timestamptz NOT NULL,
    agent text NOT NULL,
    kind text NOT NULL,
    completed bigint NOT NULL,
    failed bigint NOT NULL,
    cancelled bigint NOT NULL,
    excused bigint NOT NULL,
    timed bigint NOT NULL,
    latency_us bigint NOT NULL,
    rated bigint NOT NULL,
    quality_e9 bigint NOT NULL,
    priced bigint NOT NULL,
    cost_e9 numeric NOT NULL,
    PRIMARY KEY (step, begins, agent, kind)
) WITH (fillfactor = 50);

-- How long they took, counted in buckets of growing width.
CREATE TABLE arbiter.agent_spans (
    step smallint NOT NULL,
    begins timestamptz NOT NULL,
    agent text NOT NULL,
    kind text NOT NULL,
    bucket integer NOT NULL,
    spans bigint NOT NULL,
    PRIMARY KEY (step, begins, agent, kind, bucket)
) WITH (fillfactor = 70);

-- What is not as usual, or was not: one row per agent, kind and type.
CREATE TABLE arbiter.anomalies (
    anomaly_id uuid PRIMARY KEY,
    version bigint NOT NULL,
    agent text NOT NULL,
    kind text NOT NULL,
    type text NOT NULL,
    stands boolean NOT NULL,
    severity text NOT NULL,
    value double precision NOT NULL,
    usual double precision NOT NULL,
    raised_at timestamptz NOT NULL,
    resolved_at timestamptz,
    reason text
) WITH (fillfactor = 70);
