-- guard_writing: begin a transaction of several steps that will hold what others wait for: a writer that
--                freezes between two of them is cut off by the server, and waiting has an end.
SELECT
    set_config('idle_in_transaction_session_timeout', '2s', true),
    set_config('lock_timeout', '5s', true),
    set_config('synchronous_commit', 'on', true)
