"""How each fact of a task's life is asked for, through its verb."""

from __future__ import annotations

from datetime import timedelta

from arbiter.domain import verbs
from arbiter.domain.blob import NULL
from arbiter.testing.builders import DECISION, ERROR, NOON, TASK, WORKER, attempt_of

ANOTHER = attempt_of(TASK, 99)
TOO_LATE = NOON + timedelta(seconds=60)


def end_by_time_or_by_its_attempt(task):
    expired = verbs.expire(task, at=TOO_LATE)
    return expired or verbs.fail_attempt(task, task.attempt_id, ERROR, at=TOO_LATE, chance=0.5)


ORDERS = {
    "task.validated": lambda task: verbs.validate(task, at=NOON),
    "task.held": lambda task: verbs.hold(task, (), at=NOON),
    "task.rejected": lambda task: verbs.refuse(task, (), at=NOON),
    "task.approved": lambda task: verbs.approve(task, task.digest, at=NOON),
    "task.regated": lambda task: verbs.regate(task, "policy adopted", at=NOON),
    "task.deferred": lambda task: verbs.defer(task, "nobody able", NOON, at=NOON),
    "task.routed": lambda task: verbs.route(
        task, "ruff", DECISION, attempt_id=ANOTHER, incarnation=WORKER, at=NOON
    ),
    "task.started": lambda task: verbs.start(task, task.attempt_id, at=NOON),
    "task.checkpointed": lambda task: verbs.checkpoint(task, task.attempt_id, NULL, at=NOON),
    "task.usage_reported": lambda task: verbs.report_usage(task, task.attempt_id, at=NOON),
    "task.handed_over": lambda task: verbs.hand_over(task, task.attempt_id, 60, at=NOON),
    "task.completed": lambda task: verbs.complete(task, task.attempt_id, NULL, at=NOON),
    "task.attempt_failed": lambda task: verbs.fail_attempt(
        task, task.attempt_id, ERROR, at=NOON, chance=0.5
    ),
    "task.failed": end_by_time_or_by_its_attempt,
    "task.released": lambda task: verbs.release(task, task.attempt_id, "drain", at=NOON),
    "task.suspended": lambda task: verbs.suspend(task, at=NOON),
    "task.resumed": lambda task: verbs.resume(task, at=NOON),
    "task.redriven": lambda task: verbs.redrive(task, at=NOON),
    "task.rescheduled": lambda task: verbs.reschedule(task, at=NOON, priority=9),
    "task.cancelled": lambda task: verbs.cancel(task, at=NOON),
}
OF_AN_ATTEMPT = {
    "start": lambda task, held: verbs.start(task, held, at=NOON),
    "checkpoint": lambda task, held: verbs.checkpoint(task, held, NULL, at=NOON),
    "report_usage": lambda task, held: verbs.report_usage(task, held, at=NOON),
    "hand_over": lambda task, held: verbs.hand_over(task, held, 60, at=NOON),
    "complete": lambda task, held: verbs.complete(task, held, NULL, at=NOON),
    "fail_attempt": lambda task, held: verbs.fail_attempt(task, held, ERROR, at=NOON, chance=0),
    "release": lambda task, held: verbs.release(task, held, "drain", at=NOON),
}
