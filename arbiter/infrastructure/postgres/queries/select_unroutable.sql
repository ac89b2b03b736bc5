-- select_unroutable: due tasks at the front of their lines whose kind is hosted, but whose needs no live
--                    agent of that kind meets. A line is a queue and a kind; the lines are found by hopping
--                    along the claim index, so that a long line costs no more than its front.
-- in:  how_many int      out: task_id
WITH RECURSIVE lines AS (
    (
        SELECT ready.queue, ready.kind FROM arbiter.ready_tasks AS ready
        WHERE ready.due AND ready.claimed_by IS NULL
        ORDER BY ready.queue, ready.kind LIMIT 1
    )
    UNION ALL
    SELECT following.queue, following.kind
    FROM lines
    CROSS JOIN LATERAL (
        SELECT ready.queue, ready.kind FROM arbiter.ready_tasks AS ready
        WHERE ready.due AND ready.claimed_by IS NULL
            AND (ready.queue, ready.kind) > (lines.queue, lines.kind)
        ORDER BY ready.queue, ready.kind LIMIT 1
    ) AS following
), hosted AS MATERIALIZED (
    SELECT DISTINCT served.queue, agents.name, agents.kinds, agents.abilities
    FROM arbiter.workers
    CROSS JOIN LATERAL unnest(workers.queues) AS served (queue)
    JOIN arbiter.agents ON agents.name = ANY (workers.agents)
    WHERE workers.status = 'live'
)
SELECT front.task_id
FROM lines
CROSS JOIN LATERAL (
    SELECT ready.task_id, ready.needs FROM arbiter.ready_tasks AS ready
    WHERE ready.queue = lines.queue AND ready.kind = lines.kind
        AND ready.due AND ready.claimed_by IS NULL
    ORDER BY ready.priority DESC, ready.submitted_at, ready.task_id
    LIMIT %(how_many)s
) AS front
WHERE cardinality(front.needs) > 0
    AND EXISTS (
        SELECT 1 FROM hosted WHERE hosted.queue = lines.queue AND lines.kind = ANY (hosted.kinds)
    )
    AND NOT EXISTS (
        SELECT 1 FROM hosted
        WHERE hosted.queue = lines.queue AND lines.kind = ANY (hosted.kinds)
            AND front.needs <@ hosted.abilities
    )
LIMIT %(how_many)s
