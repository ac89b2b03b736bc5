-- select_breakers: every breaker that ever moved, by name, or those that are named.
-- in:  names text[] or null      out: breaker_id, name, version, state, until, allowed,
--                         since, by, why
SELECT
    breakers.breaker_id, breakers.name, breakers.version, breakers.state, breakers.until,
    breakers.allowed, breakers.since, breakers.by, breakers.why
FROM arbiter.breakers
WHERE %(names)b::text[] IS NULL OR breakers.name = ANY (%(names)b::text[])
ORDER BY breakers.name
