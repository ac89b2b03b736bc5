-- select_unroutable: due tasks at the front of their lines whose kind is hosted, but which no live agent may
--                    do now: none of that kind has what they need, or those who have it are kept from work.
--                    A line is a queue and a kind; the lines are found by hopping along the claim index, so
--                    that a long line costs no more than its front.
-- in:  how_many int
-- out: task_id; kept text[]: the able agents, each with what keeps it, after a separator; set_aside: why it was before
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
    SELECT agents.queue, agents.name, agents.kinds, agents.abilities, agents.kept
    FROM arbiter.hosted_agents() AS agents
), served AS MATERIALIZED (
    SELECT lines.queue, lines.kind, bool_and(hosted.kept IS NOT NULL) AS all_kept
    FROM lines
    JOIN hosted ON hosted.queue = lines.queue AND lines.kind = ANY (hosted.kinds)
    GROUP BY lines.queue, lines.kind
)
SELECT
    front.task_id,
    ARRAY(
        SELECT hosted.name || chr(31) || hosted.kept FROM hosted
        WHERE hosted.queue = served.queue AND served.kind = ANY (hosted.kinds)
            AND front.needs <@ hosted.abilities
        ORDER BY hosted.name
    ),
    front.set_aside
FROM served
CROSS JOIN LATERAL (
    SELECT ready.task_id, ready.needs, ready.set_aside FROM arbiter.ready_tasks AS ready
    WHERE ready.queue = served.queue AND ready.kind = served.kind
        AND ready.due AND ready.claimed_by IS NULL
    ORDER BY ready.priority DESC, ready.submitted_at, ready.task_id
    LIMIT %(how_many)s
) AS front
WHERE (served.all_kept OR cardinality(front.needs) > 0)
    AND NOT EXISTS (
        SELECT 1 FROM hosted
        WHERE hosted.queue = served.queue AND served.kind = ANY (hosted.kinds)
            AND front.needs <@ hosted.abilities AND hosted.kept IS NULL
    )
LIMIT %(how_many)s
