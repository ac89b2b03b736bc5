-- delete_breaker_counts: forget breakers of which nothing is known any more.
-- in:  names text[]
DELETE FROM arbiter.breaker_counts WHERE breaker_counts.name = ANY (%(names)b::text[])
