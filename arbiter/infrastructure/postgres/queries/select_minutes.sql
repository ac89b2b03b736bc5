-- select_minutes: what happened in a window, added up.
-- in:  begins timestamptz, ends timestamptz      out: first minute (NULL if nothing), and each sum
SELECT
    min(stats.minute), coalesce(sum(stats.facts), 0)::bigint,
    coalesce(sum(stats.submitted), 0)::bigint, coalesce(sum(stats.started), 0)::bigint,
    coalesce(sum(stats.completed), 0)::bigint, coalesce(sum(stats.failed), 0)::bigint,
    coalesce(sum(stats.cancelled), 0)::bigint, coalesce(sum(stats.rejected), 0)::bigint,
    coalesce(sum(stats.retries), 0)::bigint, coalesce(sum(stats.worker_lost), 0)::bigint,
    coalesce(sum(stats.rescued), 0)::bigint
FROM arbiter.stats_minutes AS stats
WHERE stats.minute BETWEEN %(begins)s AND %(ends)s
