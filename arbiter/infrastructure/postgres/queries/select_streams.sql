-- select_streams: all facts of some streams, each in its order.
-- in:  ids uuid[]      out: originator_id, topic, state, notification_id
SELECT facts.originator_id, facts.topic, facts.state, facts.notification_id
FROM arbiter.facts
WHERE facts.originator_id = ANY (%(ids)b::uuid[])
ORDER BY facts.originator_id, facts.originator_version
