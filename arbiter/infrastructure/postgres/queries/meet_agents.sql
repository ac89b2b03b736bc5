-- meet_agents: note when agents were met, and whether they answered. Rows are locked in the order of names.
-- in:  names text[], at timestamptz, answers boolean (null where they were not asked), is_met boolean:
--      false for those that were asked and kept silent
WITH met AS MATERIALIZED (
    SELECT agents.name FROM arbiter.agents
    WHERE agents.name = ANY (%(names)b::text[])
    ORDER BY agents.name
    FOR NO KEY UPDATE
)
UPDATE arbiter.agents SET
    seen_at = CASE
        WHEN %(is_met)b::boolean THEN greatest(agents.seen_at, %(at)b::timestamptz) ELSE agents.seen_at
    END,
    answers = coalesce(%(answers)b::boolean, agents.answers)
FROM met
WHERE agents.name = met.name
