-- count_transactions: how many transactions this database has ended, ours among them.
-- Ours is told to the statistics at once; another session tells of its last ones within ten seconds.
-- out: transactions, told
SELECT database.xact_commit + database.xact_rollback, pg_stat_force_next_flush()::text
FROM pg_stat_database AS database
WHERE database.datname = current_database()
