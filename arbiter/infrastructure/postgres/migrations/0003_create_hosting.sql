-- Worker incarnations: one row and one update per worker and beat, never one per task.
CREATE TABLE arbiter.workers (
    incarnation uuid PRIMARY KEY,
    worker text NOT NULL,
    host text NOT NULL,
    pid integer NOT NULL,
    status text NOT NULL,
    beat bigint NOT NULL,
    agents text[] NOT NULL,
    queues text[] NOT NULL,
    joined_at timestamptz NOT NULL
) WITH (fillfactor = 50);
CREATE INDEX workers_live ON arbiter.workers (status) WHERE status <> 'gone';

-- The latest profile of every agent that was ever registered.
CREATE TABLE arbiter.agents (
    name text PRIMARY KEY,
    agent_id uuid NOT NULL,
    version bigint NOT NULL,
    kinds text[] NOT NULL,
    kinds_ever text[] NOT NULL,
    abilities text[] NOT NULL,
    max_concurrency integer NOT NULL,
    profile jsonb NOT NULL
);

-- What operators decided about queues; a queue without a row is open and unlimited.
CREATE TABLE arbiter.queues (
    queue text PRIMARY KEY,
    version bigint NOT NULL,
    paused boolean NOT NULL DEFAULT false,
    running_limit integer
);

-- How many more tasks of a queue may run now. Locks the queue's row until commit, so that two claims
-- cannot both take the last place; volatile, so that it counts what the previous holder took.
CREATE FUNCTION arbiter.room_in_queue(name text) RETURNS bigint
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    allowed bigint;
    taken bigint;
BEGIN
    SELECT CASE WHEN queues.paused THEN 0 ELSE queues.running_limit END INTO allowed
    FROM arbiter.queues WHERE queues.queue = name;
    IF allowed IS NULL THEN
        RETURN 2147483647;
    END IF;
    IF allowed = 0 THEN
        RETURN 0;
    END IF;
    PERFORM queues.queue FROM arbiter.queues WHERE queues.queue = name FOR UPDATE;
    SELECT count(*) INTO taken FROM (
        SELECT ready.task_id FROM arbiter.ready_tasks AS ready
        WHERE ready.queue = name AND ready.claimed_by IS NOT NULL LIMIT allowed
    ) AS in_flight;
    RETURN allowed - taken;
END
$$;
