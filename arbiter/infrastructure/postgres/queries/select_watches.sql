-- select_watches: what is known of some patterns.
-- in:  fingerprints text[]      out: watch as JSON
SELECT patterns.watch::text
FROM arbiter.failure_patterns AS patterns
WHERE patterns.fingerprint = ANY (%(fingerprints)b::text[])
