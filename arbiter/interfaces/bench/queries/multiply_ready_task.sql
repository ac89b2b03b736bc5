-- multiply_ready_task: the ready rows that belong to multiply_facts.
-- in:  task_id uuid; first, last bigint: which ids
INSERT INTO arbiter.ready_tasks (
    task_id, version, status, kind, queue, tenant, priority, submitted_at, not_before, due, waiting,
    needs, run, attempt, payload_version
)
SELECT
    ('01900000-0000-7000-8000-' || lpad(to_hex(number), 12, '0'))::uuid,
    model.version, model.status, model.kind, model.queue, model.tenant, model.priority,
    model.submitted_at, model.not_before, model.due, model.waiting, model.needs, model.run,
    model.attempt, model.payload_version
FROM generate_series(%(first)s::bigint, %(last)s::bigint) AS number
CROSS JOIN arbiter.ready_tasks AS model
WHERE model.task_id = %(task_id)s::uuid
