-- One row per live task, written in the transaction of its facts: what dispatch must know without replay.
CREATE TABLE arbiter.ready_tasks (
    task_id uuid PRIMARY KEY,
    version bigint NOT NULL,
    status text NOT NULL,
    kind text NOT NULL,
    queue text NOT NULL,
    tenant text NOT NULL,
    priority smallint NOT NULL,
    submitted_at timestamptz NOT NULL,
    not_before timestamptz,
    due boolean NOT NULL,
    waiting boolean NOT NULL,
    needs text[] NOT NULL,
    run integer NOT NULL,
    attempt integer NOT NULL,
    attempt_id uuid,
    claimed_by uuid,
    payload_version bigint NOT NULL,
    checkpoint_version bigint,
    due_at timestamptz,
    stopping_by uuid,
    stopping_until timestamptz
) WITH (
    fillfactor = 70,
    autovacuum_vacuum_scale_factor = 0.02,
    autovacuum_vacuum_threshold = 500,
    autovacuum_analyze_scale_factor = 0.05,
    autovacuum_vacuum_cost_delay = 0
);

-- The order of claiming. Partial, so that it stays right even when the table was never analysed.
CREATE INDEX ready_tasks_to_claim ON arbiter.ready_tasks
    (queue, kind, priority DESC, submitted_at, task_id)
    WHERE due AND claimed_by IS NULL;
-- No index looks at the status: the step from claimed to running then touches no index at all.
-- A queued task is due (offered now) or waiting (for its moment); others are neither.
CREATE INDEX ready_tasks_waiting ON arbiter.ready_tasks (not_before) WHERE waiting;
-- Those that no worker runs; the limits of running tasks are their worker's to keep.
CREATE INDEX ready_tasks_by_limit ON arbiter.ready_tasks (due_at)
    WHERE due_at IS NOT NULL AND claimed_by IS NULL;
CREATE INDEX ready_tasks_in_flight ON arbiter.ready_tasks (queue, claimed_by)
    WHERE claimed_by IS NOT NULL;
CREATE INDEX ready_tasks_stopping ON arbiter.ready_tasks (stopping_by) WHERE stopping_by IS NOT NULL;
CREATE INDEX ready_tasks_stopping_until ON arbiter.ready_tasks (stopping_until)
    WHERE stopping_until IS NOT NULL;
