-- select_statuses: how many tasks stand where, over all queues.
-- out: status, tasks
SELECT depth.status, sum(depth.tasks)::bigint AS tasks
FROM arbiter.queue_depth AS depth
GROUP BY depth.status
HAVING sum(depth.tasks) <> 0
