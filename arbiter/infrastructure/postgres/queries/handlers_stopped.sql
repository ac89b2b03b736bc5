-- handlers_stopped: the handlers of these tasks have really stopped; offer those that wait for nothing else.
-- in:  me uuid, ids uuid[], at timestamptz
UPDATE arbiter.ready_tasks AS ready SET
    stopping_by = NULL,
    stopping_until = NULL,
    due = ready.status = 'queued' AND coalesce(ready.not_before <= %(at)s, true),
    waiting = ready.status = 'queued' AND coalesce(ready.not_before > %(at)s, false)
WHERE ready.task_id = ANY (%(ids)b::uuid[]) AND ready.stopping_by = %(me)s
