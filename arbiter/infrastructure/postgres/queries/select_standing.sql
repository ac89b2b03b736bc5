-- select_standing: the breakers that are not closed, and how many probes may still begin.
-- out: name, state, until, room
SELECT
    breakers.name, breakers.state, breakers.until,
    CASE WHEN breakers.state = 'half_open' THEN greatest(0, breakers.allowed - taken.probes) ELSE 0 END
FROM arbiter.breakers
CROSS JOIN LATERAL (
    SELECT count(*) AS probes FROM arbiter.probes
    WHERE probes.breaker = breakers.name
        AND arbiter.probe_stands(probes.task_id, probes.attempt_id, probes.incarnation)
) AS taken
WHERE breakers.state <> 'closed'
