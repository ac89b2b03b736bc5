-- How far each projection has come. The row is written with the view's rows, in one transaction.
CREATE TABLE arbiter.projections (
    name text PRIMARY KEY,
    position bigint NOT NULL DEFAULT 0,
    error text,
    error_position bigint,
    error_at timestamptz
) WITH (fillfactor = 50);

-- How many tasks are where; places without tasks have no row.
CREATE TABLE arbiter.queue_depth (
    queue text NOT NULL,
    kind text NOT NULL,
    tenant text NOT NULL,
    status text NOT NULL,
    from_minute timestamptz NOT NULL,
    tasks bigint NOT NULL,
    PRIMARY KEY (queue, kind, tenant, status, from_minute)
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 1000);

-- One line per task.
CREATE TABLE arbiter.task_board (
    task_id uuid PRIMARY KEY,
    version bigint NOT NULL,
    status text NOT NULL,
    kind text NOT NULL,
    queue text NOT NULL,
    tenant text NOT NULL,
    priority smallint NOT NULL,
    run integer NOT NULL,
    attempts integer NOT NULL,
    losses integer NOT NULL,
    agent text,
    submitted_at timestamptz NOT NULL,
    run_since timestamptz NOT NULL,
    ready_at timestamptz NOT NULL,
    not_before timestamptz,
    look_again timestamptz,
    started_at timestamptz,
    ended_at timestamptz,
    updated_at timestamptz NOT NULL,
    latency_us bigint,
    error_type text,
    error_message text,
    reason text,
    position bigint NOT NULL
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.05);

-- The order of every list: newest first within a status; other conditions are met on the way.
CREATE INDEX task_board_to_list ON arbiter.task_board (status, submitted_at DESC, task_id DESC);

-- What happened in each minute.
CREATE TABLE arbiter.stats_minutes (
    minute timestamptz PRIMARY KEY,
    facts bigint NOT NULL,
    submitted bigint NOT NULL,
    started bigint NOT NULL,
    completed bigint NOT NULL,
    failed bigint NOT NULL,
    cancelled bigint NOT NULL,
    rejected bigint NOT NULL,
    retries bigint NOT NULL,
    worker_lost bigint NOT NULL,
    rescued bigint NOT NULL
) WITH (fillfactor = 50);

-- How long things took, counted in buckets of growing width.
CREATE TABLE arbiter.stats_spans (
    minute timestamptz NOT NULL,
    measure text NOT NULL,
    bucket integer NOT NULL,
    spans bigint NOT NULL,
    PRIMARY KEY (minute, measure, bucket)
) WITH (fillfactor = 70);

-- Who did what, and where the fact stands; the sentence is told from the fact.
CREATE TABLE arbiter.audit_trail (
    position bigint PRIMARY KEY,
    at timestamptz NOT NULL,
    topic text NOT NULL,
    stream_id uuid NOT NULL,
    actor text NOT NULL
);
CREATE INDEX audit_trail_by_actor ON arbiter.audit_trail (actor, position);
