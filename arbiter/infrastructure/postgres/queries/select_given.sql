-- select_given: the tasks that rest with an incarnation, assigned by others and not started.
-- in:  me uuid, queues text[], how_many int      out: task_id
SELECT ready.task_id
FROM unnest(%(queues)s::text[]) AS served (queue)
JOIN arbiter.ready_tasks AS ready ON ready.queue = served.queue
WHERE ready.claimed_by = %(me)s AND ready.status = 'assigned'
ORDER BY ready.priority DESC, ready.submitted_at, ready.task_id
LIMIT %(how_many)s
