"""`arbiter worker`: hosts the agents of a module or a file until it is told to stop."""

from __future__ import annotations

import logging
import os
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Annotated, Any

import typer

from arbiter.domain.errors import InvalidInput
from arbiter.interfaces.cli.exits import INTERRUPTED, OK, outcome
from arbiter.interfaces.cli.reading import seconds
from arbiter.interfaces.cli.session import Session
from arbiter.interfaces.cli.verb import verb

if TYPE_CHECKING:  # imported when a command runs: help must not wait for the database driver
    from arbiter.bootstrap.core import Core
    from arbiter.runtime.service import Service
    from arbiter.settings import Settings

THIRD = 3


@verb("worker")
def worker(
    session: Session,
    *,
    module: Annotated[
        str | None,
        typer.Argument(
            metavar="MODULE[:NAME]",
            help="What declares the agents: a module, and the name of the Arbiter in it.",
        ),
    ] = None,
    agents: Annotated[
        list[Path] | None,
        typer.Option(
            "--agents",
            "-a",
            metavar="FILE",
            help="Host what a TOML or YAML file describes; repeatable.",
        ),
    ] = None,
    queues: Annotated[
        list[str] | None,
        typer.Option("--queue", "-q", metavar="NAME", help="A queue to serve; repeatable."),
    ] = None,
    concurrency: Annotated[
        int | None,
        typer.Option("--concurrency", "-c", metavar="N", help="Tasks at a time, over all agents."),
    ] = None,
    name: Annotated[
        str | None, typer.Option("--name", metavar="NAME", help="This worker's name in listings.")
    ] = None,
    drain: Annotated[
        str | None,
        typer.Option("--drain", metavar="SPAN", help="How long handlers may finish at the end."),
    ] = None,
) -> int:
    """Host the agents that a module or a file declares, until SIGTERM or Ctrl-C.

    The first signal drains: nothing more is claimed, handlers may finish, the rest is given back. The
    second gives back at once.
    """
    patience = seconds(drain, "--drain") if drain is not None else None
    files = agents or []
    if module is None and not files:
        raise InvalidInput("MODULE", "is missing", "name a module, or a file with --agents")
    given = session.settings(
        queues=tuple(queues) if queues else None,
        concurrency=concurrency,
        worker=name,
        drain_seconds=patience,
    )
    core = _declared(module, files, given)
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(message)s")
    code = outcome(lambda: _work(session, core), as_json=session.json)
    # A handler that is stuck in a thread would keep the process; its task has been given back.
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _declared(module: str | None, files: Sequence[Path], given: Settings) -> Core:
    """Return what hosts the agents of a module and of files, under the settings of the command line."""
    from arbiter.bootstrap import connect
    from arbiter.bootstrap.agents_file import declare_agents, read_agents
    from arbiter.interfaces.cli.declaring import declared, see_working_folder

    described = [read_agents(file) for file in files]
    if module is None:
        see_working_folder()
        core = connect(settings=given).core
    else:
        found = declared(module)
        core = found.core.under(_over(found.settings, given))
    for each in described:
        declare_agents(core, each)
    return core


def _over(declared: Settings, given: Settings) -> Settings:
    """Put the settings of the command line over those that the module gave to connect()."""
    from arbiter.bootstrap import merged

    told = {
        (field.alias or name): getattr(given, name)
        for name, field in type(given).model_fields.items()
        if name in given.model_fields_set
    }
    return merged(declared, None, told, "the options")


def _work(session: Session, core: Core) -> int:
    import asyncio

    from arbiter.runtime.collector import settle

    hurry = asyncio.Event()
    told_to_stop = Event()
    with _signals(core, told_to_stop, hurry):
        try:
            core.run(core.start)
            settle()
            if not told_to_stop.is_set():
                _say_hosting(session, core)
            told_to_stop.wait()
            _say_draining(session, core.run(_running), core.settings.drain_seconds)
        finally:
            released = core.stop(hurry=hurry)
        _say_stopped(session, released)
    return OK


async def _running(service: Service) -> int:
    return service.running


def _say_hosting(session: Session, core: Core) -> None:
    agents = [
        {
            "name": agent.name,
            "kinds": list(agent.profile.kinds),
            "concurrency": agent.slots,
            "isolation": agent.isolation,
        }
        for agent in core.agents
    ]
    settings = core.settings
    if session.json:
        told = {"worker": settings.worker or None, "pid": os.getpid(), "queues": settings.queues}
        session.write({"event": "hosting", **told, "agents": agents})
        return
    queues = " and ".join(settings.queues)
    _line(f"worker {os.getpid()} serves {queues}, {settings.concurrency} tasks at a time")
    for agent in core.agents:
        apart = ", each in a process of its own" if agent.isolation == "process" else ""
        _line(f"  {agent.name}: {', '.join(agent.profile.kinds)}, {agent.slots} at a time{apart}")
    _line(f"stop with Ctrl-C; handlers then have {settings.drain_seconds:g} s to finish")


def _say_draining(session: Session, running: int, patience: float) -> None:
    if session.json:
        session.write({"event": "draining", "running": running, "seconds": patience})
        return
    if running:
        handlers = "1 handler has" if running == 1 else f"{running} handlers have"
        _line(f"draining: {handlers} {patience:g} s to finish; a second signal stops at once")
    else:
        _line("draining: no handler runs")


def _say_stopped(session: Session, released: int) -> None:
    if session.json:
        session.write({"event": "stopped", "released": released})
        return
    tasks = "1 task was" if released == 1 else f"{released} tasks were"
    _line(f"stopped; {tasks} given back" if released else "stopped")


def _line(text: str) -> None:
    print(text, flush=True)


@contextmanager
def _signals(core: Core, told_to_stop: Event, hurry: Any) -> Iterator[None]:
    """Let the first signal drain, the second hurry, the third end the process as it is."""
    heard: list[int] = []

    def hear(number: int, _: object) -> None:
        heard.append(number)
        told_to_stop.set()
        if len(heard) > 1:
            core.engine.soon(hurry.set)
        if len(heard) >= THIRD:
            os._exit(INTERRUPTED)

    before = {number: signal.signal(number, hear) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
