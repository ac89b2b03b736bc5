-- multiply_facts: write the facts of one task again under other ids, which rise as time-ordered ids do.
-- in:  task_id uuid; first, last bigint: which ids
INSERT INTO arbiter.facts (originator_id, originator_version, topic, state)
SELECT
    copies.id, model.originator_version, model.topic,
    convert_to(
        replace(convert_from(model.state, 'UTF8'), (%(task_id)s::uuid)::text, copies.id::text), 'UTF8'
    )
FROM generate_series(%(first)s::bigint, %(last)s::bigint) AS number
CROSS JOIN LATERAL (
    SELECT ('01900000-0000-7000-8000-' || lpad(to_hex(number), 12, '0'))::uuid AS id
) AS copies
CROSS JOIN arbiter.facts AS model
WHERE model.originator_id = %(task_id)s::uuid
ORDER BY number, model.originator_version
