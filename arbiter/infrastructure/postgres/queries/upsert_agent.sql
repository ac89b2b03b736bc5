-- upsert_agent: keep an agent's latest profile.
INSERT INTO arbiter.agents (name, agent_id, version, kinds, kinds_ever, abilities, max_concurrency, profile)
VALUES (
    %(name)s, %(agent_id)s, %(version)s, %(kinds)s::text[], %(kinds)s::text[], %(abilities)s::text[], %(max_concurrency)s,
    %(profile)s::jsonb
)
ON CONFLICT (name) DO UPDATE SET
    version = excluded.version,
    kinds = excluded.kinds,
    kinds_ever = ARRAY(
        SELECT DISTINCT kind FROM unnest(agents.kinds_ever || excluded.kinds) AS kind ORDER BY kind
    ),
    abilities = excluded.abilities,
    max_concurrency = excluded.max_concurrency,
    profile = excluded.profile
