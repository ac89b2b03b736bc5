-- read_audit_trail_of_stream: the next entries behind a position of one stream, found by its facts.
-- in:  stream_id uuid, actor text or NULL, after bigint, how_many bigint
-- out: position, at, topic, stream_id, actor, state
WITH stream AS MATERIALIZED (
    SELECT facts.notification_id AS position, facts.state
    FROM arbiter.facts
    WHERE facts.originator_id = %(stream_id)s
)
SELECT entry.position, entry.at, entry.topic, entry.stream_id, entry.actor, stream.state
FROM stream
CROSS JOIN LATERAL (
    SELECT trail.position, trail.at, trail.topic, trail.stream_id, trail.actor
    FROM arbiter.audit_trail AS trail
    WHERE trail.position = stream.position
    LIMIT 1
) AS entry
WHERE entry.position > %(after)s AND (%(actor)s::text IS NULL OR entry.actor = %(actor)s)
ORDER BY entry.position
LIMIT %(how_many)s
