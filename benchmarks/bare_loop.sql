-- bare_loop: one turn of a drain without any of what Arbiter is for: no versions, no fences, no limits, no routing.
WITH locked AS MATERIALIZED (
    SELECT pg_advisory_xact_lock(42)
), written AS (
    INSERT INTO bare.log (id, version, topic, state)
    SELECT fact.* FROM locked CROSS JOIN LATERAL (
        SELECT ended.id, 4::bigint, 'task.completed', ended.state
        FROM unnest($1::uuid[], $2::bytea[]) AS ended (id, state)
        UNION ALL
        SELECT begun.id, next.version, next.topic, CASE next.version WHEN 2 THEN begun.routed ELSE begun.started END
        FROM unnest($3::uuid[], $4::bytea[], $5::bytea[]) AS begun (id, routed, started)
        CROSS JOIN (VALUES (2::bigint, 'task.routed'), (3::bigint, 'task.started')) AS next (version, topic)
    ) AS fact
), removed AS (
    DELETE FROM bare.ready WHERE id = ANY ($1)
)
UPDATE bare.ready SET claimed = true
WHERE ready.ctid = ANY (ARRAY(
    SELECT ctid FROM bare.ready WHERE queue = 'q' AND NOT claimed
    ORDER BY priority DESC, id LIMIT $6 FOR UPDATE SKIP LOCKED
))
RETURNING id, payload
