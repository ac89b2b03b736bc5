-- handlers_stopped: the handlers of these tasks have really stopped; offer those that wait for nothing else.
-- in:  me uuid, ids uuid[], at timestamptz, channel text
-- Like everybody, locks the rows by id before it changes them: whoever waits, waits in one order.
WITH stopped AS MATERIALIZED (
    SELECT ready.task_id
    FROM arbiter.ready_tasks AS ready
    WHERE ready.task_id = ANY (%(ids)b::uuid[]) AND ready.stopping_by = %(me)s
    ORDER BY ready.task_id
    FOR UPDATE
), let_go AS (
    UPDATE arbiter.ready_tasks AS ready SET
        stopping_by = NULL,
        stopping_until = NULL,
        due = ready.status = 'queued' AND coalesce(ready.not_before <= %(at)s, true),
        waiting = ready.status = 'queued' AND coalesce(ready.not_before > %(at)s, false)
    WHERE ready.task_id = ANY (ARRAY(SELECT stopped.task_id FROM stopped))
    RETURNING ready.due, ready.waiting
)
SELECT pg_notify(%(channel)s, news.word)
FROM (
    SELECT 'ready' AS word WHERE EXISTS (SELECT 1 FROM let_go WHERE let_go.due)
    UNION ALL
    SELECT 'later' WHERE EXISTS (SELECT 1 FROM let_go WHERE let_go.waiting)
) AS news
