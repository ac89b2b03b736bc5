-- inspect_facts: the facts in the order of their streams, page by page.
-- in:  after uuid and version bigint: the last fact of the page before; how_many bigint
-- out: originator_id, originator_version, topic, state
SELECT facts.originator_id, facts.originator_version, facts.topic, facts.state
FROM arbiter.facts
WHERE (facts.originator_id, facts.originator_version) > (%(after)s::uuid, %(version)s::bigint)
ORDER BY facts.originator_id, facts.originator_version
LIMIT %(how_many)s
