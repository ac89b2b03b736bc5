-- read_records: what is known of some agents, new behind a position; how often each kind was routed; and
--               up to which position that is known. One statement, so that all of it is of one moment.
-- in:  projection text, agents text[], after bigint
-- out: agent, kind, the columns of a record; without an agent: the decisions of a kind, as `routed`;
--      without a kind as well: the position
SELECT
    records.agent, records.kind, records.routed, records.completed, records.failed, records.timed,
    records.latency_us, records.rated, records.quality_e9, records.priced, records.cost_e9::text,
    records.wins, records.losses, records.good, records.bad, records.position
FROM arbiter.agent_records AS records
WHERE records.agent = ANY (%(agents)b::text[]) AND records.position > %(after)s
UNION ALL
SELECT
    NULL, known.kind, known.decisions, 0, 0, 0, 0, 0, 0, 0, '0', 0.0, 0.0, 0.0, 0.0, 0
FROM arbiter.kind_decisions AS known
UNION ALL
SELECT
    NULL, NULL, 0, 0, 0, 0, 0, 0, 0, 0, '0', 0.0, 0.0, 0.0, 0.0, projections.position
FROM arbiter.projections
WHERE projections.name = %(projection)s
