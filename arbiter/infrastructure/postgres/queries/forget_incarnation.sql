-- forget_incarnation: offer what a gone incarnation had claimed but not begun, or not let go.
-- in:  incarnation uuid, at timestamptz, channel text      out: how many
WITH theirs AS MATERIALIZED (
    SELECT ready.task_id
    FROM arbiter.ready_tasks AS ready
    WHERE (ready.claimed_by = %(incarnation)s AND ready.status = 'queued')
        OR ready.stopping_by = %(incarnation)s
    ORDER BY ready.task_id
    FOR UPDATE
), offered AS (
    UPDATE arbiter.ready_tasks AS ready SET
        claimed_by = CASE WHEN ready.claimed_by = %(incarnation)s THEN NULL ELSE ready.claimed_by END,
        stopping_by = CASE WHEN ready.stopping_by = %(incarnation)s THEN NULL ELSE ready.stopping_by END,
        stopping_until = CASE WHEN ready.stopping_by = %(incarnation)s THEN NULL ELSE ready.stopping_until END,
        due = CASE
            WHEN ready.stopping_by = %(incarnation)s
                THEN ready.status = 'queued' AND coalesce(ready.not_before <= %(at)s, true)
            ELSE ready.due
        END,
        waiting = CASE
            WHEN ready.stopping_by = %(incarnation)s
                THEN ready.status = 'queued' AND coalesce(ready.not_before > %(at)s, false)
            ELSE ready.waiting
        END
    WHERE ready.task_id = ANY (ARRAY(SELECT theirs.task_id FROM theirs))
    RETURNING ready.task_id
), announced AS MATERIALIZED (
    SELECT pg_notify(%(channel)s, 'ready') FROM (SELECT count(*) AS tasks FROM offered) AS counted
    WHERE counted.tasks > 0
)
SELECT (SELECT count(*) FROM offered) + 0 * (SELECT count(*) FROM announced)
