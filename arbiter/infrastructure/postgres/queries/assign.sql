-- assign: give tasks that a worker has claimed to agents that other workers host, with their routed facts.
-- in:  me uuid: the incarnation that has claimed them, which must not be lost
--      known uuid[], expected bigint[], hosts uuid[]: each task, at the version we know, and who is to have it
--      version, attempt bigint[], attempt_id uuid[], due_at timestamptz[]: of the rows, in the same order
--      ids, versions, topics, states: the facts
-- out: task_id: of those that were given; the others have moved on, or their host is not live
-- Locks, in this order: worker rows by incarnation, own ready rows by id, the log. A host that is about to be
-- marked lost or to leave waits for us, and then finds what it was given.
WITH guarded AS MATERIALIZED (
    SELECT set_config('lock_timeout', '5s', true), set_config('synchronous_commit', 'on', true)
), live AS MATERIALIZED (
    SELECT host.incarnation
    FROM guarded
    CROSS JOIN (
        SELECT DISTINCT named.incarnation
        FROM unnest(array_append(%(hosts)b::uuid[], %(me)b::uuid)) AS named (incarnation)
        ORDER BY named.incarnation
    ) AS named
    CROSS JOIN LATERAL (
        SELECT workers.incarnation FROM arbiter.workers
        WHERE workers.incarnation = named.incarnation AND workers.status = 'live'
        FOR KEY SHARE
    ) AS host
), held AS MATERIALIZED (
    SELECT ours.task_id
    FROM (
        SELECT brought.task_id, brought.version
        FROM unnest(%(known)b::uuid[], %(expected)b::bigint[], %(hosts)b::uuid[])
            AS brought (task_id, version, host)
        WHERE (brought.host IN (SELECT live.incarnation FROM live)) IS TRUE
            AND (%(me)b::uuid IN (SELECT live.incarnation FROM live)) IS TRUE
        ORDER BY brought.task_id
    ) AS known
    CROSS JOIN LATERAL (
        SELECT ready.task_id FROM arbiter.ready_tasks AS ready
        WHERE ready.task_id = known.task_id AND ready.version = known.version
            AND (ready.claimed_by = %(me)b) IS TRUE AND ready.status = 'queued'
        FOR UPDATE
    ) AS ours
), moved AS (
    UPDATE arbiter.ready_tasks AS ready SET
        status = 'assigned',
        version = given.version,
        attempt = given.attempt,
        attempt_id = given.attempt_id,
        claimed_by = given.host,
        due_at = given.due_at,
        not_before = NULL
    FROM unnest(
        %(known)b::uuid[], %(version)b::bigint[], %(attempt)b::bigint[], %(attempt_id)b::uuid[],
        %(due_at)b::timestamptz[], %(hosts)b::uuid[]
    ) AS given (task_id, version, attempt, attempt_id, due_at, host)
    WHERE ready.task_id = given.task_id AND (given.task_id IN (SELECT held.task_id FROM held)) IS TRUE
    RETURNING ready.task_id, ready.claimed_by
), log AS MATERIALIZED (
    SELECT arbiter.enter_log() AS at
    FROM (SELECT count(*) AS tasks FROM moved) AS given
    WHERE given.tasks > 0
), written AS (
    INSERT INTO arbiter.facts (originator_id, originator_version, topic, state)
    SELECT fact.id, fact.version, fact.topic, fact.state
    FROM log
    CROSS JOIN LATERAL unnest(
        %(ids)b::uuid[], %(versions)b::bigint[], %(topics)b::text[], %(states)b::bytea[]
    ) WITH ORDINALITY AS fact (id, version, topic, state, place)
    WHERE (fact.id IN (SELECT held.task_id FROM held)) IS TRUE
    ORDER BY fact.place
    RETURNING notification_id
), timed AS (
    INSERT INTO arbiter.log_times (position, at)
    SELECT max(written.notification_id), (SELECT log.at FROM log) FROM written
    HAVING count(*) > 0
    RETURNING position
), announced AS MATERIALIZED (
    SELECT count(pg_notify(%(channel)s, news.word)) AS words
    FROM timed
    CROSS JOIN (
        SELECT 'log' AS word
        UNION
        SELECT concat('assigned ', moved.claimed_by) FROM moved
    ) AS news
)
SELECT moved.task_id FROM moved CROSS JOIN announced
