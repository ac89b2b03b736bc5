-- read_audit_trail: the next entries behind a position, with their facts.
-- in:  after bigint, how_many bigint      out: position, at, topic, stream_id, actor, state
WITH next_entries AS MATERIALIZED (
    SELECT entry.position, entry.at, entry.topic, entry.stream_id, entry.actor
    FROM arbiter.audit_trail AS entry
    WHERE entry.position > %(after)s
    ORDER BY entry.position
    LIMIT %(how_many)s
)
SELECT entry.position, entry.at, entry.topic, entry.stream_id, entry.actor, told.state
FROM next_entries AS entry
CROSS JOIN LATERAL (
    SELECT facts.state FROM arbiter.facts WHERE facts.notification_id = entry.position LIMIT 1
) AS told
ORDER BY entry.position
