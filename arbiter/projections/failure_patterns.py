"""Which errors keep coming back: each pattern with its counts, its examples and its alerts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from arbiter.domain import facts as f
from arbiter.domain.failures import (
    LONGEST_EXAMPLE,
    Example,
    Pattern,
    Watch,
    evolve,
    new_watch,
    pattern_of,
    seen,
)
from arbiter.domain.status import Status
from arbiter.projections.base import Batch, Projection, Step, View

UNDER_WAY = frozenset({Status.ASSIGNED.value, Status.RUNNING.value})
NOBODY = ""
"""The agent of a failure that came while no agent had the task: a time limit passed in the queue."""


class FailurePatternsChange(msgspec.Struct, frozen=True):
    """What happened to each pattern, in the order of the log, by fingerprint."""

    stories: Mapping[str, tuple[Pattern, list[Example | f.FailureAlerted]]]


class FailurePatternsView(View[FailurePatternsChange]):
    """The watch over each pattern."""


class FailurePatterns(Projection[FailurePatternsChange]):
    """Sorts failures by their fingerprints."""

    name = "failure_patterns_v1"

    def fold(self, batch: Batch) -> FailurePatternsChange:
        """Sort a batch's failures, and the alerts over them."""
        told: dict[Pattern, list[Example | f.FailureAlerted]] = {}
        for step in batch.steps:
            match step.fact:
                case f.TaskAttemptFailed(error=error) | f.TaskFailed(error=error):
                    pattern = pattern_of(error, _agent(step))
                    told.setdefault(pattern, []).append(_example(step, error))
                case f.FailureAlerted() as alert:
                    told.setdefault(_pattern(alert), []).append(alert)
                case _:
                    pass
        stories = {pattern.fingerprint: (pattern, story) for pattern, story in told.items()}
        return FailurePatternsChange(stories)


def _agent(step: Step) -> str:
    before = step.before
    has_it = before is not None and before.status in UNDER_WAY
    return before.agent or NOBODY if before is not None and has_it else NOBODY


def _example(step: Step, error: f.Failure) -> Example:
    line = step.after
    assert line is not None, "a failure is a task's"
    message = error.message.replace("\0", "\ufffd")
    return Example(
        task_id=line.task_id,
        at=step.fact.at,
        task_kind=line.kind,
        message=message
        if len(message) <= LONGEST_EXAMPLE
        else message[: LONGEST_EXAMPLE - 1] + "…",
    )


def _pattern(alert: f.FailureAlerted) -> Pattern:
    return Pattern(agent=alert.agent, kind=alert.kind, type=alert.type, pattern=alert.pattern)


def watched(known: Mapping[str, Watch], change: FailurePatternsChange) -> Iterable[Watch]:
    """Return the watches a change bears on, as they are after it."""
    for fingerprint, (pattern, story) in change.stories.items():
        watch = known.get(fingerprint) or new_watch(pattern)
        for told in story:
            watch = seen(watch, told) if isinstance(told, Example) else evolve(watch, told)
        yield watch
