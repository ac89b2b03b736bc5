"""`arbiter queue …`: what the queues hold, and their switches."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from arbiter.domain.errors import InvalidInput
from arbiter.interfaces.cli.session import Session, user
from arbiter.interfaces.cli.tasks import By, Why
from arbiter.interfaces.cli.verb import verb

if TYPE_CHECKING:  # imported when a command runs: help must not wait for the database driver
    from arbiter.application.ports import QueueState

Queue = Annotated[str, typer.Argument(metavar="QUEUE", help="Its name.")]


@verb("list")
def list_queues(session: Session) -> None:
    """List the queues: what they hold, whether they are paused or limited."""
    with session.arbiter() as arbiter:
        behind = arbiter.views.catch_up()
        found = arbiter.stats(window_minutes=1)
        known = {depth.queue: depth for depth in arbiter.views.queue_depths()}
        named = sorted({*known, *found.paused, *found.limits})
        depths = [known.get(queue) or arbiter.views.queue_depth(queue) for queue in named]

    def show(out: Any) -> None:
        from arbiter.interfaces.cli.showing import standing

        standing.queues(out, depths, found.paused, found.limits)

    queues = [
        {
            "queue": depth.queue,
            "ready": depth.ready,
            "delayed": depth.delayed,
            "statuses": depth.statuses,
            "kinds": depth.kinds,
            "tenants": depth.tenants,
            "paused": depth.queue in found.paused,
            "limit": found.limits.get(depth.queue),
        }
        for depth in depths
    ]
    session.answer({"queues": queues, "facts_behind": behind}, show)
    session.note_lag(behind)


@verb("pause")
def pause(session: Session, *, queue: Queue, why: Why = None, by: By = None) -> None:
    """Dispatch nothing of a queue until it is resumed; what runs goes on."""
    with session.arbiter() as arbiter:
        state = arbiter.pause_queue(queue, by=user(by), why=why)
    _say(session, state)


@verb("resume")
def resume(session: Session, *, queue: Queue, why: Why = None, by: By = None) -> None:
    """Dispatch a paused queue again."""
    with session.arbiter() as arbiter:
        state = arbiter.resume_queue(queue, by=user(by), why=why)
    _say(session, state)


@verb("limit")
def limit(
    session: Session,
    *,
    queue: Queue,
    most: Annotated[
        str, typer.Argument(metavar="N|none", help="Tasks that may run at a time, or none.")
    ],
    why: Why = None,
    by: By = None,
) -> None:
    """Let at most so many tasks of a queue run at a time, over all workers."""
    if most != "none" and not most.isdecimal():
        raise InvalidInput("limit", f"{most!r} is no number of tasks", "1 or more, or none")
    with session.arbiter() as arbiter:
        bound = None if most == "none" else int(most)
        state = arbiter.limit_queue(queue, bound, by=user(by), why=why)
    _say(session, state)


def _say(session: Session, state: QueueState) -> None:
    def show(out: Any) -> None:
        from rich.text import Text

        from arbiter.interfaces.cli.showing.standing import switches

        out.print(
            Text.assemble(f"queue {state.queue}: ", switches(state.paused, state.running_limit))
        )

    session.answer(
        {"queue": state.queue, "paused": state.paused, "limit": state.running_limit}, show
    )


QUEUE = (list_queues, pause, resume, limit)
