-- insert_raw_facts: the raw probe, as plain as it gets.
-- in:  ids uuid[], versions bigint[], topics text[], states bytea[]
INSERT INTO arbiter.raw_facts (originator_id, originator_version, topic, state)
SELECT fact.id, fact.version, fact.topic, fact.state
FROM unnest(
    %(ids)b::uuid[], %(versions)b::bigint[], %(topics)b::text[], %(states)b::bytea[]
) AS fact (id, version, topic, state)
