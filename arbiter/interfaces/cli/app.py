"""The command line of Arbiter, put together; each command imports what it needs when it runs."""

from __future__ import annotations

from typing import Annotated

import typer

from arbiter.interfaces.cli import (
    agents,
    bench,
    breakers,
    db,
    demo,
    evaluate,
    failures,
    orders,
    performance,
    queue,
    rate,
    redrive,
    registering,
    stale,
    stats,
    submit,
    task,
    worker,
)
from arbiter.interfaces.cli.doctor import command as doctor
from arbiter.interfaces.cli.exits import MEANINGS
from arbiter.interfaces.cli.layout import Group, Root

EPILOG = "\b\nExit codes:\n" + "\n".join(
    f"  {code:>3}  {meaning.split(':')[0]}" for code, meaning in MEANINGS.items()
)
CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


def _version(asked: bool) -> None:
    if asked:
        from arbiter import __version__

        typer.echo(f"arbiter {__version__}")
        raise typer.Exit


def _root(
    *,
    version: Annotated[
        bool,
        typer.Option("--version", help="Tell the version.", callback=_version, is_eager=True),
    ] = False,
) -> None:
    """Decide which agent does which task, watch it happen, prove it afterwards.

    Without a database named, Arbiter starts an embedded PostgreSQL that all its commands share.
    """


def _group(name: str, sentence: str) -> typer.Typer:
    group = typer.Typer(
        name=name,
        cls=Group,
        help=sentence,
        rich_markup_mode=None,
        context_settings=dict(CONTEXT),
    )
    app.add_typer(group)
    return group


app = typer.Typer(
    name="arbiter",
    cls=Root,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings=dict(CONTEXT),
    epilog=EPILOG,
)
app.callback()(_root)

submit.submit.join(app)
tasks = _group("task", "Find tasks, look at them, decide about them.")
for each in (
    *(task.list_tasks, task.show_one, task.history, task.wait),
    *orders.ORDERS,
    *(redrive.redrive, rate.rate, stale.stale, stale.clean_up),
):
    each.join(tasks)
queues = _group("queue", "See what queues hold; pause, resume and limit them.")
for each in queue.QUEUE:
    each.join(queues)
registry = _group("agents", "See who can do what and how well; say who may.")
for each in (
    *agents.AGENTS,
    registering.register,
    performance.performance,
    evaluate.evaluate,
):
    each.join(registry)
guards = _group(
    "breakers", "See who gets no tasks because it failed; open, close and reset breakers."
)
for each in breakers.BREAKERS:
    each.join(guards)
failing = _group("failures", "See which errors keep coming back.")
for each in failures.FAILURES:
    each.join(failing)
worker.worker.join(app)
stats.stats.join(app)
doctor.doctor.join(app)
database = _group("db", "Migrate a database, or see what that would take.")
for each in db.DB:
    each.join(database)
demo.demo.join(app)
bench.bench.join(app)


def main() -> None:
    """Run the command line of this process."""
    app(prog_name="arbiter")
