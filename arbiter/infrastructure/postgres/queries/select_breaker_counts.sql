-- select_breaker_counts: what counts for breakers, by name: for those to be watched, or for all.
-- in:  to_watch boolean      out: counted as JSON
SELECT counts.counted::text
FROM arbiter.breaker_counts AS counts
WHERE counts.to_watch OR NOT %(to_watch)s::boolean
ORDER BY counts.name
