-- select_queue_depth: what one queue holds, or all of them.
-- in:  queue text or NULL      out: queue, kind, tenant, status, from_minute, tasks
SELECT
    depth.queue, depth.kind, depth.tenant, depth.status, depth.from_minute, depth.tasks
FROM arbiter.queue_depth AS depth
WHERE %(queue)s::text IS NULL OR depth.queue = %(queue)s
