-- migrations_exist: was this schema ever migrated?
-- out: one boolean
SELECT to_regclass('arbiter.migrations') IS NOT NULL
