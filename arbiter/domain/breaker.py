"""The circuit breaker of an agent or a transport: whether it may have more work, and how it gets back.

Its facts tell its state; the attempts of the log, folded between them, tell what counts towards the next.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Any, TypeVar
from urllib.parse import urlsplit
from uuid import UUID, uuid5

import msgspec
from msgspec.structs import replace

from arbiter.domain import facts as f
from arbiter.domain.errors import BreakerUnchanged
from arbiter.domain.facts import BreakerFact

BREAKERS = UUID("6f0d0a52-5d0b-5b42-9d2c-6f6f5d3d5a04")
"""The namespace of breaker ids."""

TRANSPORT = "transport:"
"""What the names of transports' breakers begin with."""

F = TypeVar("F", bound=BreakerFact)


class State(StrEnum):
    """Whether the guarded one may have work."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


MOST_FAILURES = 100
"""Failures in a row that a breaker remembers; no policy may ask for more."""


class Policy(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """When a breaker opens and closes; all times in seconds."""

    failures: int = 5
    """So many in a row, within the window, open it."""

    window_seconds: float = 300.0
    open_seconds: float = 60.0
    """How long it stays open before probes begin."""

    probes: int = 1
    """How many attempts may be under way at a time while it is half-open."""

    successes: int = 3
    """So many successful probes close it; one that fails opens it again."""

    def __post_init__(self) -> None:
        """Refuse, as a ValueError, numbers under which it could never move."""
        for name in ("failures", "probes", "successes"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name}: must be at least 1")
        if self.failures > MOST_FAILURES:
            raise ValueError(f"failures: must be at most {MOST_FAILURES}")
        for name in ("window_seconds", "open_seconds"):
            if not 0 < getattr(self, name) < float("inf"):
                raise ValueError(f"{name}: must be a time above 0")


DEFAULT_POLICY = Policy()


class Breaker(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One breaker, and what has happened since its last fact."""

    id: UUID
    name: str
    """Whom it guards: an agent, or a transport (`transport:https://host`)."""

    version: int = 0
    state: State = State.CLOSED
    until: datetime | None = None
    """When an open one half-opens; None while an operator keeps it open."""

    allowed: int = 0
    """How many probes may be under way at a time."""

    since: datetime | None = None
    """When it moved last, and who decided that, and why; nobody where its own rule did."""

    by: str | None = None
    why: str | None = None

    failures: tuple[datetime, ...] = ()
    """The latest failures in a row, oldest first; while half-open, of probes."""

    successes: int = 0
    """The probes that succeeded."""

    probes: frozenset[UUID] = frozenset()
    """What is under way as a probe."""


@lru_cache(maxsize=4096)
def breaker_id(name: str) -> UUID:
    """Return the id of the breaker of the agent, or transport, of this name."""
    return uuid5(BREAKERS, name)


def new_breaker(name: str) -> Breaker:
    """Return the breaker of one of which nothing is known: it is closed."""
    return Breaker(id=breaker_id(name), name=name)


def room(breaker: Breaker) -> int | None:
    """How many more attempts there may be now; None where the breaker sets no limit."""
    match breaker.state:
        case State.CLOSED:
            return None
        case State.OPEN:
            return 0
        case State.HALF_OPEN:
            return max(0, breaker.allowed - len(breaker.probes))


def transport_breaker(url: str) -> str:
    """Name the breaker that all agents behind one host share: `transport:https://host:8443`."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2].lower()
    return f"{TRANSPORT}{parts.scheme.lower()}://{host}"


# ── What the attempts of the log add to it ───────────────────────────────────────────────────────


def routed(breaker: Breaker, probe: UUID) -> Breaker:
    """Remember work that was given out: while it is half-open, that is a probe."""
    if breaker.state is not State.HALF_OPEN:
        return breaker
    return replace(breaker, probes=breaker.probes | {probe})


def ended(breaker: Breaker, probe: UUID, *, success: bool | None, at: datetime) -> Breaker:
    """Count how work ended; None is an end that says nothing of who did it (cancelled, lost).

    While it is open nothing counts, and while it is half-open only probes do: what began earlier
    tells of the agent as it was.
    """
    match breaker.state:
        case State.CLOSED:
            return _counted(breaker, success=success, at=at)
        case State.HALF_OPEN if probe in breaker.probes:
            return replace(
                breaker,
                probes=breaker.probes - {probe},
                successes=breaker.successes + (success is True),
                failures=(at,) if success is False else breaker.failures,
            )
        case _:
            return breaker


def _counted(breaker: Breaker, *, success: bool | None, at: datetime) -> Breaker:
    if success is None or (success and not breaker.failures):
        return breaker
    if success:
        return replace(breaker, failures=())
    return replace(breaker, failures=(*breaker.failures, at)[-MOST_FAILURES:])


# ── What it decides ──────────────────────────────────────────────────────────────────────────────


def answer(breaker: Breaker, policy: Policy, *, at: datetime) -> BreakerFact | None:
    """Tell what follows from what was counted and from the time; None while nothing does."""
    match breaker.state:
        case State.CLOSED if (failed := _recent(breaker, policy)) >= policy.failures:
            return _opened(breaker, policy, at, failed, f"{failed} failures in a row")
        case State.OPEN if breaker.until is not None and breaker.until <= at:
            return _next(f.BreakerHalfOpened, breaker, at, probes=policy.probes)
        case State.HALF_OPEN if breaker.failures:
            return _opened(breaker, policy, at, len(breaker.failures), "a probe failed")
        case State.HALF_OPEN if breaker.successes >= policy.successes:
            return _next(f.BreakerClosed, breaker, at, successes=breaker.successes)
        case _:
            return None


def force_open(
    breaker: Breaker,
    *,
    at: datetime,
    until: datetime | None = None,
    by: str | None = None,
    why: str | None = None,
) -> f.BreakerOpened:
    """Keep whom it guards from work, until a moment or until an operator closes it."""
    if breaker.state is State.OPEN and breaker.until == until:
        raise BreakerUnchanged(breaker.name, f.BreakerOpened.topic, breaker.state)
    return _next(f.BreakerOpened, breaker, at, until=until, by=by, why=why)


def force_close(
    breaker: Breaker, *, at: datetime, by: str | None = None, why: str | None = None
) -> f.BreakerClosed:
    """Let whom it guards have work again, without probes."""
    if breaker.state is State.CLOSED:
        raise BreakerUnchanged(breaker.name, f.BreakerClosed.topic, breaker.state)
    return _next(f.BreakerClosed, breaker, at, by=by, why=why)


def reset(
    breaker: Breaker, *, at: datetime, by: str | None = None, why: str | None = None
) -> f.BreakerClosed:
    """Make it as new: closed, and no failure counts, also where it was closed before."""
    if breaker.state is State.CLOSED and not breaker.failures:
        raise BreakerUnchanged(breaker.name, f.BreakerClosed.topic, breaker.state)
    return _next(f.BreakerClosed, breaker, at, by=by, why=why)


def _recent(breaker: Breaker, policy: Policy) -> int:
    """Count the failures within the window that ends with the last of them."""
    if not breaker.failures:
        return 0
    begins = max(breaker.failures) - timedelta(seconds=policy.window_seconds)
    return sum(moment > begins for moment in breaker.failures)


def _opened(
    breaker: Breaker, policy: Policy, at: datetime, failed: int, why: str
) -> f.BreakerOpened:
    until = at + timedelta(seconds=policy.open_seconds)
    return _next(f.BreakerOpened, breaker, at, until=until, failures=failed, why=why)


def _next(happens: type[F], breaker: Breaker, at: datetime, **details: Any) -> F:
    return happens(
        breaker_id=breaker.id, agent=breaker.name, version=breaker.version + 1, at=at, **details
    )


# ── What it remembers ────────────────────────────────────────────────────────────────────────────


def evolve(breaker: Breaker, happened: BreakerFact) -> Breaker:
    """Remember one fact; counting begins anew. Replay calls this: it never refuses."""
    told = Breaker(
        id=breaker.id,
        name=breaker.name,
        version=happened.version,
        since=happened.at,
        by=happened.by,
        why=happened.why,
    )
    match happened:
        case f.BreakerOpened(until=until):
            return replace(told, state=State.OPEN, until=until)
        case f.BreakerHalfOpened(probes=probes):
            return replace(told, state=State.HALF_OPEN, allowed=probes)
        case _:
            return told
