-- offer_set_aside: offer the tasks again that were set aside, and that some live agent may do now.
-- in:  how_many int, channel text      out: how many
WITH hosted AS MATERIALIZED (
    SELECT agents.queue, agents.kinds, agents.abilities
    FROM arbiter.hosted_agents() AS agents
    WHERE agents.kept IS NULL AND EXISTS (
        SELECT 1 FROM arbiter.ready_tasks AS ready WHERE ready.waiting AND ready.set_aside IS NOT NULL
    )
), able AS MATERIALIZED (
    SELECT ready.task_id
    FROM arbiter.ready_tasks AS ready
    WHERE ready.waiting AND ready.set_aside IS NOT NULL
        AND ready.claimed_by IS NULL AND ready.stopping_by IS NULL
        AND EXISTS (
            SELECT 1 FROM hosted
            WHERE hosted.queue = ready.queue AND ready.kind = ANY (hosted.kinds)
                AND ready.needs <@ hosted.abilities
        )
    LIMIT %(how_many)s
    FOR UPDATE SKIP LOCKED
), offered AS (
    UPDATE arbiter.ready_tasks AS ready SET due = true, waiting = false
    WHERE ready.task_id = ANY (ARRAY(SELECT able.task_id FROM able))
    RETURNING ready.task_id
), announced AS MATERIALIZED (
    SELECT pg_notify(%(channel)s, 'ready') FROM (SELECT count(*) AS tasks FROM offered) AS counted
    WHERE counted.tasks > 0
)
SELECT (SELECT count(*) FROM offered) + 0 * (SELECT count(*) FROM announced)
