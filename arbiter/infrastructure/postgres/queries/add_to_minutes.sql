-- add_to_minutes: count what happened in some minutes.
-- in:  minute timestamptz[], and one bigint[] per count
INSERT INTO arbiter.stats_minutes (
    minute, facts, submitted, started, completed, failed, cancelled, rejected, retries,
    worker_lost, rescued
)
SELECT
    more.minute, more.facts, more.submitted, more.started, more.completed, more.failed,
    more.cancelled, more.rejected, more.retries, more.worker_lost, more.rescued
FROM unnest(
    %(minute)b::timestamptz[], %(facts)b::bigint[], %(submitted)b::bigint[], %(started)b::bigint[],
    %(completed)b::bigint[], %(failed)b::bigint[], %(cancelled)b::bigint[], %(rejected)b::bigint[],
    %(retries)b::bigint[], %(worker_lost)b::bigint[], %(rescued)b::bigint[]
) AS more (
    minute, facts, submitted, started, completed, failed, cancelled, rejected, retries,
    worker_lost, rescued
)
ON CONFLICT (minute) DO UPDATE SET
    facts = stats_minutes.facts + excluded.facts,
    submitted = stats_minutes.submitted + excluded.submitted,
    started = stats_minutes.started + excluded.started,
    completed = stats_minutes.completed + excluded.completed,
    failed = stats_minutes.failed + excluded.failed,
    cancelled = stats_minutes.cancelled + excluded.cancelled,
    rejected = stats_minutes.rejected + excluded.rejected,
    retries = stats_minutes.retries + excluded.retries,
    worker_lost = stats_minutes.worker_lost + excluded.worker_lost,
    rescued = stats_minutes.rescued + excluded.rescued
