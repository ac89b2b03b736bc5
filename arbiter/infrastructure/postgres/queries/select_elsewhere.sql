-- select_elsewhere: the agents of some kinds that other live workers of some queues host, and how much
--                   their hosts have in hand; left out are those that were silent when they were asked last.
-- in:  me uuid, queues text[], kinds text[], statuses text[]: those that take work
-- out: profile (the fact that described it last), abilities, incarnation, queues: all its host serves,
--      busy: what its host has in hand, and what the agent has to do that its host does not run
WITH hosts AS MATERIALIZED (
    SELECT
        workers.incarnation, workers.agents, workers.queues,
        (
            SELECT count(*)
            FROM unnest(workers.queues) AS served (queue)
            JOIN arbiter.ready_tasks AS ready ON ready.queue = served.queue
            WHERE ready.claimed_by = workers.incarnation
        ) AS tasks
    FROM arbiter.workers
    WHERE workers.status = 'live' AND workers.incarnation <> %(me)s
        AND workers.queues && %(queues)s::text[]
)
SELECT
    agents.profile::text, agents.abilities, hosts.incarnation, hosts.queues, hosts.tasks + outside.tasks
FROM hosts
JOIN arbiter.agents ON agents.name = ANY (hosts.agents)
CROSS JOIN LATERAL (
    SELECT count(*) AS tasks
    FROM arbiter.remote_attempts AS remote
    CROSS JOIN LATERAL (
        SELECT held.attempt_id, held.claimed_by FROM arbiter.ready_tasks AS held
        WHERE held.task_id = remote.task_id
    ) AS ready
    WHERE remote.agent = agents.name AND NOT remote.over
        AND ready.attempt_id = remote.attempt_id AND ready.claimed_by IS DISTINCT FROM hosts.incarnation
) AS outside
WHERE agents.kinds && %(kinds)s::text[] AND agents.status = ANY (%(statuses)s::text[])
    AND agents.answers IS NOT FALSE
ORDER BY agents.name, hosts.incarnation
