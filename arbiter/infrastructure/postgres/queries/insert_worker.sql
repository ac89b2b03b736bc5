-- insert_worker: open the row of a worker incarnation.
INSERT INTO arbiter.workers (incarnation, worker, host, pid, status, beat, agents, queues, joined_at)
VALUES (
    %(incarnation)s, %(worker)s, %(host)s, %(pid)s, 'live', 0, %(agents)s::text[], %(queues)s::text[], %(at)s
)
