-- unclaim: offer tasks again that an incarnation had claimed and not begun.
-- in:  me uuid, ids uuid[]
UPDATE arbiter.ready_tasks AS ready SET claimed_by = NULL
WHERE ready.task_id = ANY (%(ids)b::uuid[]) AND ready.claimed_by = %(me)s AND ready.status = 'queued'
