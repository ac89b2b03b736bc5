"""`arbiter agents register`: one agent by options, or all that a file describes."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from arbiter.domain.errors import InvalidInput
from arbiter.interfaces.cli.agents import Languages, Specializations, must_be_one, say_where
from arbiter.interfaces.cli.reading import seconds
from arbiter.interfaces.cli.session import Session, user
from arbiter.interfaces.cli.tasks import By
from arbiter.interfaces.cli.verb import verb

if TYPE_CHECKING:  # imported when a command runs: help must not wait for the database driver
    from arbiter.application.agent_views import AgentView
    from arbiter.domain.agents import Mode
    from arbiter.domain.facts import Transport


@verb("register")
def register(
    session: Session,
    *,
    name: Annotated[
        str | None, typer.Argument(metavar="NAME", help="Its name, which is its identity.")
    ] = None,
    kind: Annotated[
        list[str] | None,
        typer.Option("--kind", "-k", metavar="NAME", help="What it does; repeatable."),
    ] = None,
    language: Languages = None,
    specialization: Specializations = None,
    model_family: Annotated[
        str | None, typer.Option("--model-family", metavar="NAME", help="What it runs on.")
    ] = None,
    concurrency: Annotated[
        int | None,
        typer.Option("--concurrency", "-c", metavar="N", help="Tasks at a time; 10 by default."),
    ] = None,
    cost: Annotated[
        float | None, typer.Option("--cost", metavar="AMOUNT", help="What one task costs.")
    ] = None,
    weight: Annotated[
        float | None,
        typer.Option("--weight", metavar="N", help="Its share under weighted routing."),
    ] = None,
    command: Annotated[
        str | None,
        typer.Option(
            "--command", metavar="PROGRAM", help="Reached as a program; quoted with its arguments."
        ),
    ] = None,
    url: Annotated[
        str | None, typer.Option("--url", metavar="URL", help="Reached over HTTP.")
    ] = None,
    health_url: Annotated[
        str | None, typer.Option("--health-url", metavar="URL", help="Asked for a sign of life.")
    ] = None,
    secret_env: Annotated[
        str | None,
        typer.Option("--secret-env", metavar="NAME", help="The worker's variable with the secret."),
    ] = None,
    timeout: Annotated[
        str | None, typer.Option("--timeout", metavar="SPAN", help="For one request or program.")
    ] = None,
    file: Annotated[
        Path | None,
        typer.Option("--file", "-f", metavar="FILE", help="Register all of a TOML or YAML file."),
    ] = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="Refuse a name that is registered already.")
    ] = False,
    by: By = None,
) -> None:
    """Make an agent known, or give one that is known this profile.

    A worker that hosts it does its work. With --file, all agents are checked before any is written.
    """
    profile: dict[str, Any] = {
        "kinds": kind,
        "languages": language,
        "specializations": specialization,
        "model_family": model_family,
        "concurrency": concurrency,
        "cost_per_task": cost,
        "weight": weight,
        "reached_by": _transport(command, url, health_url, secret_env, timeout),
    }
    told = {field: value for field, value in profile.items() if value is not None}
    mode: Mode = "strict" if strict else "idempotent"
    if file is not None:
        must_be_one("NAME", name, "--file")
        for field, value in told.items():
            must_be_one(_OPTIONS[field], value, "--file")
        _register_file(session, file, mode, user(by))
        return
    if name is None:
        raise InvalidInput("NAME", "is missing", "give a name and --kind, or a --file")
    told.setdefault("kinds", ())
    with session.arbiter() as arbiter:
        view = arbiter.agents.register(name, mode=mode, by=user(by), **told)
    say_where(session, view)


_OPTIONS = {
    "kinds": "--kind",
    "languages": "--language",
    "specializations": "--specialization",
    "model_family": "--model-family",
    "concurrency": "--concurrency",
    "cost_per_task": "--cost",
    "weight": "--weight",
    "reached_by": "--command or --url",
}


def _register_file(session: Session, file: Path, mode: Mode, by: str) -> None:
    from arbiter.bootstrap.agents_file import read_agents
    from arbiter.domain.agents import profile_of

    described = read_agents(file)
    views: list[AgentView] = []
    with session.arbiter() as arbiter:
        for each in described:
            profile = profile_of(each.profile)
            profile["concurrency"] = profile.pop("max_concurrency")
            del profile["transport"]  # told by reached_by
            views.append(arbiter.agents.register(each.profile.name, mode=mode, by=by, **profile))

    def show(out: Any) -> None:
        from arbiter.interfaces.cli.showing import registry

        registry.agents(out, views)

    session.answer({"agents": views}, show)


def _transport(
    command: str | None,
    url: str | None,
    health_url: str | None,
    secret_env: str | None,
    timeout: str | None,
) -> Transport | None:
    from arbiter.domain import transports

    patience = seconds(timeout, "--timeout") if timeout is not None else None
    if command is not None:
        must_be_one("--url", url, "--command")
        must_be_one("--health-url", health_url, "--command")
        must_be_one("--secret-env", secret_env, "--command")
        try:
            words = shlex.split(command)
        except ValueError as wrong:
            reason = f"cannot be read: {str(wrong).lower()}"
            raise InvalidInput("--command", reason, "quote it as for a shell") from None
        return transports.subprocess(words, timeout_seconds=patience)
    if url is not None:
        return transports.http(
            url, health_url=health_url, secret_env=secret_env, timeout_seconds=patience
        )
    for option, value in (
        ("--health-url", health_url),
        ("--secret-env", secret_env),
        ("--timeout", timeout),
    ):
        if value is not None:
            raise InvalidInput(
                option, "belongs to an agent of another process", "give a --url, too"
            )
    return None
