-- read_audit_trail_of_stream: the next entries behind a position of one stream; found by its facts.
-- in:  stream_id uuid, actor text or NULL, after bigint, how_many bigint
-- out: position, at, topic, stream_id, actor, state
SELECT entry.position, entry.at, entry.topic, entry.stream_id, entry.actor, facts.state
FROM arbiter.facts
JOIN arbiter.audit_trail AS entry ON entry.position = facts.notification_id
WHERE facts.originator_id = %(stream_id)s AND facts.notification_id > %(after)s
    AND (%(actor)s::text IS NULL OR entry.actor = %(actor)s)
ORDER BY entry.position
LIMIT %(how_many)s
