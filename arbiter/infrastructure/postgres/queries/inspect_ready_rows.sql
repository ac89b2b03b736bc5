-- inspect_ready_rows: the ready rows in the order of their ids, page by page.
-- in:  after uuid, or NULL for the first page; how_many bigint      out: the columns of select_ready_row
SELECT
    ready.task_id, ready.version, ready.status, ready.kind, ready.queue, ready.tenant, ready.priority,
    ready.submitted_at, ready.not_before, ready.due, ready.needs, ready.run, ready.attempt,
    ready.attempt_id, ready.claimed_by, ready.payload_version, ready.checkpoint_version, ready.due_at,
    ready.stopping_by, ready.stopping_until
FROM arbiter.ready_tasks AS ready
WHERE %(after)s::uuid IS NULL OR ready.task_id > %(after)s::uuid
ORDER BY ready.task_id
LIMIT %(how_many)s
