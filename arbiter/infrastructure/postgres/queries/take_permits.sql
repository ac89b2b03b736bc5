-- take_permits: take permits of half-open breakers for tasks that are about to begin.
-- in:  names text[], tasks uuid[], attempts uuid[]: a row for each breaker of each task; me uuid
-- out: the tasks that may begin
SELECT permitted.task_id
FROM arbiter.take_permits(
    %(names)b::text[], %(tasks)b::uuid[], %(attempts)b::uuid[], %(me)s
) AS permitted (task_id)
