-- offer_set_aside: offer the tasks again that were set aside, and that some live agent may do now. A line is a
--                  queue, a kind, and what is needed; the lines are found by hopping along their index, so
--                  that a long line for which there is nobody yet costs no more than its first task.
-- in:  how_many int, channel text      out: how many
-- Needs are compared by their hash: should two fall together, the rarer looks again by itself.
WITH RECURSIVE lines AS (
    (
        SELECT ready.queue, ready.kind, hash_array(ready.needs) AS hash, ready.needs
        FROM arbiter.ready_tasks AS ready
        WHERE ready.waiting AND ready.set_aside IS NOT NULL
        ORDER BY ready.queue, ready.kind, hash_array(ready.needs) LIMIT 1
    )
    UNION ALL
    SELECT following.queue, following.kind, following.hash, following.needs
    FROM lines
    CROSS JOIN LATERAL (
        SELECT ready.queue, ready.kind, hash_array(ready.needs) AS hash, ready.needs
        FROM arbiter.ready_tasks AS ready
        WHERE ready.waiting AND ready.set_aside IS NOT NULL
            AND (ready.queue, ready.kind, hash_array(ready.needs)) > (lines.queue, lines.kind, lines.hash)
        ORDER BY ready.queue, ready.kind, hash_array(ready.needs) LIMIT 1
    ) AS following
), hosted AS MATERIALIZED (
    SELECT agents.queue, agents.kinds, agents.abilities
    FROM arbiter.hosted_agents() AS agents
    WHERE agents.kept IS NULL AND EXISTS (SELECT 1 FROM lines)
), able AS MATERIALIZED (
    SELECT first.task_id
    FROM lines
    CROSS JOIN LATERAL (
        SELECT ready.task_id
        FROM arbiter.ready_tasks AS ready
        WHERE ready.waiting AND ready.set_aside IS NOT NULL
            AND ready.queue = lines.queue AND ready.kind = lines.kind
            AND hash_array(ready.needs) = lines.hash AND ready.needs = lines.needs
            AND ready.claimed_by IS NULL AND ready.stopping_by IS NULL
        LIMIT %(how_many)s
        FOR UPDATE SKIP LOCKED
    ) AS first
    WHERE EXISTS (
        SELECT 1 FROM hosted
        WHERE hosted.queue = lines.queue AND lines.kind = ANY (hosted.kinds)
            AND lines.needs <@ hosted.abilities
    )
    LIMIT %(how_many)s
), offered AS (
    UPDATE arbiter.ready_tasks AS ready SET due = true, waiting = false
    WHERE ready.task_id = ANY (ARRAY(SELECT able.task_id FROM able))
    RETURNING ready.task_id
), announced AS MATERIALIZED (
    SELECT pg_notify(%(channel)s, 'ready') FROM (SELECT count(*) AS tasks FROM offered) AS counted
    WHERE counted.tasks > 0
)
SELECT (SELECT count(*) FROM offered) + 0 * (SELECT count(*) FROM announced)
