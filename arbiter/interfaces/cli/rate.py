"""`arbiter task rate`: say how good a result is."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from arbiter.interfaces.cli.session import Session, user
from arbiter.interfaces.cli.tasks import By, TaskId, Why, resolve
from arbiter.interfaces.cli.verb import verb


@verb("rate")
def rate(
    session: Session,
    *,
    task: TaskId,
    quality: Annotated[float, typer.Argument(metavar="QUALITY", help="0 (useless) to 1 (right).")],
    why: Why = None,
    by: By = None,
) -> None:
    """Say how good the result of a completed task is; its agent's record learns from it."""
    with session.arbiter() as arbiter:
        told = arbiter.rate(resolve(arbiter, task), quality, by=user(by), why=why)

    def show(out: Any) -> None:
        judges = ", ".join(f"{judge} {word:.3g}" for judge, word in told.judges.items())
        out.print(
            f"{told.task_id} attempt {told.attempt} by {told.agent}:"
            f" quality {told.quality:.3g} ({judges})",
            soft_wrap=True,
            markup=False,
        )

    session.answer(told, show)
