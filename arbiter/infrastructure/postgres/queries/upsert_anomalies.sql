-- upsert_anomalies: put down how some anomalies stand.
-- in:  one array per column
INSERT INTO arbiter.anomalies (
    anomaly_id, agent, kind, type, version, stands, severity, value, usual, raised_at, resolved_at,
    reason
)
SELECT
    told.anomaly_id, told.agent, told.kind, told.type, told.version, told.stands, told.severity,
    told.value, told.usual, told.raised_at, told.resolved_at, told.reason
FROM unnest(
    %(anomaly_id)b::uuid[], %(agent)b::text[], %(kind)b::text[], %(type)b::text[],
    %(version)b::bigint[], %(stands)b::boolean[], %(severity)b::text[],
    %(value)b::double precision[], %(usual)b::double precision[], %(raised_at)b::timestamptz[],
    %(resolved_at)b::timestamptz[], %(reason)b::text[]
) AS told (
    anomaly_id, agent, kind, type, version, stands, severity, value, usual, raised_at, resolved_at,
    reason
)
ON CONFLICT (anomaly_id) DO UPDATE SET
    version = excluded.version,
    stands = excluded.stands,
    severity = excluded.severity,
    value = excluded.value,
    usual = excluded.usual,
    raised_at = excluded.raised_at,
    resolved_at = excluded.resolved_at,
    reason = excluded.reason
