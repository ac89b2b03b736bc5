-- upsert_watches: put down what is known of some patterns; whoever raises alerts is told.
-- in:  fingerprint, agent, kind, type text[], seen bigint[], last_seen, alerted_at timestamptz[], watch text[]
WITH watched AS (
    INSERT INTO arbiter.failure_patterns AS patterns (
        fingerprint, agent, kind, type, seen, last_seen, alerted_at, watch
    )
    SELECT
        new.fingerprint, new.agent, new.kind, new.type, new.seen, new.last_seen, new.alerted_at,
        new.watch::jsonb
    FROM unnest(
        %(fingerprint)b::text[], %(agent)b::text[], %(kind)b::text[], %(type)b::text[],
        %(seen)b::bigint[], %(last_seen)b::timestamptz[], %(alerted_at)b::timestamptz[],
        %(watch)b::text[]
    ) AS new (fingerprint, agent, kind, type, seen, last_seen, alerted_at, watch)
    ON CONFLICT (fingerprint) DO UPDATE SET
        seen = excluded.seen,
        last_seen = excluded.last_seen,
        alerted_at = excluded.alerted_at,
        watch = excluded.watch
    RETURNING patterns.fingerprint
)
SELECT pg_notify(arbiter.channel(), 'counts') WHERE EXISTS (SELECT 1 FROM watched)
