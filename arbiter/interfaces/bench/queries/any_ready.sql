-- any_ready: whether any live task is left.
SELECT EXISTS (SELECT 1 FROM arbiter.ready_tasks)
