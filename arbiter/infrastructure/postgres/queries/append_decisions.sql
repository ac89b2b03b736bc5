-- append_decisions: write the facts of many decisions with the ready rows they lead to; a decision about a
--                   live task whose row has moved on is left out whole, the others stand.
-- Rows are written before the log is entered, so that others wait for the facts only. Contested rows, that
-- somebody else may be writing or holding just now (of a keyed submission, of a redrive), come last: a
-- decision that was made before is refused by its facts, and nobody waits for a row while holding the log.
-- OFFSET 0 keeps the planner from doing first what is to be done last.
-- in:  known uuid[], expected bigint[]: live tasks and the version each decision was made at
--      fresh uuid[]: tasks without a row until now (new, or parked)
--      ids, versions, topics, states: the facts; row_* arrays: the rows to write; gone uuid[]: rows to remove
-- out: the last position of the whole append, null if nothing was written; refused uuid[]: the tasks that
--      have moved on
WITH guarded AS MATERIALIZED (
    SELECT set_config('lock_timeout', '5s', true), set_config('synchronous_commit', 'on', true)
), held AS MATERIALIZED (
    SELECT same.task_id
    FROM guarded
    CROSS JOIN (
        SELECT decided.task_id, decided.version
        FROM unnest(%(known)b::uuid[], %(expected)b::bigint[]) AS decided (task_id, version)
        ORDER BY decided.task_id
    ) AS known
    CROSS JOIN LATERAL (
        SELECT ready.task_id FROM arbiter.ready_tasks AS ready
        WHERE ready.task_id = known.task_id AND ready.version = known.version
        FOR UPDATE
    ) AS same
), accepted AS MATERIALIZED (
    SELECT held.task_id FROM held
    UNION ALL
    SELECT fresh.task_id FROM unnest(%(fresh)b::uuid[]) AS fresh (task_id)
), removed AS (
    DELETE FROM arbiter.ready_tasks
    WHERE task_id = ANY (%(gone)b::uuid[]) AND (task_id IN (SELECT accepted.task_id FROM accepted)) IS TRUE
    RETURNING task_id
), log AS MATERIALIZED (
    SELECT arbiter.enter_log() AS at
    FROM guarded
    CROSS JOIN (SELECT count(*) AS decisions FROM accepted) AS to_write
    CROSS JOIN (SELECT count(*) AS rows FROM removed) AS dropped
    WHERE to_write.decisions > 0
), new AS MATERIALIZED (
    SELECT
        new.task_id, new.version, new.status, new.kind, new.queue, new.tenant, new.priority,
        new.submitted_at, new.not_before, new.due, new.status = 'queued' AND NOT new.due AS waiting,
        string_to_array(new.needs, chr(31)) AS needs,
        new.run, new.attempt, new.attempt_id, new.claimed_by, new.payload_version,
        new.checkpoint_version, new.due_at, new.stopping_by, new.stopping_until, new.contested
    FROM unnest(
        %(row_task_id)b, %(row_version)b, %(row_status)b, %(row_kind)b,
        %(row_queue)b, %(row_tenant)b, %(row_priority)b,
        %(row_submitted_at)b, %(row_not_before)b, %(row_due)b,
        %(row_needs)b, %(row_run)b, %(row_attempt)b, %(row_attempt_id)b,
        %(row_claimed_by)b, %(row_payload_version)b,
        %(row_checkpoint_version)b, %(row_due_at)b,
        %(row_stopping_by)b, %(row_stopping_until)b, %(row_contested)b
    ) AS new (
        task_id, version, status, kind, queue, tenant, priority, submitted_at, not_before, due, needs,
        run, attempt, attempt_id, claimed_by, payload_version, checkpoint_version, due_at,
        stopping_by, stopping_until, contested
    )
    WHERE (new.task_id IN (SELECT accepted.task_id FROM accepted)) IS TRUE
), offered AS (
    INSERT INTO arbiter.ready_tasks AS ready (
        task_id, version, status, kind, queue, tenant, priority, submitted_at, not_before, due, waiting,
        needs, run, attempt, attempt_id, claimed_by, payload_version, checkpoint_version, due_at,
        stopping_by, stopping_until
    )
    SELECT
        new.task_id, new.version, new.status, new.kind, new.queue, new.tenant, new.priority,
        new.submitted_at, new.not_before, new.due, new.waiting, new.needs,
        new.run, new.attempt, new.attempt_id, new.claimed_by, new.payload_version,
        new.checkpoint_version, new.due_at, new.stopping_by, new.stopping_until
    FROM new
    WHERE NOT new.contested
    ON CONFLICT (task_id) DO UPDATE SET
        version = excluded.version,
        status = excluded.status,
        priority = excluded.priority,
        not_before = excluded.not_before,
        due = excluded.due AND coalesce(excluded.stopping_by, ready.stopping_by) IS NULL,
        set_aside = NULL,
        waiting = excluded.waiting
            OR (excluded.due AND coalesce(excluded.stopping_by, ready.stopping_by) IS NOT NULL),
        run = excluded.run,
        attempt = excluded.attempt,
        attempt_id = excluded.attempt_id,
        claimed_by = excluded.claimed_by,
        payload_version = excluded.payload_version,
        checkpoint_version = excluded.checkpoint_version,
        due_at = excluded.due_at,
        stopping_by = coalesce(excluded.stopping_by, ready.stopping_by),
        stopping_until = coalesce(excluded.stopping_until, ready.stopping_until)
    RETURNING ready.task_id
), written AS (
    INSERT INTO arbiter.facts (originator_id, originator_version, topic, state)
    SELECT fact.id, fact.version, fact.topic, fact.state
    FROM (SELECT count(*) AS rows FROM offered) AS placed
    CROSS JOIN LATERAL (SELECT log.at FROM log WHERE placed.rows >= 0 OFFSET 0) AS entered
    CROSS JOIN LATERAL unnest(
        %(ids)b::uuid[], %(versions)b::bigint[], %(topics)b::text[], %(states)b::bytea[]
    ) WITH ORDINALITY AS fact (id, version, topic, state, place)
    WHERE (fact.id IN (SELECT accepted.task_id FROM accepted)) IS TRUE
    ORDER BY fact.place
    RETURNING notification_id
), offered_last AS (
    INSERT INTO arbiter.ready_tasks (
        task_id, version, status, kind, queue, tenant, priority, submitted_at, not_before, due, waiting,
        needs, run, attempt, attempt_id, claimed_by, payload_version, checkpoint_version, due_at,
        stopping_by, stopping_until
    )
    SELECT
        new.task_id, new.version, new.status, new.kind, new.queue, new.tenant, new.priority,
        new.submitted_at, new.not_before, new.due, new.waiting, new.needs,
        new.run, new.attempt, new.attempt_id, new.claimed_by, new.payload_version,
        new.checkpoint_version, new.due_at, new.stopping_by, new.stopping_until
    FROM (SELECT count(*) AS facts FROM written) AS stand
    CROSS JOIN LATERAL (
        SELECT new.* FROM new WHERE new.contested AND stand.facts >= 0 OFFSET 0
    ) AS new
), timed AS (
    INSERT INTO arbiter.log_times (position, at)
    SELECT max(written.notification_id), (SELECT log.at FROM log) FROM written
    HAVING count(*) > 0
    RETURNING position
), announced AS MATERIALIZED (
    SELECT count(pg_notify(%(channel)s, word)) AS words
    FROM timed
    CROSS JOIN (
        SELECT unnest(%(words)s::text[]) AS word
        UNION
        SELECT 'ready' WHERE EXISTS (SELECT 1 FROM arbiter.queues WHERE queues.running_limit IS NOT NULL)
    ) AS news
)
SELECT
    timed.position,
    ARRAY(
        SELECT known.task_id FROM unnest(%(known)b::uuid[]) AS known (task_id)
        WHERE (known.task_id IN (SELECT held.task_id FROM held)) IS NOT TRUE
    ) AS refused
FROM announced LEFT JOIN timed ON true
