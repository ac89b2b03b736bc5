-- select_elsewhere: the agents of some kinds that other live workers of some queues host, and how much
--                   their hosts have in hand.
-- in:  me uuid, queues text[], kinds text[], statuses text[]: those that take work
-- out: profile (the fact that described it last), abilities, incarnation, busy
SELECT agents.profile::text, agents.abilities, hosts.incarnation, hands.tasks
FROM arbiter.workers AS hosts
JOIN arbiter.agents ON agents.name = ANY (hosts.agents)
CROSS JOIN LATERAL (
    SELECT count(*) AS tasks
    FROM unnest(hosts.queues) AS served (queue)
    JOIN arbiter.ready_tasks AS ready ON ready.queue = served.queue
    WHERE ready.claimed_by = hosts.incarnation
) AS hands
WHERE hosts.status = 'live' AND hosts.incarnation <> %(me)s
    AND hosts.queues && %(queues)s::text[] AND agents.kinds && %(kinds)s::text[]
    AND agents.status = ANY (%(statuses)s::text[])
ORDER BY agents.name, hosts.incarnation
