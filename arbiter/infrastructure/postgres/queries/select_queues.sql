-- select_queues: what operators decided about queues.
SELECT queues.queue, queues.version, queues.paused, queues.running_limit
FROM arbiter.queues
ORDER BY queues.queue
