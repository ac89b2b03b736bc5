-- upsert_breaker: put what happened to a breaker in force.
-- in:  name text, breaker_id uuid, version bigint, state text, until timestamptz or null, allowed int,
--      since timestamptz, by text or null, why text or null
INSERT INTO arbiter.breakers (name, breaker_id, version, state, until, allowed, since, by, why)
VALUES (
    %(name)s, %(breaker_id)s, %(version)s, %(state)s, %(until)s, %(allowed)s,
    %(since)s, %(by)s, %(why)s
)
ON CONFLICT (name) DO UPDATE SET
    version = excluded.version,
    state = excluded.state,
    until = excluded.until,
    allowed = excluded.allowed,
    since = excluded.since,
    by = excluded.by,
    why = excluded.why
