-- read_audit_trail_of_actor: the next entries behind a position of what one actor did.
-- in:  actor text, after bigint, how_many bigint
-- out: position, at, topic, stream_id, actor, state
SELECT entry.position, entry.at, entry.topic, entry.stream_id, entry.actor, facts.state
FROM arbiter.audit_trail AS entry
JOIN arbiter.facts ON facts.notification_id = entry.position
WHERE entry.actor = %(actor)s AND entry.position > %(after)s AND facts.notification_id > %(after)s
ORDER BY entry.position
LIMIT %(how_many)s
