"""`arbiter agents performance`: how agents do, where they are heading, what is not as usual."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from arbiter.interfaces.cli.session import Session
from arbiter.interfaces.cli.verb import verb


@verb("performance")
def performance(
    session: Session,
    *,
    agent: Annotated[str | None, typer.Argument(metavar="AGENT", help="Only this agent.")] = None,
    window: Annotated[
        str, typer.Option("--window", "-w", metavar="5m|1h|24h|7d", help="How far to look back.")
    ] = "24h",
    kind: Annotated[
        str | None, typer.Option("--kind", "-k", metavar="KIND", help="Only this kind.")
    ] = None,
) -> None:
    """Show how agents do: success, quality, latency and cost, trends, and what is not as usual."""
    with session.arbiter() as arbiter:
        behind = arbiter.views.catch_up()
        told = arbiter.agents.performance(agent, window=window, kind=kind)

    def show(out: Any) -> None:
        from arbiter.interfaces.cli.showing import performances

        performances.performances(out, told)

    session.answer({"facts_behind": behind, **_plain(told)}, show)
    session.note_lag(behind)


def _plain(told: Any) -> dict[str, Any]:
    import msgspec

    plain: dict[str, Any] = msgspec.to_builtins(told)
    return plain
