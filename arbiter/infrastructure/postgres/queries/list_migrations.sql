-- list_migrations: what was applied to this schema, in the order of the numbers.
-- out: number, name, checksum, applied_at
SELECT migrations.number, migrations.name, migrations.checksum, migrations.applied_at
FROM arbiter.migrations
ORDER BY migrations.number
