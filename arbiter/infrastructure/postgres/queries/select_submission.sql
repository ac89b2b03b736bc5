-- select_stream_plainly: the facts of one task, on a connection that knows nothing of Arbiter.
-- in:  task_id uuid      out: topic, state
SELECT facts.topic, facts.state
FROM arbiter.facts
WHERE facts.originator_id = %(task_id)s
ORDER BY facts.originator_version
