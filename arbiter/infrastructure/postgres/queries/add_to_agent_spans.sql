-- add_to_agent_spans: count how long attempts took.
-- in:  step bigint[], begins timestamptz[], agent text[], kind text[], bucket bigint[], spans bigint[]
INSERT INTO arbiter.agent_spans (step, begins, agent, kind, bucket, spans)
SELECT more.step, more.begins, more.agent, more.kind, more.bucket, more.spans
FROM unnest(
    %(step)b::bigint[], %(begins)b::timestamptz[], %(agent)b::text[], %(kind)b::text[],
    %(bucket)b::bigint[], %(spans)b::bigint[]
) AS more (step, begins, agent, kind, bucket, spans)
ON CONFLICT (step, begins, agent, kind, bucket)
DO UPDATE SET spans = agent_spans.spans + excluded.spans
