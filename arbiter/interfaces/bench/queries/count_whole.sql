-- count_whole: how many tasks there are, and how many have exactly the facts they should.
-- in:  many bigint        out: tasks, whole
SELECT count(*), count(*) FILTER (WHERE streams.facts = %(many)b AND streams.latest = %(many)b)
FROM (
    SELECT count(*) AS facts, max(facts.originator_version) AS latest
    FROM arbiter.facts
    WHERE starts_with(facts.topic, 'task.')
    GROUP BY facts.originator_id
) AS streams
