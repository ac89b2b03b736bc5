-- select_waiting: due tasks that were submitted before a moment and that nobody has taken, oldest first.
-- in:  before timestamptz, how_many int      out: the columns of select_ready_row
SELECT
    ready.task_id, ready.version, ready.status, ready.kind, ready.queue, ready.tenant, ready.priority,
    ready.submitted_at, ready.not_before, ready.due, ready.needs, ready.run, ready.attempt,
    ready.attempt_id, ready.claimed_by, ready.payload_version, ready.checkpoint_version, ready.due_at,
    ready.stopping_by, ready.stopping_until
FROM arbiter.ready_tasks AS ready
WHERE ready.due AND ready.claimed_by IS NULL AND ready.attempt = 0
    AND ready.submitted_at < %(before)s
ORDER BY ready.submitted_at, ready.task_id
LIMIT %(how_many)s
