-- select_spans: how long things took within a window, added up.
-- in:  begins timestamptz, ends timestamptz      out: measure, bucket, spans
SELECT stats.measure, stats.bucket, sum(stats.spans)::bigint AS spans
FROM arbiter.stats_spans AS stats
WHERE stats.minute BETWEEN %(begins)s AND %(ends)s
GROUP BY stats.measure, stats.bucket
