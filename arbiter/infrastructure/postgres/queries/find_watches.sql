-- find_watches: failure patterns, the latest seen first; a condition that is null is none.
-- in:  agent, kind, type text or null, since timestamptz, least int, alerted_before timestamptz or null, how_many int
-- out: watch as JSON
SELECT patterns.watch::text
FROM arbiter.failure_patterns AS patterns
WHERE patterns.last_seen > %(since)s
    AND (%(agent)s::text IS NULL OR patterns.agent = %(agent)s)
    AND (%(kind)s::text IS NULL OR patterns.kind = %(kind)s)
    AND (%(type)s::text IS NULL OR patterns.type = %(type)s)
    AND patterns.seen >= %(least)s
    AND (
        %(alerted_before)s::timestamptz IS NULL
        OR patterns.alerted_at IS NULL
        OR patterns.alerted_at <= %(alerted_before)s
    )
ORDER BY patterns.last_seen DESC, patterns.fingerprint
LIMIT %(how_many)s
