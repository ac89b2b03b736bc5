-- Where each breaker that ever moved stands, written in the transaction of its fact: dispatch asks here.
CREATE TABLE arbiter.breakers (
    name text PRIMARY KEY,
    breaker_id uuid NOT NULL,
    version bigint NOT NULL,
    state text NOT NULL,
    until timestamptz,
    allowed integer NOT NULL,
    since timestamptz NOT NULL,
    by text,
    why text
) WITH (fillfactor = 50);
CREATE INDEX breakers_not_closed ON arbiter.breakers (name) WHERE state <> 'closed';

-- The permits of attempts that try out whom a half-open breaker guards.
CREATE TABLE arbiter.probes (
    breaker text NOT NULL,
    task_id uuid NOT NULL,
    attempt_id uuid NOT NULL,
    incarnation uuid NOT NULL,
    PRIMARY KEY (breaker, task_id)
);

-- A permit stands while its task is in the hands of who took it, and while its attempt is under way:
-- what ends an attempt ends its permit in the same commit, whoever ends it.
CREATE FUNCTION arbiter.probe_stands(its_task uuid, its_attempt uuid, its_holder uuid) RETURNS boolean
LANGUAGE sql STABLE AS $$
    SELECT EXISTS (
        SELECT 1 FROM arbiter.ready_tasks AS ready
        WHERE ready.task_id = its_task
            AND (
                ready.attempt_id = its_attempt
                OR (ready.status = 'queued' AND ready.claimed_by = its_holder)
            )
    )
$$;

-- Takes permits for tasks that this incarnation has claimed; returns the tasks all of whose breakers permit
-- it. Locks the breakers' rows by name until commit, so that two cannot both take the last permit; volatile,
-- so that it counts what the previous holder took.
CREATE FUNCTION arbiter.take_permits(names text[], tasks uuid[], attempts uuid[], me uuid)
RETURNS SETOF uuid LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    wanted record;
BEGIN
    PERFORM breakers.name FROM arbiter.breakers
    WHERE breakers.name = ANY (names) ORDER BY breakers.name FOR UPDATE;
    DELETE FROM arbiter.probes
    WHERE probes.breaker = ANY (names)
        AND NOT arbiter.probe_stands(probes.task_id, probes.attempt_id, probes.incarnation);
    FOR wanted IN
        SELECT asked.task, asked.attempt, array_agg(asked.name) AS names
        FROM unnest(names, tasks, attempts) WITH ORDINALITY AS asked (name, task, attempt, place)
        GROUP BY asked.task, asked.attempt
        ORDER BY min(asked.place)
    LOOP
        IF EXISTS (
            SELECT 1 FROM arbiter.breakers
            WHERE breakers.name = ANY (wanted.names)
                AND (
                    breakers.state = 'open'
                    OR breakers.state = 'half_open' AND breakers.allowed <= (
                        SELECT count(*) FROM arbiter.probes
                        WHERE probes.breaker = breakers.name AND probes.task_id <> wanted.task
                    )
                )
        ) THEN
            CONTINUE;
        END IF;
        INSERT INTO arbiter.probes (breaker, task_id, attempt_id, incarnation)
        SELECT breakers.name, wanted.task, wanted.attempt, me FROM arbiter.breakers
        WHERE breakers.name = ANY (wanted.names) AND breakers.state = 'half_open'
        ON CONFLICT (breaker, task_id) DO UPDATE SET
            attempt_id = excluded.attempt_id, incarnation = excluded.incarnation;
        RETURN NEXT wanted.task;
    END LOOP;
END
$$;

-- Drops the permits of attempts that are over, under the same locks: who takes one just now has been seen.
CREATE FUNCTION arbiter.drop_permits() RETURNS bigint LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    dropped bigint;
BEGIN
    PERFORM breakers.name FROM arbiter.breakers
    WHERE breakers.name IN (SELECT probes.breaker FROM arbiter.probes)
    ORDER BY breakers.name FOR UPDATE;
    DELETE FROM arbiter.probes
    WHERE NOT arbiter.probe_stands(probes.task_id, probes.attempt_id, probes.incarnation);
    GET DIAGNOSTICS dropped = ROW_COUNT;
    RETURN dropped;
END
$$;

-- What counts for each breaker, folded from the log. Few are to be watched: those that failed, or moved.
CREATE TABLE arbiter.breaker_counts (
    name text PRIMARY KEY,
    to_watch boolean NOT NULL,
    transport text,
    counted jsonb NOT NULL
) WITH (fillfactor = 50);
CREATE INDEX breaker_counts_to_watch ON arbiter.breaker_counts (name) WHERE to_watch;

-- The failures of each pattern, folded from the log.
CREATE TABLE arbiter.failure_patterns (
    fingerprint text PRIMARY KEY,
    agent text NOT NULL,
    kind text NOT NULL,
    type text NOT NULL,
    seen bigint NOT NULL,
    last_seen timestamptz NOT NULL,
    alerted_at timestamptz,
    watch jsonb NOT NULL
) WITH (fillfactor = 50);
CREATE INDEX failure_patterns_to_list ON arbiter.failure_patterns (last_seen DESC, fingerprint);

-- The breaker that an agent shares with all others behind its host; null for none.
ALTER TABLE arbiter.agents ADD COLUMN transport text GENERATED ALWAYS AS (
    'transport:' || lower(
        regexp_replace(
            agents.profile #>> '{reached_by,url}', '^([^:/?#]+://)(?:[^/?#]*@)?([^/?#]*).*$', '\1\2'
        )
    )
) STORED;

-- Why a task that was set aside waits, so that it is offered again as soon as that has passed.
ALTER TABLE arbiter.ready_tasks ADD COLUMN set_aside text;
CREATE INDEX ready_tasks_set_aside ON arbiter.ready_tasks (queue, kind, hash_array(needs))
    WHERE waiting AND set_aside IS NOT NULL;

-- The agents that live workers host, queue by queue, and what keeps each of them from new work; null for nothing.
CREATE FUNCTION arbiter.hosted_agents()
RETURNS TABLE (queue text, name text, kinds text[], abilities text[], kept text)
LANGUAGE sql STABLE AS $$
    SELECT DISTINCT
        served.queue, agents.name, agents.kinds, agents.abilities,
        CASE
            WHEN agents.status NOT IN ('available', 'busy') THEN agents.status
            WHEN EXISTS (
                SELECT 1 FROM arbiter.breakers
                WHERE breakers.state = 'open' AND breakers.name = agents.name
            ) THEN 'breaker open'
            WHEN EXISTS (
                SELECT 1 FROM arbiter.breakers
                WHERE breakers.state = 'open' AND breakers.name = agents.transport
            ) THEN 'breaker of its transport open'
        END
    FROM arbiter.workers
    CROSS JOIN LATERAL unnest(workers.queues) AS served (queue)
    JOIN arbiter.agents ON agents.name = ANY (workers.agents)
    WHERE workers.status = 'live'
$$;
