-- add_to_spans: count how long things took.
-- in:  minute timestamptz[], measure text[], bucket bigint[], spans bigint[]
INSERT INTO arbiter.stats_spans (minute, measure, bucket, spans)
SELECT more.minute, more.measure, more.bucket, more.spans
FROM unnest(
    %(minute)b::timestamptz[], %(measure)b::text[], %(bucket)b::bigint[], %(spans)b::bigint[]
) AS more (minute, measure, bucket, spans)
ON CONFLICT (minute, measure, bucket) DO UPDATE SET spans = stats_spans.spans + excluded.spans
