-- handlers_stopped: the handlers of these tasks have really stopped; offer those that wait for nothing else.
-- in:  me uuid, ids uuid[], at timestamptz, channel text
WITH let_go AS (
    UPDATE arbiter.ready_tasks AS ready SET
        stopping_by = NULL,
        stopping_until = NULL,
        due = ready.status = 'queued' AND coalesce(ready.not_before <= %(at)s, true),
        waiting = ready.status = 'queued' AND coalesce(ready.not_before > %(at)s, false)
    WHERE ready.task_id = ANY (%(ids)b::uuid[]) AND ready.stopping_by = %(me)s
    RETURNING ready.due, ready.waiting
)
SELECT pg_notify(%(channel)s, news.word)
FROM (
    SELECT 'ready' AS word WHERE EXISTS (SELECT 1 FROM let_go WHERE let_go.due)
    UNION ALL
    SELECT 'later' WHERE EXISTS (SELECT 1 FROM let_go WHERE let_go.waiting)
) AS news
