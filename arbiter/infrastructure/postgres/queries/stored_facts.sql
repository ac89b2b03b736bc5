-- stored_facts: what stands at given places of given streams.
-- in:  ids uuid[], versions bigint[]      out: originator_id, originator_version, state, notification_id
SELECT facts.originator_id, facts.originator_version, facts.state, facts.notification_id
FROM unnest(%(ids)b::uuid[], %(versions)b::bigint[]) AS place (id, version)
JOIN arbiter.facts ON facts.originator_id = place.id AND facts.originator_version = place.version
