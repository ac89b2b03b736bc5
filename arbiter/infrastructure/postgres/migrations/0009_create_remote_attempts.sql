-- The attempts that were sent to agents outside: whose answer is whose, and how many an agent has. A row is
-- written before its attempt is sent; whether it is under way is told by the task's own row.
CREATE TABLE arbiter.remote_attempts (
    attempt_id uuid PRIMARY KEY,
    task_id uuid NOT NULL,
    agent text NOT NULL,
    queue text NOT NULL,
    sent_at timestamptz NOT NULL,
    over boolean NOT NULL DEFAULT false
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 500);
-- Those that may be under way. Who is over is noted with the next attempt of the same agent.
CREATE INDEX remote_attempts_of_agent ON arbiter.remote_attempts (agent) WHERE NOT over;
CREATE INDEX remote_attempts_of_queue ON arbiter.remote_attempts (queue) WHERE NOT over;
CREATE INDEX remote_attempts_to_forget ON arbiter.remote_attempts (agent, sent_at) WHERE over;

-- Notes an attempt before it is sent; false where its agent has as many others under way as it may. Locks
-- the agent's row until commit, so that two workers cannot both take the last place; volatile, so that it
-- counts what the previous holder took.
CREATE FUNCTION arbiter.admit_remote_attempt(
    its_attempt uuid, its_task uuid, its_agent text, its_queue text, at timestamptz, most bigint
) RETURNS boolean LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    taken bigint;
BEGIN
    PERFORM agents.name FROM arbiter.agents WHERE agents.name = its_agent FOR NO KEY UPDATE;
    UPDATE arbiter.remote_attempts AS remote SET over = true
    WHERE remote.agent = its_agent AND NOT remote.over AND remote.attempt_id <> its_attempt
        AND NOT EXISTS (
            SELECT 1 FROM arbiter.ready_tasks AS ready
            WHERE ready.task_id = remote.task_id AND ready.attempt_id = remote.attempt_id
        );
    DELETE FROM arbiter.remote_attempts AS remote
    WHERE remote.attempt_id IN (
        SELECT old.attempt_id FROM arbiter.remote_attempts AS old
        WHERE old.agent = its_agent AND old.over AND old.sent_at < at - make_interval(days => 7)
        ORDER BY old.sent_at LIMIT 100
    );
    SELECT count(*) INTO taken FROM arbiter.remote_attempts AS remote
    WHERE remote.agent = its_agent AND NOT remote.over AND remote.attempt_id <> its_attempt;
    IF taken >= most THEN
        RETURN false;
    END IF;
    INSERT INTO arbiter.remote_attempts (attempt_id, task_id, agent, queue, sent_at)
    VALUES (its_attempt, its_task, its_agent, its_queue, at)
    ON CONFLICT (attempt_id) DO NOTHING;
    RETURN true;
END
$$;

-- As before; what was handed over to an agent outside is in no worker's hands and takes a place, too.
CREATE OR REPLACE FUNCTION arbiter.room_in_queue(name text) RETURNS bigint
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
        WHERE ready.queue = name AND ready.claimed_by IS NOT NULL
        UNION ALL
        SELECT ready.task_id
        FROM arbiter.remote_attempts AS remote
        CROSS JOIN LATERAL (
            SELECT held.task_id, held.attempt_id, held.claimed_by FROM arbiter.ready_tasks AS held
            WHERE held.task_id = remote.task_id
        ) AS ready
        WHERE remote.queue = name AND NOT remote.over
            AND ready.attempt_id = remote.attempt_id AND ready.claimed_by IS NULL
        LIMIT allowed
    ) AS in_flight;
    RETURN allowed - taken;
END
$$;
