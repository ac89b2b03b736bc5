-- select_breaker_counts_for: what counts for some breakers, and for those of the transports they are behind.
-- in:  names text[]      out: name, counted as JSON
SELECT counts.name, counts.counted::text
FROM arbiter.breaker_counts AS counts
WHERE counts.name = ANY (
    %(names)b::text[]
    || ARRAY(
        SELECT behind.transport FROM arbiter.breaker_counts AS behind
        WHERE behind.name = ANY (%(names)b::text[]) AND behind.transport IS NOT NULL
    )
)
