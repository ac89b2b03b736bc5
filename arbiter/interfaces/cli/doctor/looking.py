"""Looks at one thing after the other, as far as the one before allows."""

from __future__ import annotations

from arbiter.bootstrap import connect
from arbiter.bootstrap.locate import Locator
from arbiter.domain.errors import ArbiterError, InvalidInput
from arbiter.infrastructure.postgres import migrator
from arbiter.infrastructure.postgres.inspection import Inspection
from arbiter.interfaces.cli.doctor.check import Check, ok, problem, warning, worst
from arbiter.interfaces.cli.doctor.running import look_at_views, look_at_workers
from arbiter.interfaces.cli.doctor.server import (
    look_at_guards,
    look_at_migrations,
    look_at_server,
)
from arbiter.interfaces.cli.doctor.soundness import look_at_soundness
from arbiter.interfaces.cli.exits import DATABASE, OK, REFUSED, described
from arbiter.settings import Settings

ADVICE = {
    "database_unavailable": "start it, or name another with --dsn",
    "database_too_old": "upgrade it, or name another with --dsn",
    "embedded_unavailable": "name a PostgreSQL with --dsn",
}


def look(settings: Settings, *, everything: bool) -> tuple[list[Check], int]:
    """Return what was found, and the exit code for it."""
    checks = [_settings(settings)]
    locator = Locator(settings)
    try:
        is_ready = _database(settings, locator, checks, everything=everything)
        if is_ready:
            _running(settings, checks)
    except InvalidInput:
        raise
    except ArbiterError as error:
        found = described(error)
        advice = ADVICE.get(found["code"], "see what it says")
        checks.append(problem("database", found["message"], advice))
        return checks, DATABASE
    finally:
        locator.release()
    if not is_ready:
        return checks, DATABASE
    return checks, REFUSED if worst(checks) == "problem" else OK


def _database(
    settings: Settings, locator: Locator, checks: list[Check], *, everything: bool
) -> bool:
    """Look at the database itself; say whether an Arbiter could work on it."""
    dsn = locator.locate()
    where = "embedded" if locator.is_embedded else "named"
    found = migrator.status(dsn, settings.schema_name)
    with Inspection(dsn, settings.schema_name) as inspection:
        checks += look_at_server(inspection, where=where)
        checks.append(look_at_migrations(found, settings.schema_name))
        if found.pending:
            return False
        checks += look_at_guards(inspection, is_embedded=locator.is_embedded)
        checks.append(look_at_soundness(inspection, everything=everything))
    return True


def _running(settings: Settings, checks: list[Check]) -> None:
    with connect(settings=settings) as arbiter:
        missing = arbiter.views.catch_up()
        checks.append(look_at_views(arbiter.views.projections(), missing))
        checks.append(look_at_workers(arbiter.stats(window_minutes=1)))


def _settings(settings: Settings) -> Check:
    given = sorted(settings.model_fields_set)
    told = f"schema {settings.schema_name}, queues {', '.join(settings.queues)}"
    told += f"; set: {', '.join(given)}" if given else "; all by default"
    if settings.pooled and settings.listen_url is None:
        return warning(
            "settings",
            f"{told}; a pooler without listen_url: workers look for news several times a second",
            "set listen_url to an address that goes around the pooler",
        )
    return ok("settings", told)
