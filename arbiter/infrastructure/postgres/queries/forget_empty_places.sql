-- forget_empty_places: a place without tasks needs no row; looks only at those that lost some.
-- in:  queue, kind, tenant, status text[], from_minute timestamptz[]
DELETE FROM arbiter.queue_depth
USING unnest(
    %(queue)b::text[], %(kind)b::text[], %(tenant)b::text[], %(status)b::text[],
    %(from_minute)b::timestamptz[]
) AS place (queue, kind, tenant, status, from_minute)
WHERE queue_depth.queue = place.queue AND queue_depth.kind = place.kind
    AND queue_depth.tenant = place.tenant AND queue_depth.status = place.status
    AND queue_depth.from_minute = place.from_minute AND queue_depth.tasks = 0
