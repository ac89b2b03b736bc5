"""The operator's hand on the breakers: what they are, and to force one open, closed, or new."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches

import msgspec

from arbiter.application.conflicts import decided_again
from arbiter.application.ports import Breakers, Clock, Directory
from arbiter.application.views import BreakerCounts
from arbiter.domain.breaker import (
    TRANSPORT,
    Breaker,
    State,
    force_close,
    force_open,
    reset,
    transport_breaker,
)
from arbiter.domain.commands import Guard
from arbiter.domain.errors import AgentNotFound, InvalidInput
from arbiter.domain.facts import BreakerFact

Decision = Callable[[Breaker, datetime], BreakerFact]


class BreakerView(msgspec.Struct, frozen=True, kw_only=True):
    """A breaker as readers are told of it; what it counts follows the log."""

    name: str
    """The agent, or the transport (`transport:https://host`)."""

    state: State
    since: datetime | None
    """When it moved last; None while it never did."""

    until: datetime | None
    """When an open one is tried again; None while an operator keeps it open."""

    by: str | None
    """The operator who moved it last; None where its own rule did."""

    why: str | None
    failures: int
    """Failures in a row that count, or led to where it stands."""

    last_failure: datetime | None
    successes: int
    """Probes that succeeded since it is half-open."""

    probes: int
    """Probes under way."""

    allowed: int
    """How many of them there may be at a time."""

    version: int


@dataclass(frozen=True)
class Breaking:
    """Lists and moves breakers."""

    breakers: Breakers
    counts: BreakerCounts
    directory: Directory
    clock: Clock

    async def list(self) -> Sequence[BreakerView]:
        """Return every breaker that ever moved, or counts failures now, by name."""
        known = {breaker.name: breaker for breaker in await self.counts.all() if _tells(breaker)}
        for breaker in await self.breakers.all():
            counted = known.get(breaker.name)
            if counted is None or counted.version < breaker.version:
                known[breaker.name] = breaker
        return [view_of(known[name]) for name in sorted(known)]

    async def open(self, order: Guard) -> BreakerView:
        """Keep whom it guards from new work. Raises AgentNotFound, BreakerUnchanged."""
        if order.until is not None and order.until <= self.clock.now():
            raise InvalidInput("until", "has passed already", "give a later moment, or none")
        return await self._move(
            order,
            lambda breaker, at: force_open(
                breaker, at=at, until=order.until, by=order.by, why=order.why
            ),
        )

    async def close(self, order: Guard) -> BreakerView:
        """Let whom it guards have work again, without probes. Raises AgentNotFound, BreakerUnchanged."""
        return await self._move(
            order, lambda breaker, at: force_close(breaker, at=at, by=order.by, why=order.why)
        )

    async def reset(self, order: Guard) -> BreakerView:
        """Make it as new: closed, and no failure counts. Raises AgentNotFound, BreakerUnchanged."""
        return await self._move(
            order, lambda breaker, at: reset(breaker, at=at, by=order.by, why=order.why)
        )

    async def _move(self, order: Guard, decide: Decision) -> BreakerView:
        await self._must_be_known(order.name)

        async def once() -> BreakerView:
            breaker = await self._now(order.name)
            fact = decide(breaker, self.clock.now())
            await self.breakers.move(fact)
            return view_of(await self.breakers.get(order.name))

        return await decided_again(once)

    async def _now(self, name: str) -> Breaker:
        """Return a breaker at its last fact, with what was counted since, as far as that is known."""
        stands = await self.breakers.get(name)
        counted = {breaker.name: breaker for breaker in await self.counts.to_watch()}.get(name)
        return counted if counted is not None and counted.version == stands.version else stands

    async def _must_be_known(self, name: str) -> None:
        if name.startswith(TRANSPORT):
            if transport_breaker(name.removeprefix(TRANSPORT)) != name:
                raise InvalidInput(
                    "name", f"{name!r} names no transport", "write transport:https://host"
                )
            return
        if await self.directory.agent(name) is None:
            known = [breaker.name for breaker in await self.breakers.all()]
            raise AgentNotFound(name, next(iter(get_close_matches(name, known, n=1)), None))


def view_of(breaker: Breaker) -> BreakerView:
    """Tell readers of a breaker."""
    return BreakerView(
        name=breaker.name,
        state=breaker.state,
        since=breaker.since,
        until=breaker.until,
        by=breaker.by,
        why=breaker.why,
        failures=len(breaker.failures),
        last_failure=max(breaker.failures, default=None),
        successes=breaker.successes,
        probes=len(breaker.probes),
        allowed=breaker.allowed,
        version=breaker.version,
    )


def _tells(breaker: Breaker) -> bool:
    return breaker.version > 0 or bool(breaker.failures)
