-- record_migration: remember that a migration was applied, by the clock of the database.
-- in:  number integer, name text, checksum text
INSERT INTO arbiter.migrations (number, name, checksum, applied_at)
VALUES (%(number)s, %(name)s, %(checksum)s, clock_timestamp())
