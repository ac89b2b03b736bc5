-- select_submission: what an id was used for: the facts of its task, or else what this very transaction
--                    has left in the inbox. Runs on a connection that knows nothing of Arbiter.
-- in:  task_id uuid      out: topic, state
WITH stands AS (
    SELECT facts.originator_version AS version, facts.topic, facts.state
    FROM arbiter.facts
    WHERE facts.originator_id = %(task_id)s::uuid
)
SELECT known.topic, known.state
FROM (
    SELECT stands.version, stands.topic, stands.state FROM stands
    UNION ALL
    SELECT left_here.version, left_here.topic, left_here.state
    FROM arbiter.inbox
    CROSS JOIN LATERAL unnest(inbox.topics, inbox.states)
        WITH ORDINALITY AS left_here (topic, state, version)
    WHERE inbox.task_id = %(task_id)s::uuid AND NOT EXISTS (SELECT 1 FROM stands)
) AS known
ORDER BY known.version
