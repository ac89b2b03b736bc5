-- select_ready_row: what dispatch knows of one live task.
-- in:  task_id uuid
SELECT
    ready.task_id, ready.version, ready.status, ready.kind, ready.queue, ready.tenant, ready.priority,
    ready.submitted_at, ready.not_before, ready.due, ready.needs, ready.run, ready.attempt,
    ready.attempt_id, ready.claimed_by, ready.payload_version, ready.checkpoint_version, ready.due_at,
    ready.stopping_by, ready.stopping_until
FROM arbiter.ready_tasks AS ready
WHERE ready.task_id = %(task_id)s
