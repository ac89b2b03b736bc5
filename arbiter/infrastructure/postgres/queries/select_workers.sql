-- select_workers: the live incarnations.
SELECT
    workers.incarnation, workers.worker, workers.host, workers.pid, workers.agents, workers.queues,
    workers.joined_at
FROM arbiter.workers
WHERE workers.status = 'live'
ORDER BY workers.joined_at, workers.incarnation
