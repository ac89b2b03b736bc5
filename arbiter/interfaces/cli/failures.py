"""`arbiter failures …`: which errors keep coming back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from arbiter.interfaces.cli.reading import moment
from arbiter.interfaces.cli.session import Session
from arbiter.interfaces.cli.verb import verb

if TYPE_CHECKING:  # imported when a command runs: help must not wait for the database driver
    from arbiter.domain.failures import Watch


@verb("list")
def list_failures(
    session: Session,
    *,
    agent: Annotated[
        str | None, typer.Option("--agent", metavar="AGENT", help="Only this agent's.")
    ] = None,
    kind: Annotated[
        str | None,
        typer.Option(
            "--kind", metavar="KIND", help="Only exception, timeout, worker_lost or refused."
        ),
    ] = None,
    of_type: Annotated[
        str | None, typer.Option("--type", metavar="TYPE", help="Only errors of this type.")
    ] = None,
    since: Annotated[
        str | None,
        typer.Option("--since", metavar="TIME", help="Seen since: ISO 8601, or 2h."),
    ] = None,
    limit: Annotated[
        int, typer.Option("--limit", "-n", metavar="N", help="Patterns to show, at most 1000.")
    ] = 50,
) -> None:
    """List failure patterns, the latest seen first, and how often they came."""
    seen_since = moment(since, "--since", ago=True) if since is not None else None
    with session.arbiter() as arbiter:
        behind = arbiter.views.catch_up()
        found = arbiter.failures.list(
            agent=agent, kind=kind, type=of_type, since=seen_since, limit=limit
        )
        totals = arbiter.failures.totals()

    def show(out: Any) -> None:
        from arbiter.interfaces.cli.showing import failing

        failing.patterns(out, found, totals)

    patterns = [_plain(watch) for watch in found]
    session.answer({"patterns": patterns, "totals": totals, "facts_behind": behind}, show)
    session.note_lag(behind)


@verb("show")
def show_failure(
    session: Session,
    *,
    fingerprint: Annotated[
        str, typer.Argument(metavar="FINGERPRINT", help="As `arbiter failures list` tells it.")
    ],
) -> None:
    """Show one failure pattern: first and last seen, the kinds of task, the latest examples."""
    with session.arbiter() as arbiter:
        behind = arbiter.views.catch_up()
        watch = arbiter.failures.show(fingerprint)

    def show(out: Any) -> None:
        from arbiter.interfaces.cli.showing import failing

        failing.pattern(out, watch)

    session.answer({**_plain(watch), "examples": watch.examples, "facts_behind": behind}, show)
    session.note_lag(behind)


def _plain(watch: Watch) -> dict[str, Any]:
    of = watch.pattern
    return {
        "fingerprint": of.fingerprint,
        "agent": of.agent or None,
        "kind": of.kind,
        "type": of.type,
        "pattern": of.pattern,
        "seen": watch.seen,
        "first_seen": watch.first,
        "last_seen": watch.last,
        "task_kinds": watch.task_kinds,
        "alerts": watch.version,
        "alerted_at": watch.alerted_at,
    }


FAILURES = (list_failures, show_failure)
