-- find_tasks: the newest tasks of some statuses that meet every condition, behind a place of the list.
-- in:  statuses text[], behind_at timestamptz, behind_id uuid, since timestamptz, how_many bigint;
--      kind, queue, agent, tenant, error, text (in small letters), lost boolean: NULL for any
-- out: the columns of a line, in their order
SELECT
    found.task_id, found.version, found.status, found.kind, found.queue, found.tenant,
    found.priority, found.run, found.attempts, found.losses, found.agent, found.submitted_at,
    found.run_since, found.ready_at, found.not_before, found.look_again, found.started_at,
    found.ended_at, found.updated_at, found.latency_us, found.error_type, found.error_message,
    found.reason, found.position
FROM unnest(%(statuses)s::text[]) AS wanted (status)
CROSS JOIN LATERAL (
    SELECT
        board.task_id, board.version, board.status, board.kind, board.queue, board.tenant,
        board.priority, board.run, board.attempts, board.losses, board.agent, board.submitted_at,
        board.run_since, board.ready_at, board.not_before, board.look_again, board.started_at,
        board.ended_at, board.updated_at, board.latency_us, board.error_type, board.error_message,
        board.reason, board.position
    FROM arbiter.task_board AS board
    WHERE board.status = wanted.status
        AND (board.submitted_at, board.task_id) < (%(behind_at)s::timestamptz, %(behind_id)s::uuid)
        AND board.submitted_at >= %(since)s
        AND (%(kind)s::text IS NULL OR board.kind = %(kind)s)
        AND (%(queue)s::text IS NULL OR board.queue = %(queue)s)
        AND (%(agent)s::text IS NULL OR board.agent = %(agent)s)
        AND (%(tenant)s::text IS NULL OR board.tenant = %(tenant)s)
        AND (%(error)s::text IS NULL OR board.error_type = %(error)s)
        AND (%(lost)s::boolean IS NULL OR (board.losses > 0) = %(lost)s)
        AND (
            %(text)s::text IS NULL
            OR strpos(lower(concat_ws(
                ' ', board.kind, board.agent, board.error_type, board.error_message, board.reason,
                board.task_id
            )), %(text)s) > 0
        )
    ORDER BY board.submitted_at DESC, board.task_id DESC
    LIMIT %(how_many)s
) AS found
ORDER BY found.submitted_at DESC, found.task_id DESC
LIMIT %(how_many)s
