-- inspect_recent: the streams of the latest facts, and of as many others from all over the ready rows.
-- in:  how_many bigint      out: stream_id
SELECT latest.originator_id AS stream_id
FROM (
    SELECT facts.originator_id FROM arbiter.facts ORDER BY facts.notification_id DESC LIMIT %(how_many)s
) AS latest
UNION
SELECT live.task_id
FROM (
    SELECT ready.task_id FROM arbiter.ready_tasks AS ready
    ORDER BY ready.submitted_at, ready.task_id LIMIT %(how_many)s
) AS live
