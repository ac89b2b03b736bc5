-- add_to_agent_sums: count what became of attempts.
-- in:  step bigint[], begins timestamptz[], agent text[], kind text[], cost_e9 text[], a bigint[] per count
INSERT INTO arbiter.agent_sums (
    step, begins, agent, kind, completed, failed, cancelled, excused, timed, latency_us, rated,
    quality_e9, priced, cost_e9
)
SELECT
    more.step, more.begins, more.agent, more.kind, more.completed, more.failed, more.cancelled,
    more.excused, more.timed, more.latency_us, more.rated, more.quality_e9, more.priced,
    more.cost_e9::numeric
FROM unnest(
    %(step)b::bigint[], %(begins)b::timestamptz[], %(agent)b::text[], %(kind)b::text[],
    %(completed)b::bigint[], %(failed)b::bigint[], %(cancelled)b::bigint[], %(excused)b::bigint[],
    %(timed)b::bigint[], %(latency_us)b::bigint[], %(rated)b::bigint[], %(quality_e9)b::bigint[],
    %(priced)b::bigint[], %(cost_e9)b::text[]
) AS more (
    step, begins, agent, kind, completed, failed, cancelled, excused, timed, latency_us, rated,
    quality_e9, priced, cost_e9
)
ON CONFLICT (step, begins, agent, kind) DO UPDATE SET
    completed = agent_sums.completed + excluded.completed,
    failed = agent_sums.failed + excluded.failed,
    cancelled = agent_sums.cancelled + excluded.cancelled,
    excused = agent_sums.excused + excluded.excused,
    timed = agent_sums.timed + excluded.timed,
    latency_us = agent_sums.latency_us + excluded.latency_us,
    rated = agent_sums.rated + excluded.rated,
    quality_e9 = agent_sums.quality_e9 + excluded.quality_e9,
    priced = agent_sums.priced + excluded.priced,
    cost_e9 = agent_sums.cost_e9 + excluded.cost_e9
