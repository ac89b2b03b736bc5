-- inspect_server: what kind of server this is, and who we are on it.
-- out: one row
SELECT
    current_setting('server_version') AS version,
    current_database()::text AS database,
    current_user::text AS role,
    pg_is_in_recovery() AS standby,
    current_setting('fsync') = 'on' AS fsync,
    current_setting('full_page_writes') = 'on' AS full_page_writes,
    clock_timestamp() AS time
