-- read_points: the newest steps of some agents at some kinds that hold enough attempts, newest first.
-- in:  agent text[], kind text[], step int, since and until timestamptz (when they began), least int,
--      how_many int
-- out: agent, kind, begins, each sum, the buckets and how many spans fell into each
SELECT
    wanted.agent, wanted.kind, newest.begins, newest.completed, newest.failed, newest.cancelled,
    newest.excused, newest.timed, newest.latency_us, newest.rated, newest.quality_e9, newest.priced,
    newest.cost_e9, counted.buckets, counted.spans
FROM unnest(%(agent)b::text[], %(kind)b::text[]) AS wanted (agent, kind)
CROSS JOIN LATERAL (
    SELECT
        sums.begins, sums.completed, sums.failed, sums.cancelled, sums.excused, sums.timed,
        sums.latency_us, sums.rated, sums.quality_e9, sums.priced, sums.cost_e9::text AS cost_e9
    FROM arbiter.agent_sums AS sums
    WHERE
        sums.step = %(step)s AND sums.agent = wanted.agent AND sums.kind = wanted.kind
        AND sums.begins BETWEEN %(since)s AND %(until)s
        AND sums.completed + sums.failed >= %(least)s
    ORDER BY sums.begins DESC
    LIMIT %(how_many)s
) AS newest
CROSS JOIN LATERAL (
    SELECT array_agg(spans.bucket) AS buckets, array_agg(spans.spans) AS spans
    FROM arbiter.agent_spans AS spans
    WHERE
        spans.step = %(step)s AND spans.begins = newest.begins AND spans.agent = wanted.agent
        AND spans.kind = wanted.kind
) AS counted
ORDER BY wanted.agent, wanted.kind, newest.begins DESC
