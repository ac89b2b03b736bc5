-- upsert_breaker_counts: put down what counts for some breakers; whoever answers them is told.
-- in:  name text[], to_watch boolean[], transport text[], counted text[]
WITH counted AS (
    INSERT INTO arbiter.breaker_counts AS counts (name, to_watch, transport, counted)
    SELECT new.name, new.to_watch, new.transport, new.counted::jsonb
    FROM unnest(
        %(name)b::text[], %(to_watch)b::boolean[], %(transport)b::text[], %(counted)b::text[]
    ) AS new (name, to_watch, transport, counted)
    ON CONFLICT (name) DO UPDATE SET
        to_watch = excluded.to_watch,
        transport = excluded.transport,
        counted = excluded.counted
    RETURNING counts.to_watch
)
SELECT pg_notify(arbiter.channel(), 'counts') WHERE EXISTS (SELECT 1 FROM counted WHERE counted.to_watch)
