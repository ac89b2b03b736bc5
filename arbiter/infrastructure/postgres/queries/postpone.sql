-- postpone: look at tasks again later, for a reason that is already recorded.
-- in:  ids uuid[], until timestamptz
WITH offered AS MATERIALIZED (
    SELECT ready.task_id
    FROM arbiter.ready_tasks AS ready
    WHERE ready.task_id = ANY (%(ids)b::uuid[]) AND ready.due AND ready.claimed_by IS NULL
    ORDER BY ready.task_id
    FOR UPDATE
)
UPDATE arbiter.ready_tasks AS ready SET due = false, waiting = true, not_before = %(until)s
WHERE ready.task_id = ANY (ARRAY(SELECT offered.task_id FROM offered))
