-- unclaim: offer tasks again that an incarnation had claimed and not begun.
-- in:  me uuid, ids uuid[], channel text
WITH mine AS MATERIALIZED (
    SELECT ready.task_id
    FROM arbiter.ready_tasks AS ready
    WHERE ready.task_id = ANY (%(ids)b::uuid[]) AND ready.claimed_by = %(me)s AND ready.status = 'queued'
    ORDER BY ready.task_id
    FOR UPDATE
), offered AS (
    UPDATE arbiter.ready_tasks AS ready SET claimed_by = NULL
    WHERE ready.task_id = ANY (ARRAY(SELECT mine.task_id FROM mine))
    RETURNING ready.task_id
)
SELECT pg_notify(%(channel)s, 'ready') FROM (SELECT count(*) AS tasks FROM offered) AS counted
WHERE counted.tasks > 0
