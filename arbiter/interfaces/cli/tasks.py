"""Which task is meant, and which tasks are looked for."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer

from arbiter.domain.errors import ArbiterError
from arbiter.interfaces.cli.reading import moment

if TYPE_CHECKING:  # imported when a command runs: help must not wait for the database driver
    from arbiter.application.views import TaskFilter
    from arbiter.bootstrap import Arbiter

SHORTEST = 8
"""Characters of an id that may stand for all of it."""

WHOLE = 32
"""Characters from which on it is an id, or a mistake in one."""

TaskId = Annotated[
    str, typer.Argument(metavar="TASK", help="Its id, or the first 8 characters or more of it.")
]
By = Annotated[
    str | None,
    typer.Option("--by", metavar="WHO", help="Who asks; your user name by default."),
]
Why = Annotated[str | None, typer.Option("--why", metavar="TEXT", help="The reason, for the log.")]


class NotOneTask(ArbiterError):
    """The beginning of an id fits no task, or several."""

    code = "unknown_task"

    def __init__(self, beginning: str, found: Sequence[UUID]) -> None:
        """Keep what was asked and what fits."""
        self.beginning, self.found = beginning, [str(each) for each in found]
        how_many = f"{len(found)} tasks begin" if found else "no task begins"
        super().__init__(f"task_id: {how_many} with {beginning!r}; give all of the id")


def resolve(arbiter: Arbiter, word: str) -> UUID:
    """Return the task a person means by an id or the beginning of one.

    Raises InvalidInput, NotOneTask.
    """
    from arbiter.application import door
    from arbiter.application.views import TaskFilter

    beginning = word.strip().lower()
    if len(beginning) >= WHOLE or not re.fullmatch(
        rf"[0-9a-f][0-9a-f-]{{{SHORTEST - 1},}}", beginning
    ):
        return door.task(beginning)
    arbiter.views.catch_up()
    page = arbiter.views.find_tasks(TaskFilter(text=beginning), limit=100)
    found = [task.task_id for task in page.tasks if str(task.task_id).startswith(beginning)]
    if len(found) != 1:
        raise NotOneTask(word, found)
    return found[0]


def filtered(
    *,
    status: Sequence[str] = (),
    kind: str | None = None,
    queue: str | None = None,
    agent: str | None = None,
    tenant: str | None = None,
    error: str | None = None,
    text: str | None = None,
    since: str | None = None,
) -> TaskFilter:
    """Return the filter that options describe. Raises InvalidInput."""
    from arbiter.application.views import TaskFilter

    return TaskFilter(
        statuses=frozenset(status),
        kind=kind,
        queue=queue,
        agent=agent,
        tenant=tenant,
        error=error,
        text=text,
        submitted_from=moment(since, "--since", ago=True) if since is not None else None,
    )
