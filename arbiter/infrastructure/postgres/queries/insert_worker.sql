-- insert_worker: open the row of a worker incarnation; its agents are met.
WITH joined AS (
    INSERT INTO arbiter.workers (incarnation, worker, host, pid, status, beat, agents, queues, joined_at)
    VALUES (
        %(incarnation)s, %(worker)s, %(host)s, %(pid)s, 'live', 0, %(agents)s::text[], %(queues)s::text[], %(at)s
    )
    RETURNING workers.agents, workers.joined_at
), met AS MATERIALIZED (
    SELECT agents.name, joined.joined_at AS at
    FROM joined JOIN arbiter.agents ON agents.name = ANY (joined.agents)
    ORDER BY agents.name
    FOR NO KEY UPDATE OF agents
)
UPDATE arbiter.agents SET seen_at = greatest(agents.seen_at, met.at)
FROM met
WHERE agents.name = met.name
