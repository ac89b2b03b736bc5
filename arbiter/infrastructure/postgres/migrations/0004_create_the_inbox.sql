-- Where a caller's own transaction leaves a submission. Nothing is locked until that transaction commits;
-- then the deferred trigger enters the log, writes the facts and the ready row, and announces them.
CREATE TABLE arbiter.inbox (
    task_id uuid NOT NULL,
    topics text[] NOT NULL,
    states bytea[] NOT NULL,
    ready jsonb NOT NULL,
    word text NOT NULL
);

-- Not unique: whoever leaves the same key must not wait for the others who did.
CREATE INDEX inbox_by_task ON arbiter.inbox (task_id);

CREATE FUNCTION arbiter.deliver() RETURNS trigger
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    entered timestamptz := arbiter.enter_log();
    reached bigint;
BEGIN
    DELETE FROM arbiter.inbox WHERE inbox.task_id = NEW.task_id;
    -- A key that was used before is no error here: the first task stands, and the caller commits.
    IF EXISTS (
        SELECT 1 FROM arbiter.facts
        WHERE facts.originator_id = NEW.task_id AND facts.originator_version = 1
    ) THEN
        RETURN NULL;
    END IF;
    BEGIN
        WITH written AS (
            INSERT INTO arbiter.facts (originator_id, originator_version, topic, state)
            SELECT NEW.task_id, fact.version, fact.topic, fact.state
            FROM unnest(NEW.topics, NEW.states) WITH ORDINALITY AS fact (topic, state, version)
            ORDER BY fact.version
            RETURNING notification_id
        )
        SELECT max(notification_id) INTO reached FROM written;
    EXCEPTION WHEN unique_violation THEN
        RETURN NULL; -- the snapshot of a repeatable-read caller is older than the first task
    END;
    INSERT INTO arbiter.log_times (position, at) VALUES (reached, entered);
    INSERT INTO arbiter.ready_tasks
    SELECT (jsonb_populate_record(NULL::arbiter.ready_tasks, NEW.ready)).*;
    PERFORM pg_notify(arbiter.channel(), 'log');
    PERFORM pg_notify(arbiter.channel(), NEW.word);
    RETURN NULL;
END
$$;

CREATE CONSTRAINT TRIGGER deliver_at_commit AFTER INSERT ON arbiter.inbox
DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION arbiter.deliver();
