-- read_anomalies: how anomalies stand.
-- in:  agent text or NULL, kind text or NULL, standing boolean (only those that stand)
-- out: the columns of an anomaly, in their order
SELECT
    anomalies.anomaly_id, anomalies.agent, anomalies.kind, anomalies.type, anomalies.version,
    anomalies.stands, anomalies.severity, anomalies.value, anomalies.usual, anomalies.raised_at,
    anomalies.resolved_at, anomalies.reason
FROM arbiter.anomalies
WHERE
    (%(agent)s::text IS NULL OR anomalies.agent = %(agent)s)
    AND (%(kind)s::text IS NULL OR anomalies.kind = %(kind)s)
    AND (anomalies.stands OR NOT %(standing)s)
ORDER BY anomalies.agent COLLATE "C", anomalies.kind COLLATE "C", anomalies.type COLLATE "C"
