-- read_performance: how agents did within a window, added up. One statement: sums and buckets of one moment.
-- in:  step int, begins timestamptz, ends timestamptz, kind text or NULL
-- out: agent, kind, each sum, the buckets and how many spans fell into each (NULL if none did)
WITH summed AS (
    SELECT
        sums.agent, sums.kind,
        sum(sums.completed)::bigint AS completed, sum(sums.failed)::bigint AS failed,
        sum(sums.cancelled)::bigint AS cancelled, sum(sums.excused)::bigint AS excused,
        sum(sums.timed)::bigint AS timed, sum(sums.latency_us)::bigint AS latency_us,
        sum(sums.rated)::bigint AS rated, sum(sums.quality_e9)::bigint AS quality_e9,
        sum(sums.priced)::bigint AS priced, sum(sums.cost_e9)::text AS cost_e9
    FROM arbiter.agent_sums AS sums
    WHERE
        sums.step = %(step)s
        AND sums.begins BETWEEN %(begins)s AND %(ends)s
        AND (%(kind)s::text IS NULL OR sums.kind = %(kind)s)
    GROUP BY sums.agent, sums.kind
), counted AS (
    SELECT spans.agent, spans.kind, spans.bucket, sum(spans.spans)::bigint AS spans
    FROM arbiter.agent_spans AS spans
    WHERE
        spans.step = %(step)s
        AND spans.begins BETWEEN %(begins)s AND %(ends)s
        AND (%(kind)s::text IS NULL OR spans.kind = %(kind)s)
    GROUP BY spans.agent, spans.kind, spans.bucket
), gathered AS (
    SELECT counted.agent, counted.kind, array_agg(counted.bucket) AS buckets,
        array_agg(counted.spans) AS spans
    FROM counted
    GROUP BY counted.agent, counted.kind
)
SELECT
    summed.agent, summed.kind, summed.completed, summed.failed, summed.cancelled, summed.excused,
    summed.timed, summed.latency_us, summed.rated, summed.quality_e9, summed.priced, summed.cost_e9,
    gathered.buckets, gathered.spans
FROM summed LEFT JOIN gathered USING (agent, kind)
