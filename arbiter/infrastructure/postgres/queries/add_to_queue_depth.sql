-- add_to_queue_depth: count tasks in and out of places.
-- in:  queue, kind, tenant, status text[], from_minute timestamptz[], tasks bigint[]
INSERT INTO arbiter.queue_depth (queue, kind, tenant, status, from_minute, tasks)
SELECT place.queue, place.kind, place.tenant, place.status, place.from_minute, place.tasks
FROM unnest(
    %(queue)b::text[], %(kind)b::text[], %(tenant)b::text[], %(status)b::text[],
    %(from_minute)b::timestamptz[], %(tasks)b::bigint[]
) AS place (queue, kind, tenant, status, from_minute, tasks)
ON CONFLICT (queue, kind, tenant, status, from_minute)
DO UPDATE SET tasks = queue_depth.tasks + excluded.tasks
