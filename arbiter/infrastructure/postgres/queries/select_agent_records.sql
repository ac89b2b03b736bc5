-- select_agent_records: what is known of some agents at some kinds, for who goes on from there.
-- in:  agent text[], kind text[]      out: agent, kind, the columns of a record in their order
SELECT
    records.agent, records.kind, records.routed, records.completed, records.failed, records.timed,
    records.latency_us, records.rated, records.quality_e9, records.priced, records.cost_e9::text,
    records.wins, records.losses, records.good, records.bad, records.position
FROM unnest(%(agent)b::text[], %(kind)b::text[]) AS wanted (agent, kind)
JOIN arbiter.agent_records AS records USING (agent, kind)
