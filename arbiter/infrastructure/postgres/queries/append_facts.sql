-- append_facts: write facts and nothing else, in the order of the log; the one statement of every writer
--               that needs no ready row (agents, workers, queues, the kernel's own recorder).
-- in:  ids uuid[], versions bigint[], topics text[], states bytea[], channel text, words text[]
-- out: notification_id, in the order of the arrays
WITH guarded AS MATERIALIZED (
    SELECT set_config('lock_timeout', '5s', true), set_config('synchronous_commit', 'on', true)
), log AS MATERIALIZED (
    SELECT arbiter.enter_log() AS at FROM guarded
), written AS (
    INSERT INTO arbiter.facts (originator_id, originator_version, topic, state)
    SELECT fact.id, fact.version, fact.topic, fact.state
    FROM log
    CROSS JOIN LATERAL unnest(
        %(ids)b::uuid[], %(versions)b::bigint[], %(topics)b::text[], %(states)b::bytea[]
    ) WITH ORDINALITY AS fact (id, version, topic, state, place)
    ORDER BY fact.place
    RETURNING notification_id
), timed AS (
    INSERT INTO arbiter.log_times (position, at)
    SELECT max(written.notification_id), max(log.at) FROM written CROSS JOIN log
    HAVING count(*) > 0
), announced AS MATERIALIZED (
    SELECT count(pg_notify(%(channel)s, word)) FROM log CROSS JOIN unnest(%(words)s::text[]) AS word
)
SELECT written.notification_id
FROM written CROSS JOIN announced
ORDER BY written.notification_id
