"""Looks at what follows the log, and at who works."""

from __future__ import annotations

from collections.abc import Sequence

from arbiter.application.views import ProjectionState
from arbiter.interfaces.cli.doctor.check import Check, ok, problem, warning
from arbiter.interfaces.cli.showing.marks import tasks
from arbiter.runtime.service import Overview


def look_at_views(states: Sequence[ProjectionState], missing: int) -> Check:
    """Tell how far the views are; `missing` is what they could not catch up with just now."""
    stopped = [state for state in states if state.error is not None]
    if stopped:
        first = stopped[0]
        return problem(
            "views",
            f"{first.name} stopped at position {first.error_position}: {first.error}",
            "the log is whole; update Arbiter, or report this fact",
        )
    if missing:
        return warning(
            "views",
            f"the views are {missing:,} facts behind the log",
            "let a worker bring them on (setting projector)",
        )
    return ok("views", f"all {len(states)} are up to the log")


def look_at_workers(found: Overview) -> Check:
    """Tell whether somebody works."""
    queued = sum(statuses.get("queued", 0) for statuses in found.queues.values())
    if not found.workers and queued:
        return warning(
            "workers",
            f"{tasks(queued)} queued, and no worker is there",
            "start 'arbiter worker'",
        )
    if not found.workers:
        return ok("workers", "none is there, and nothing waits for one")
    served = {queue for worker in found.workers for queue in worker.queues}
    alone = sorted(
        queue
        for queue, statuses in found.queues.items()
        if statuses.get("queued", 0) and queue not in served
    )
    if alone:
        return warning(
            "workers",
            f"nobody serves queue {', '.join(alone)}",
            "start 'arbiter worker' with --queue",
        )
    count = len(found.workers)
    return ok("workers", "1 is there" if count == 1 else f"{count:,} are there")
