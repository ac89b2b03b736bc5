-- count_failures: how many failures were ever seen, by agent, by kind and by type of error.
-- out: agent, kind, type (two of them null), failures
SELECT patterns.agent, patterns.kind, patterns.type, sum(patterns.seen)::bigint
FROM arbiter.failure_patterns AS patterns
GROUP BY GROUPING SETS ((patterns.agent), (patterns.kind), (patterns.type))
