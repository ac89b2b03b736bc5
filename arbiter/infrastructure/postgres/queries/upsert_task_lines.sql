-- upsert_task_lines: put down where tasks stand now, each at most once.
-- in:  one array per column of a line, in their order
INSERT INTO arbiter.task_board (
    task_id, version, status, kind, queue, tenant, priority, run, attempts, losses, agent,
    submitted_at, run_since, ready_at, not_before, look_again, started_at, ended_at, updated_at,
    latency_us, error_type, error_message, reason, position
)
SELECT
    line.task_id, line.version, line.status, line.kind, line.queue, line.tenant, line.priority,
    line.run, line.attempts, line.losses, line.agent, line.submitted_at, line.run_since,
    line.ready_at, line.not_before, line.look_again, line.started_at, line.ended_at,
    line.updated_at, line.latency_us, line.error_type, line.error_message, line.reason,
    line.position
FROM unnest(
    %(task_id)b::uuid[], %(version)b::bigint[], %(status)b::text[], %(kind)b::text[],
    %(queue)b::text[], %(tenant)b::text[], %(priority)b::bigint[], %(run)b::bigint[],
    %(attempts)b::bigint[], %(losses)b::bigint[], %(agent)b::text[],
    %(submitted_at)b::timestamptz[], %(run_since)b::timestamptz[], %(ready_at)b::timestamptz[],
    %(not_before)b::timestamptz[], %(look_again)b::timestamptz[], %(started_at)b::timestamptz[],
    %(ended_at)b::timestamptz[], %(updated_at)b::timestamptz[], %(latency_us)b::bigint[],
    %(error_type)b::text[], %(error_message)b::text[], %(reason)b::text[], %(position)b::bigint[]
) AS line (
    task_id, version, status, kind, queue, tenant, priority, run, attempts, losses, agent,
    submitted_at, run_since, ready_at, not_before, look_again, started_at, ended_at, updated_at,
    latency_us, error_type, error_message, reason, position
)
ON CONFLICT (task_id) DO UPDATE SET
    version = excluded.version,
    status = excluded.status,
    priority = excluded.priority,
    run = excluded.run,
    attempts = excluded.attempts,
    losses = excluded.losses,
    agent = excluded.agent,
    run_since = excluded.run_since,
    ready_at = excluded.ready_at,
    not_before = excluded.not_before,
    look_again = excluded.look_again,
    started_at = excluded.started_at,
    ended_at = excluded.ended_at,
    updated_at = excluded.updated_at,
    latency_us = excluded.latency_us,
    error_type = excluded.error_type,
    error_message = excluded.error_message,
    reason = excluded.reason,
    position = excluded.position
