-- upsert_agent: keep an agent's latest profile.
-- in:  name, agent_id, version, kinds, abilities, max_concurrency, profile: the fact; at timestamptz
--      anew bool: it comes, for the first time or again, and is available from now on
INSERT INTO arbiter.agents (
    name, agent_id, version, kinds, kinds_ever, abilities, max_concurrency, profile,
    status, status_at, registered_at, seen_at
)
VALUES (
    %(name)s, %(agent_id)s, %(version)s, %(kinds)s::text[], %(kinds)s::text[], %(abilities)s::text[], %(max_concurrency)s,
    %(profile)s::jsonb, 'available', %(at)s::timestamptz, %(at)s::timestamptz, %(at)s::timestamptz
)
ON CONFLICT (name) DO UPDATE SET
    version = excluded.version,
    kinds = excluded.kinds,
    kinds_ever = ARRAY(
        SELECT DISTINCT kind FROM unnest(agents.kinds_ever || excluded.kinds) AS kind ORDER BY kind
    ),
    abilities = excluded.abilities,
    max_concurrency = excluded.max_concurrency,
    profile = excluded.profile,
    status = CASE WHEN %(anew)s::boolean THEN excluded.status ELSE agents.status END,
    status_at = CASE WHEN %(anew)s::boolean THEN excluded.status_at ELSE agents.status_at END,
    status_by = CASE WHEN %(anew)s::boolean THEN NULL ELSE agents.status_by END,
    status_why = CASE WHEN %(anew)s::boolean THEN NULL ELSE agents.status_why END,
    registered_at = CASE WHEN %(anew)s::boolean THEN excluded.registered_at ELSE agents.registered_at END,
    seen_at = greatest(agents.seen_at, excluded.seen_at),
    answers = CASE WHEN %(anew)s::boolean THEN NULL ELSE agents.answers END
