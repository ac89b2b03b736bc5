-- lead_projections: take those projections that nobody else is writing, until this transaction ends.
-- in:  names text[]      out: name, position, error, error_position
-- A leader that froze is cut off by the server and loses both locks. A commit that is lost with the
-- server loses rows and position together, and the log still has the facts: no need to wait for the disk.
WITH guarded AS MATERIALIZED (
    SELECT
        set_config('idle_in_transaction_session_timeout', '2s', true),
        set_config('lock_timeout', '2s', true),
        set_config('statement_timeout', '30s', true),
        set_config('synchronous_commit', 'off', true)
), led AS MATERIALIZED (
    SELECT wanted.name
    FROM guarded CROSS JOIN unnest(%(names)b::text[]) AS wanted (name)
    WHERE pg_try_advisory_xact_lock(
        hashtextextended(wanted.name, 'arbiter.projections'::regclass::oid::bigint)
    )
)
SELECT projections.name, projections.position, projections.error, projections.error_position
FROM led JOIN arbiter.projections ON projections.name = led.name
ORDER BY projections.name
FOR UPDATE OF projections
