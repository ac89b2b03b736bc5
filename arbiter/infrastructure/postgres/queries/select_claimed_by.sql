-- select_claimed_by: the tasks an incarnation was given and has not finished.
-- in:  incarnation uuid, how_many int      out: task_id
SELECT ready.task_id
FROM arbiter.ready_tasks AS ready
WHERE ready.claimed_by = %(incarnation)s AND ready.status IN ('assigned', 'running')
ORDER BY ready.task_id
LIMIT %(how_many)s
