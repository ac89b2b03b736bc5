-- add_to_decisions: count how often attempts of some kinds were given to an agent.
-- in:  kind text[], decisions bigint[]
INSERT INTO arbiter.kind_decisions (kind, decisions)
SELECT more.kind, more.decisions
FROM unnest(%(kind)b::text[], %(decisions)b::bigint[]) AS more (kind, decisions)
ON CONFLICT (kind) DO UPDATE SET decisions = kind_decisions.decisions + excluded.decisions
