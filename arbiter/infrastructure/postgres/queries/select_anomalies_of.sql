-- select_anomalies_of: how some anomalies stand, for who goes on from there.
-- in:  ids uuid[]      out: the columns of an anomaly, in their order
SELECT
    anomalies.anomaly_id, anomalies.agent, anomalies.kind, anomalies.type, anomalies.version,
    anomalies.stands, anomalies.severity, anomalies.value, anomalies.usual, anomalies.raised_at,
    anomalies.resolved_at, anomalies.reason
FROM arbiter.anomalies
WHERE anomalies.anomaly_id = ANY (%(ids)b::uuid[])
