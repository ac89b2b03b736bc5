-- upsert_agent_records: put down what is known of some agents at some kinds.
-- in:  one array per column
INSERT INTO arbiter.agent_records (
    agent, kind, routed, completed, failed, timed, latency_us, rated, quality_e9, priced, cost_e9,
    wins, losses, good, bad, position
)
SELECT
    now_known.agent, now_known.kind, now_known.routed, now_known.completed, now_known.failed,
    now_known.timed, now_known.latency_us, now_known.rated, now_known.quality_e9, now_known.priced,
    now_known.cost_e9::numeric, now_known.wins, now_known.losses, now_known.good, now_known.bad,
    now_known.position
FROM unnest(
    %(agent)b::text[], %(kind)b::text[], %(routed)b::bigint[], %(completed)b::bigint[],
    %(failed)b::bigint[], %(timed)b::bigint[], %(latency_us)b::bigint[], %(rated)b::bigint[],
    %(quality_e9)b::bigint[], %(priced)b::bigint[], %(cost_e9)b::text[],
    %(wins)b::double precision[], %(losses)b::double precision[], %(good)b::double precision[],
    %(bad)b::double precision[], %(position)b::bigint[]
) AS now_known (
    agent, kind, routed, completed, failed, timed, latency_us, rated, quality_e9, priced, cost_e9,
    wins, losses, good, bad, position
)
ON CONFLICT (agent, kind) DO UPDATE SET
    routed = excluded.routed,
    completed = excluded.completed,
    failed = excluded.failed,
    timed = excluded.timed,
    latency_us = excluded.latency_us,
    rated = excluded.rated,
    quality_e9 = excluded.quality_e9,
    priced = excluded.priced,
    cost_e9 = excluded.cost_e9,
    wins = excluded.wins,
    losses = excluded.losses,
    good = excluded.good,
    bad = excluded.bad,
    position = excluded.position
