-- inspect_guards: which tables of the log refuse every change by an enabled trigger.
-- The bits of tgtype: 8 for DELETE, 16 for UPDATE, 32 for TRUNCATE.
-- out: table, guarded
SELECT
    log.relname::text AS table,
    EXISTS (
        SELECT 1
        FROM pg_catalog.pg_trigger AS guard
        JOIN pg_catalog.pg_proc AS refusal ON refusal.oid = guard.tgfoid
        WHERE guard.tgrelid = log.oid AND refusal.proname = 'refuse_change'
            AND guard.tgenabled IN ('O', 'A') AND guard.tgtype & 56 = 56
    ) AS guarded
FROM pg_catalog.pg_class AS log
WHERE log.oid IN ('arbiter.facts'::regclass, 'arbiter.log_times'::regclass)
ORDER BY log.relname
