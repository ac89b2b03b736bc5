-- select_routed_since: where tasks were routed since a moment, behind a position.
-- The times of the log are walked back from its end, so what came before that moment costs nothing.
-- in:  at timestamptz, after bigint, how_many bigint      out: notification_id, originator_id
SELECT facts.notification_id, facts.originator_id
FROM arbiter.facts
WHERE facts.notification_id > greatest(
    %(after)b::bigint,
    (
        SELECT log_times.position FROM arbiter.log_times
        WHERE log_times.at < %(at)b::timestamptz
        ORDER BY log_times.position DESC
        LIMIT 1
    )
) AND facts.topic = 'task.routed'
ORDER BY facts.notification_id
LIMIT %(how_many)b::bigint
