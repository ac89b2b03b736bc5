-- set_worker_status: close the row of an incarnation, step by step: live, lost, gone. Its agents were met up
-- to the moment it is no longer live.
-- in:  incarnation uuid, was text, status text, at timestamptz (null where nobody was met)
WITH closed AS (
    UPDATE arbiter.workers SET status = %(status)s
    WHERE workers.incarnation = %(incarnation)s AND workers.status = %(was)s
    RETURNING workers.agents
), met AS MATERIALIZED (
    SELECT agents.name
    FROM closed JOIN arbiter.agents ON agents.name = ANY (closed.agents)
    WHERE %(at)s::timestamptz IS NOT NULL
    ORDER BY agents.name
    FOR NO KEY UPDATE OF agents
)
UPDATE arbiter.agents SET seen_at = greatest(agents.seen_at, %(at)s::timestamptz)
FROM met
WHERE agents.name = met.name
