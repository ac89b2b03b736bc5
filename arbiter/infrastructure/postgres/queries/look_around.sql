-- look_around: who is there: the agents that live workers host, and those that were asked for a sign of life.
-- in:  since timestamptz: answers before it are not believed
-- out: what: 'hosted' (names: one worker's agents), 'answers' and 'silent' (names), 'changes' (how_many facts of
--      agents were appended)
SELECT 'hosted' AS what, workers.agents AS names, 0::bigint AS how_many
FROM arbiter.workers
WHERE workers.status = 'live'
UNION ALL
SELECT
    CASE WHEN agents.answers THEN 'answers' ELSE 'silent' END, array_agg(agents.name), 0
FROM arbiter.agents
WHERE agents.answers IS NOT NULL AND (NOT agents.answers OR agents.seen_at > %(since)s::timestamptz)
GROUP BY agents.answers
UNION ALL
SELECT 'changes', NULL, coalesce(max(registry.changes), 0)
FROM arbiter.registry
