-- select_remote_attempt: an attempt that was sent outside.
-- in:  attempt_id uuid      out: attempt_id, task_id, agent, queue, sent_at
SELECT remote.attempt_id, remote.task_id, remote.agent, remote.queue, remote.sent_at
FROM arbiter.remote_attempts AS remote
WHERE remote.attempt_id = %(attempt_id)s
