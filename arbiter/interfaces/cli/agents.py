"""`arbiter agents …`: who there is, what each can do, and whether it takes work."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any

import typer
from msgspec.structs import asdict

from arbiter.domain.errors import InvalidInput
from arbiter.interfaces.cli.reading import seconds
from arbiter.interfaces.cli.session import Session, user
from arbiter.interfaces.cli.tasks import By, Why
from arbiter.interfaces.cli.verb import verb

if TYPE_CHECKING:  # imported when a command runs: help must not wait for the database driver
    from arbiter.application.agent_views import AgentView
    from arbiter.bootstrap import Arbiter

Agent = Annotated[str, typer.Argument(metavar="AGENT", help="Its name.")]
Languages = Annotated[
    list[str] | None,
    typer.Option("--language", metavar="NAME", help="A language it knows; repeatable."),
]
Specializations = Annotated[
    list[str] | None,
    typer.Option("--specialization", metavar="NAME", help="What it is at home in; repeatable."),
]
Status = Annotated[
    list[str] | None,
    typer.Option(
        "--status",
        metavar="STATUS",
        help="Only those of this status; repeatable.",
        show_default=False,
    ),
]
LiveOnly = Annotated[bool, typer.Option("--live", help="Only those that somebody hosts now.")]


@verb("list")
def list_agents(
    session: Session,
    *,
    kind: Annotated[
        str | None, typer.Option("--kind", "-k", metavar="NAME", help="Only those of this kind.")
    ] = None,
    status: Status = None,
    live: LiveOnly = False,
) -> None:
    """List agents by name; retired ones only with --status retired."""
    with session.arbiter() as arbiter:
        behind = arbiter.views.catch_up()
        found = arbiter.agents.list(status=status or (), kind=kind, live=live or None)

    def show(out: Any) -> None:
        from arbiter.interfaces.cli.showing import registry

        registry.agents(out, found)

    session.answer({"agents": found, "facts_behind": behind}, show)
    session.note_lag(behind)


@verb("show")
def show_agent(session: Session, *, agent: Agent) -> None:
    """Show one agent: its profile, its status, its hosts, its load."""
    with session.arbiter() as arbiter:
        behind = arbiter.views.catch_up()
        found = arbiter.agents.show(agent)
        breaker = next((each for each in arbiter.breakers.list() if each.name == agent), None)

    def show(out: Any) -> None:
        from arbiter.interfaces.cli.showing import registry

        registry.agent(out, found, breaker)

    session.answer({**asdict(found), "breaker": breaker}, show)
    session.note_lag(behind)


@verb("find")
def find_agents(
    session: Session,
    *,
    kind: Annotated[str, typer.Argument(metavar="KIND", help="What kind of work is to be done.")],
    language: Languages = None,
    specialization: Specializations = None,
    max_utilization: Annotated[
        float | None,
        typer.Option("--max-utilization", metavar="0-1", help="No more of its capacity in use."),
    ] = None,
    min_success_rate: Annotated[
        float | None,
        typer.Option(
            "--min-success-rate", metavar="0-1", help="No less of its attempts succeeded."
        ),
    ] = None,
    status: Status = None,
    live: LiveOnly = False,
    limit: Annotated[int, typer.Option("--limit", "-n", metavar="N", help="Agents, at most.")] = 20,
) -> None:
    """Find the agents that can do a kind of work and all else that is asked, the best first."""
    with session.arbiter() as arbiter:
        behind = arbiter.views.catch_up()
        found = arbiter.agents.query(
            kind,
            languages=language or (),
            specializations=specialization or (),
            max_utilization=max_utilization,
            min_success_rate=min_success_rate,
            status=status or ("available", "busy"),
            live=live or None,
            limit=limit,
        )

    def show(out: Any) -> None:
        from arbiter.interfaces.cli.showing import registry

        registry.matches(out, found)

    session.answer({"matches": found, "facts_behind": behind}, show)
    session.note_lag(behind)


@verb("status")
def set_status(
    session: Session,
    *,
    agent: Agent,
    status: Annotated[
        str,
        typer.Argument(metavar="STATUS", help="available, busy, offline, maintenance or draining."),
    ],
    why: Why = None,
    by: By = None,
) -> None:
    """Say whether an agent takes new tasks; what it runs goes on."""
    _order(
        session,
        lambda arbiter: arbiter.agents.set_status(agent, status, by=user(by), why=why),
    )


@verb("retire")
def retire(session: Session, *, agent: Agent, why: Why = None, by: By = None) -> None:
    """Give an agent no task any more, unless it is registered again."""
    _order(session, lambda arbiter: arbiter.agents.retire(agent, by=user(by), why=why))


@verb("stats")
def stats(session: Session) -> None:
    """Show how many agents there are, live, at work and idle."""
    with session.arbiter() as arbiter:
        behind = arbiter.views.catch_up()
        found = arbiter.agents.stats()

    def show(out: Any) -> None:
        from arbiter.interfaces.cli.showing import registry

        registry.stats(out, found)

    session.answer(found, show)
    session.note_lag(behind)


@verb("clean-up")
def clean_up(
    session: Session,
    *,
    older_than: Annotated[
        str | None,
        typer.Option(
            "--older-than", metavar="SPAN", help="Not met for so long; one day by default."
        ),
    ] = None,
) -> None:
    """Take agents as offline that nobody has met for long, as workers do once an hour."""
    span = seconds(older_than, "--older-than") if older_than is not None else None
    with session.arbiter() as arbiter:
        arbiter.views.catch_up()
        changed = arbiter.agents.clean_up(span)

    def show(out: Any) -> None:
        for view in changed:
            out.print(f"{view.name} is offline: {view.status_why}")
        if not changed:
            out.print("every agent was met lately, or is offline already", style="dim")

    session.answer({"agents": changed}, show)


def _order(session: Session, order: Callable[[Arbiter], AgentView]) -> None:
    with session.arbiter() as arbiter:
        view = order(arbiter)
    say_where(session, view)


def say_where(session: Session, view: AgentView) -> None:
    """Answer with where an agent stands now."""

    def show(out: Any) -> None:
        from rich.text import Text

        from arbiter.interfaces.cli.showing.registry import standing

        out.print(Text.assemble(f"{view.name} ", standing(view.status)))

    session.answer(view, show)


def _answer(session: Session, view: AgentView) -> None:
    def show(out: Any) -> None:
        from arbiter.interfaces.cli.showing import registry

        registry.agent(out, view)

    session.answer(view, show)


def must_be_one(option: str, values: object, other: str) -> None:
    """Refuse two options that say the same in different ways. Raises InvalidInput."""
    if values:
        raise InvalidInput(option, f"cannot stand beside {other}", "give one of them")


AGENTS = (list_agents, show_agent, find_agents, set_status, retire, stats, clean_up)
