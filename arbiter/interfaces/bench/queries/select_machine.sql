-- select_machine: what a measurement must name of its server.
-- out: version, fsync, synchronous_commit, full_page_writes, shared_buffers
SELECT
    current_setting('server_version'), current_setting('fsync'), current_setting('synchronous_commit'),
    current_setting('full_page_writes'), current_setting('shared_buffers')
