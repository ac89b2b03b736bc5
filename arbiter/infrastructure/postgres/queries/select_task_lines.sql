-- select_task_lines: where some tasks stand.
-- in:  ids uuid[]      out: the columns of a line, in their order
SELECT
    board.task_id, board.version, board.status, board.kind, board.queue, board.tenant,
    board.priority, board.run, board.attempts, board.losses, board.agent, board.submitted_at,
    board.run_since, board.ready_at, board.not_before, board.look_again, board.started_at,
    board.ended_at, board.updated_at, board.latency_us, board.error_type, board.error_message,
    board.reason, board.position
FROM arbiter.task_board AS board
WHERE board.task_id = ANY (%(ids)b::uuid[])
