-- The log: every fact, in commit order, never changed. Column names are the event-sourcing kernel's.
CREATE TABLE arbiter.facts (
    originator_id uuid NOT NULL,
    originator_version bigint NOT NULL,
    topic text NOT NULL,
    state bytea NOT NULL,
    notification_id bigserial NOT NULL,
    PRIMARY KEY (originator_id, originator_version)
);
CREATE UNIQUE INDEX facts_by_position ON arbiter.facts (notification_id);

-- The database's time at each append, never decreasing: tells which position was the last at a moment.
CREATE TABLE arbiter.log_times (
    position bigint PRIMARY KEY,
    at timestamptz NOT NULL
);

-- Whoever appends enters here first: one at a time until commit, so that positions rise in commit order
-- and a reader who follows the log never misses a fact. Answers with the time of this append.
-- The function is volatile so that it sees what the previous holder of the lock has committed.
-- Others lock small numbers, the ids of their rows; a hash is no neighbour of theirs.
CREATE FUNCTION arbiter.enter_log() RETURNS timestamptz
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    latest timestamptz;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('the log', 'arbiter.facts'::regclass::oid::bigint));
    SELECT log_times.at INTO latest FROM arbiter.log_times ORDER BY log_times.position DESC LIMIT 1;
    RETURN greatest(clock_timestamp(), latest);
END
$$;

-- The name under which appends are announced: one per schema of one database.
CREATE FUNCTION arbiter.channel() RETURNS text
LANGUAGE sql STABLE AS $$
    SELECT 'arbiter_' || relnamespace::text FROM pg_catalog.pg_class WHERE oid = 'arbiter.facts'::regclass
$$;

CREATE FUNCTION arbiter.refuse_change() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the log is append-only: % of % is refused', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'insufficient_privilege';
END
$$;

CREATE TRIGGER facts_are_never_changed BEFORE UPDATE OR DELETE OR TRUNCATE ON arbiter.facts
FOR EACH STATEMENT EXECUTE FUNCTION arbiter.refuse_change();

CREATE TRIGGER log_times_are_never_changed BEFORE UPDATE OR DELETE OR TRUNCATE ON arbiter.log_times
FOR EACH STATEMENT EXECUTE FUNCTION arbiter.refuse_change();
