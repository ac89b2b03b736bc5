-- turn: one turn of a worker's lane. Appends the ends of finished attempts and the starts of claimed tasks,
--       removes or moves their ready rows, and claims the next tasks, all in one commit.
-- in:  me uuid: the incarnation, which must not be lost
--      known uuid[], expected bigint[]: finished and begun tasks, at the version the worker knows
--      ids, versions, topics, states: their facts; gone uuid[]: the finished ones
--      begun uuid[] with begun_version, begun_attempt, begun_attempt_id, begun_due_at
--      queues, kinds, abilities text[], how_many int[]: what to claim, and total int: how many in all
-- out: what: 'claimed' (with version, state: the task's first fact, place: in the order to be routed),
--      'refused' (with task_id: a known task that has moved on), 'worker' (ours is alive)
-- "(x IN (…)) IS TRUE" keeps the planner from joining where it expects one row and gets hundreds.
-- Locks, in this order: own worker row, own ready rows by id, queue rows, other ready rows if free, the log.
-- Rows are changed before the log is entered, so that others wait for the facts only.
WITH guarded AS MATERIALIZED (
    -- A turn that only claims writes no fact: should its commit be lost, the start of what it claimed is
    -- refused. Every other turn waits for the disk.
    SELECT
        set_config('lock_timeout', '5s', true),
        set_config(
            'synchronous_commit',
            CASE WHEN cardinality(%(known)b::uuid[]) = 0 THEN 'off' ELSE 'on' END,
            true
        )
), worker AS MATERIALIZED (
    SELECT workers.incarnation
    FROM guarded CROSS JOIN arbiter.workers
    WHERE workers.incarnation = %(me)b AND workers.status = 'live'
    FOR KEY SHARE OF workers
), held AS MATERIALIZED (
    SELECT ours.task_id
    FROM worker
    CROSS JOIN (
        SELECT brought.task_id, brought.version
        FROM unnest(%(known)b::uuid[], %(expected)b::bigint[]) AS brought (task_id, version)
        ORDER BY brought.task_id
    ) AS known
    CROSS JOIN LATERAL (
        SELECT ready.task_id FROM arbiter.ready_tasks AS ready
        WHERE ready.task_id = known.task_id AND ready.version = known.version
            AND (ready.claimed_by = %(me)b) IS TRUE
        FOR UPDATE
    ) AS ours
), rooms AS MATERIALIZED (
    SELECT named.queue, arbiter.room_in_queue(named.queue) AS room
    FROM (SELECT count(*) AS tasks FROM held) AS locked
    CROSS JOIN (
        SELECT DISTINCT queue FROM unnest(%(queues)b::text[]) AS queue ORDER BY queue
    ) AS named
    WHERE locked.tasks >= 0
), offers AS MATERIALIZED (
    SELECT next_up.task_id, next_up.priority, next_up.submitted_at, rooms.queue, rooms.room
    FROM worker
    CROSS JOIN unnest(
        %(queues)b::text[], %(kinds)b::text[], %(abilities)b::text[], %(how_many)b::bigint[]
    ) AS wanted (queue, kind, abilities, how_many)
    JOIN rooms ON rooms.queue = wanted.queue
    CROSS JOIN LATERAL (
        SELECT ready.task_id, ready.priority, ready.submitted_at
        FROM arbiter.ready_tasks AS ready
        WHERE ready.queue = wanted.queue AND ready.kind = wanted.kind
            AND ready.due AND ready.claimed_by IS NULL
            AND ready.needs <@ string_to_array(wanted.abilities, chr(31))
        ORDER BY ready.priority DESC, ready.submitted_at, ready.task_id
        LIMIT least(wanted.how_many, rooms.room)
        FOR UPDATE SKIP LOCKED
    ) AS next_up
), best AS MATERIALIZED (
    SELECT
        placed.task_id,
        row_number() OVER (
            ORDER BY placed.priority DESC, placed.submitted_at, placed.task_id
        ) AS turn
    FROM (
        SELECT
            offers.task_id, offers.priority, offers.submitted_at, offers.room,
            row_number() OVER (
                PARTITION BY offers.queue
                ORDER BY offers.priority DESC, offers.submitted_at, offers.task_id
            ) AS place
        FROM (SELECT DISTINCT * FROM offers) AS offers
    ) AS placed
    WHERE placed.place <= placed.room
    ORDER BY turn
    LIMIT %(total)s
), claimed AS (
    UPDATE arbiter.ready_tasks AS ready SET claimed_by = %(me)b
    FROM best JOIN arbiter.facts AS first ON first.originator_id = best.task_id
    WHERE ready.task_id = best.task_id AND first.originator_version = 1
    RETURNING ready.task_id, ready.version, first.state, best.turn
), removed AS (
    DELETE FROM arbiter.ready_tasks
    WHERE task_id = ANY (%(gone)b::uuid[]) AND (task_id IN (SELECT held.task_id FROM held)) IS TRUE
    RETURNING task_id
), moved AS (
    UPDATE arbiter.ready_tasks AS ready SET
        status = 'running',
        version = begun.version,
        attempt = begun.attempt,
        attempt_id = begun.attempt_id,
        due_at = begun.due_at,
        not_before = NULL,
        set_aside = NULL
    FROM unnest(
        %(begun)b::uuid[], %(begun_version)b::bigint[], %(begun_attempt)b::bigint[],
        %(begun_attempt_id)b::uuid[], %(begun_due_at)b::timestamptz[]
    ) AS begun (task_id, version, attempt, attempt_id, due_at)
    WHERE ready.task_id = begun.task_id AND (begun.task_id IN (SELECT held.task_id FROM held)) IS TRUE
    RETURNING ready.task_id
), log AS MATERIALIZED (
    SELECT arbiter.enter_log() AS at
    FROM (SELECT count(*) AS tasks FROM claimed) AS taken
    CROSS JOIN (
        SELECT (SELECT count(*) FROM removed) + (SELECT count(*) FROM moved) AS tasks
    ) AS changed
    WHERE changed.tasks > 0
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
        UNION ALL
        SELECT 'ready' WHERE EXISTS (SELECT 1 FROM arbiter.queues WHERE queues.running_limit IS NOT NULL)
    ) AS news
)
SELECT 'claimed' AS what, NULL::uuid AS task_id, claimed.version, claimed.state, claimed.turn AS place
FROM claimed
UNION ALL
SELECT 'refused', known.task_id, NULL, NULL, NULL
FROM unnest(%(known)b::uuid[]) AS known (task_id)
WHERE (known.task_id IN (SELECT held.task_id FROM held)) IS NOT TRUE
UNION ALL
SELECT 'worker', NULL, NULL, NULL, announced.words
FROM worker CROSS JOIN announced
