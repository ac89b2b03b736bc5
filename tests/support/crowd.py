"""Very many live tasks at once, put there by one statement."""

from __future__ import annotations

from tests.support.server import connected

KIND, QUEUE = "code-review", "default"

FILL = """
INSERT INTO arbiter.ready_tasks (
    task_id, version, status, kind, queue, tenant, priority, submitted_at, not_before, due, waiting,
    needs, run, attempt, payload_version, due_at
)
SELECT
    ('01900000-0000-7000-8000-' || lpad(to_hex(%(from)s + place), 12, '0'))::uuid, 2, 'queued',
    %(kind)s, %(queue)s, 'default', %(priority)s,
    '2030-01-01 12:00+00'::timestamptz + place * interval '1 ms',
    CASE WHEN %(scheduled)s THEN '2031-01-01 12:00+00'::timestamptz + place * interval '1 s' END,
    NOT %(scheduled)s, %(scheduled)s, %(needs)s, 1, 0, 1, NULL
FROM generate_series(1, %(how_many)s) AS place
"""

FIRST_FACTS = """
INSERT INTO arbiter.facts (originator_id, originator_version, topic, state)
SELECT task_id, 1, 'task.submitted', %(state)s FROM arbiter.ready_tasks
ON CONFLICT DO NOTHING
"""


async def fill(
    dsn: str,
    how_many: int,
    *,
    after: int = 0,
    kind: str = KIND,
    queue: str = QUEUE,
    priority: int = 5,
    scheduled: bool = False,
    needs: tuple[str, ...] = (),
) -> None:
    """Put so many queued tasks on offer, or on the schedule of the year after."""
    async with connected(dsn) as connection:
        await connection.execute(
            FILL,
            {
                "from": after,
                "kind": kind,
                "queue": queue,
                "priority": priority,
                "scheduled": scheduled,
                "needs": list(needs),
                "how_many": how_many,
            },
        )
