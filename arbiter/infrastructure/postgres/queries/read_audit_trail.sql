-- read_audit_trail: the next entries behind a position, with their facts.
-- in:  after bigint, how_many bigint      out: position, at, topic, stream_id, actor, state
SELECT entry.position, entry.at, entry.topic, entry.stream_id, entry.actor, facts.state
FROM arbiter.audit_trail AS entry
JOIN arbiter.facts ON facts.notification_id = entry.position
WHERE entry.position > %(after)s AND facts.notification_id > %(after)s
ORDER BY entry.position
LIMIT %(how_many)s
