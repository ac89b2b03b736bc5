-- select_states: the bytes of one task's facts.
-- in:  task_id uuid        out: version, topic, state
SELECT facts.originator_version, facts.topic, facts.state
FROM arbiter.facts
WHERE facts.originator_id = %(task_id)b
ORDER BY facts.originator_version
