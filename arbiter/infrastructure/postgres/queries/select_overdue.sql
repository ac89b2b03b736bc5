-- select_overdue: tasks that no worker runs, one of whose time limits has passed.
-- in:  at timestamptz, how_many int      out: task_id
SELECT ready.task_id
FROM arbiter.ready_tasks AS ready
WHERE ready.due_at <= %(at)s AND ready.claimed_by IS NULL
ORDER BY ready.due_at
LIMIT %(how_many)s
