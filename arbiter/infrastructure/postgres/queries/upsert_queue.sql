-- upsert_queue: put an operator's decision about a queue in force; what is null stays as it was.
-- in:  queue text, version bigint, paused boolean or null, limited boolean, running_limit int or null
INSERT INTO arbiter.queues (queue, version, paused, running_limit)
VALUES (%(queue)s, %(version)s, coalesce(%(paused)s::boolean, false), %(running_limit)s)
ON CONFLICT (queue) DO UPDATE SET
    version = excluded.version,
    paused = coalesce(%(paused)s::boolean, queues.paused),
    running_limit = CASE
        WHEN %(limited)s::boolean THEN excluded.running_limit ELSE queues.running_limit
    END
