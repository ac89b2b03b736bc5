"""Looks at the server, the schema, and who may do what to the log."""

from __future__ import annotations

from datetime import UTC, datetime
from time import perf_counter

from arbiter.infrastructure.postgres.inspection import Inspection, ServerFacts
from arbiter.infrastructure.postgres.migrator import MigrationStatus
from arbiter.interfaces.cli.doctor.check import Check, ok, problem, warning

MOST_DRIFT = 1.0
"""Seconds this machine's clock may be off."""


def look_at_server(look: Inspection, *, where: str) -> list[Check]:
    """Tell about the server itself."""
    before, began = datetime.now(UTC), perf_counter()
    found = look.server()
    took = perf_counter() - began
    told = (
        f"PostgreSQL {found.version} ({where}), database {found.database} as {found.role},"
        f" answers in {took * 1000:.1f} ms"
    )
    return [ok("server", told), _durability(found), _clock(found.time, before, took)]


def look_at_migrations(found: MigrationStatus, schema: str) -> Check:
    """Tell whether the schema is what this version needs."""
    if found.pending:
        missing = ", ".join(each.label for each in found.pending)
        return problem("migrations", f"schema {schema} lacks {missing}", "run 'arbiter db migrate'")
    return ok("migrations", f"schema {schema} has all {len(found.applied)}")


def look_at_guards(look: Inspection, *, is_embedded: bool) -> list[Check]:
    """Tell what keeps the log from being changed."""
    bare = [table for table, guarded in look.guards().items() if not guarded]
    guard = (
        problem(
            "append-only",
            f"nothing refuses changes of {', '.join(bare)}: the trigger is missing or disabled",
            "find out who removed it; 'arbiter db dump-sql' shows how to put it back",
        )
        if bare
        else ok("append-only", "triggers refuse every change of the log")
    )
    return [guard, _role(look, is_embedded=is_embedded)]


def _role(look: Inspection, *, is_embedded: bool) -> Check:
    role = look.role()
    if role.above and is_embedded:
        return ok(
            "role", "one role owns and runs the embedded server: the log's guard is a trigger"
        )
    if role.above:
        return warning(
            "role",
            "this role owns the log, so that its guard is only a trigger",
            "run with another role: 'arbiter db migrate --runtime-role NAME' makes one",
        )
    if role.changes:
        return problem(
            "role",
            "this role was granted more on the log than to read and append",
            "run 'arbiter db migrate --runtime-role' for it again, as the owner",
        )
    return ok("role", "this role can append to the log and read it, and no more")


def _durability(found: ServerFacts) -> Check:
    if found.standby:
        return problem(
            "durability", "the server is a standby: nothing can be written", "name the primary"
        )
    off = [
        name
        for name, on in (("fsync", found.fsync), ("full_page_writes", found.full_page_writes))
        if not on
    ]
    if off:
        return warning(
            "durability",
            f"{' and '.join(off)} is off: a crash of the machine can lose acknowledged work",
            "turn it on, unless this is for tests",
        )
    return ok("durability", "what is committed survives a crash")


def _clock(theirs: datetime, ours: datetime, took: float) -> Check:
    drift = (theirs - ours).total_seconds() - took / 2
    if abs(drift) > MOST_DRIFT:
        return warning(
            "clock",
            f"this machine is {abs(drift):.1f} s {'behind' if drift > 0 else 'ahead of'} the server",
            "let both follow one time service; Arbiter goes by the server's",
        )
    return ok("clock", "this machine and the server agree on the time")
