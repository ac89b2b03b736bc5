-- create_migrations: the record of what was applied to this schema; comes before the first migration.
CREATE TABLE IF NOT EXISTS arbiter.migrations (
    number integer PRIMARY KEY,
    name text NOT NULL,
    checksum text NOT NULL,
    applied_at timestamptz NOT NULL
)
