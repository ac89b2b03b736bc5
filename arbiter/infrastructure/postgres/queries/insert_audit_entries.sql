-- insert_audit_entries: enter facts into the audit trail.
-- in:  position bigint[], at timestamptz[], topic text[], stream_id uuid[], actor text[]
INSERT INTO arbiter.audit_trail (position, at, topic, stream_id, actor)
SELECT entry.position, entry.at, entry.topic, entry.stream_id, entry.actor
FROM unnest(
    %(position)b::bigint[], %(at)b::timestamptz[], %(topic)b::text[], %(stream_id)b::uuid[],
    %(actor)b::text[]
) AS entry (position, at, topic, stream_id, actor)
