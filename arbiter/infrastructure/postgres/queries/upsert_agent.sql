-- upsert_agent: keep an agent's latest profile.
INSERT INTO arbiter.agents (name, agent_id, version, kinds, abilities, max_concurrency, profile)
VALUES (
    %(name)s, %(agent_id)s, %(version)s, %(kinds)s::text[], %(abilities)s::text[], %(max_concurrency)s,
    %(profile)s::jsonb
)
ON CONFLICT (name) DO UPDATE SET
    version = excluded.version,
    kinds = excluded.kinds,
    abilities = excluded.abilities,
    max_concurrency = excluded.max_concurrency,
    profile = excluded.profile
