-- read_audit_trail_of_actor: the next entries behind a position of what one actor did, with their facts.
-- in:  actor text, after bigint, how_many bigint
-- out: position, at, topic, stream_id, actor, state
-- Written as a range in the order of the index: by a plain equality, the planner may well prefer to read
-- everybody's entries in the order of positions.
WITH next_entries AS MATERIALIZED (
    SELECT entry.position, entry.at, entry.topic, entry.stream_id, entry.actor
    FROM arbiter.audit_trail AS entry
    WHERE (entry.actor, entry.position) > (%(actor)s::text, %(after)s)
        AND entry.actor <= %(actor)s
    ORDER BY entry.actor, entry.position
    LIMIT %(how_many)s
)
SELECT entry.position, entry.at, entry.topic, entry.stream_id, entry.actor, told.state
FROM next_entries AS entry
CROSS JOIN LATERAL (
    SELECT facts.state FROM arbiter.facts WHERE facts.notification_id = entry.position LIMIT 1
) AS told
ORDER BY entry.position
