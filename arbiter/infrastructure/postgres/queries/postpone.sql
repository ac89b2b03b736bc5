-- postpone: look at tasks again later, or when what they were set aside for has passed; the reason is recorded.
-- in:  ids uuid[], until timestamptz, reason text
-- A task whose deferral was just recorded waits until that moment already.
WITH offered AS MATERIALIZED (
    SELECT ready.task_id
    FROM arbiter.ready_tasks AS ready
    WHERE ready.task_id = ANY (%(ids)b::uuid[]) AND ready.claimed_by IS NULL
        AND (ready.due OR (ready.waiting AND ready.not_before = %(until)s))
    ORDER BY ready.task_id
    FOR UPDATE
)
UPDATE arbiter.ready_tasks AS ready SET
    due = false, waiting = true, not_before = %(until)s, set_aside = %(reason)s
WHERE ready.task_id = ANY (ARRAY(SELECT offered.task_id FROM offered))
