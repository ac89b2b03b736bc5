-- list_tables: the tables of this schema, and whether their rows may never be changed.
-- out: name, append_only
SELECT
    tables.relname::text AS name,
    EXISTS (
        SELECT 1
        FROM pg_catalog.pg_trigger AS guard
        JOIN pg_catalog.pg_proc AS refusal ON refusal.oid = guard.tgfoid
        WHERE guard.tgrelid = tables.oid AND refusal.proname = 'refuse_change'
    ) AS append_only
FROM pg_catalog.pg_class AS tables
WHERE tables.relnamespace = (
        SELECT record.relnamespace FROM pg_catalog.pg_class AS record
        WHERE record.oid = 'arbiter.migrations'::regclass
    )
    AND tables.relkind IN ('r', 'p')
ORDER BY tables.relname
