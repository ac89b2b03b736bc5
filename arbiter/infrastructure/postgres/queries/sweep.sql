-- sweep: offer the tasks whose not_before has passed and whose former handler has stopped or had its grace.
-- in:  at timestamptz, how_many int, channel text
-- out: how many were flipped; when the next one comes; when the next limit of a waiting task passes
-- Each condition has its own way along an index: "passed OR none" in one would walk past everything scheduled.
WITH come AS MATERIALIZED (
    SELECT ready.task_id
    FROM arbiter.ready_tasks AS ready
    WHERE ready.waiting AND ready.not_before <= %(at)s
        AND (ready.stopping_until <= %(at)s OR ready.stopping_until IS NULL)
    ORDER BY ready.not_before
    LIMIT %(how_many)s
    FOR UPDATE SKIP LOCKED
), free AS MATERIALIZED (
    SELECT ready.task_id
    FROM arbiter.ready_tasks AS ready
    WHERE ready.waiting AND ready.not_before IS NULL
        AND (ready.stopping_until <= %(at)s OR ready.stopping_until IS NULL)
    LIMIT %(how_many)s
    FOR UPDATE SKIP LOCKED
), flipped AS (
    UPDATE arbiter.ready_tasks AS ready SET due = true, waiting = false, stopping_by = NULL, stopping_until = NULL
    WHERE ready.task_id = ANY (ARRAY(SELECT come.task_id FROM come UNION ALL SELECT free.task_id FROM free))
    RETURNING ready.task_id
), announced AS MATERIALIZED (
    SELECT pg_notify(%(channel)s, 'ready') FROM (SELECT count(*) AS tasks FROM flipped) AS counted
    WHERE counted.tasks > 0
)
SELECT
    (SELECT count(*) FROM flipped) + 0 * (SELECT count(*) FROM announced),
    least(
        (
            SELECT ready.not_before FROM arbiter.ready_tasks AS ready
            WHERE ready.waiting AND ready.not_before > %(at)s
            ORDER BY ready.not_before LIMIT 1
        ),
        (
            SELECT ready.stopping_until FROM arbiter.ready_tasks AS ready
            WHERE ready.stopping_until > %(at)s
            ORDER BY ready.stopping_until LIMIT 1
        )
    ),
    (
        SELECT ready.due_at FROM arbiter.ready_tasks AS ready
        WHERE ready.due_at IS NOT NULL AND ready.claimed_by IS NULL
        ORDER BY ready.due_at LIMIT 1
    )
