"""Every verb about breakers and failure patterns once, for both doors."""

from __future__ import annotations

import builtins
from collections.abc import Sequence
from datetime import datetime, timedelta

from arbiter.application import door
from arbiter.application.breaking import BreakerView, Breaking
from arbiter.application.door import checked
from arbiter.application.views import FailureFilter, FailureTotals
from arbiter.bootstrap.core import Core
from arbiter.bootstrap.verbs import Work
from arbiter.domain.commands import Guard
from arbiter.domain.errors import InvalidInput, PatternNotFound
from arbiter.domain.failures import Watch
from arbiter.runtime.service import Service

KINDS = ("exception", "timeout", "worker_lost", "refused")


class BreakerVerbs:
    """Who gets no tasks, or few, because it failed."""

    def __init__(self, core: Core) -> None:
        """Read nothing yet."""
        self._core = core

    def list(self) -> Work[Sequence[BreakerView]]:
        """Return every breaker that ever moved, or counts failures now, by name."""
        return lambda service: _breaking(service).list()

    def open(
        self,
        name: str,
        *,
        seconds: timedelta | float | None = None,
        by: str | None = None,
        why: str | None = None,
    ) -> Work[BreakerView]:
        """Keep an agent, or all behind a transport, from new tasks: for so long, or until it is closed.

        Raises InvalidInput, AgentNotFound, BreakerUnchanged.
        """
        told = checked(Guard, name=name, by=by, why=why)
        for_so_long = None if seconds is None else door.span(seconds, "seconds")
        if for_so_long is not None and not for_so_long:
            raise InvalidInput("seconds", "0 is no time to stay open", "give more, or none")

        async def opened(service: Service) -> BreakerView:
            until = None if for_so_long is None else service.clock.now() + for_so_long
            return await _breaking(service).open(told.model_copy(update={"until": until}))

        return opened

    def close(
        self, name: str, *, by: str | None = None, why: str | None = None
    ) -> Work[BreakerView]:
        """Let it have tasks again, without trying it out. Raises AgentNotFound, BreakerUnchanged."""
        told = checked(Guard, name=name, by=by, why=why)
        return lambda service: _breaking(service).close(told)

    def reset(
        self, name: str, *, by: str | None = None, why: str | None = None
    ) -> Work[BreakerView]:
        """Make it as new: closed, and no failure counts. Raises AgentNotFound, BreakerUnchanged."""
        told = checked(Guard, name=name, by=by, why=why)
        return lambda service: _breaking(service).reset(told)


class FailureVerbs:
    """Which errors keep coming back; the views follow the log."""

    def __init__(self, core: Core) -> None:
        """Read nothing yet."""
        self._core = core

    def list(
        self,
        *,
        agent: str | None = None,
        kind: str | None = None,
        type: str | None = None,  # noqa: A002 - the error's type, as it is called everywhere
        since: datetime | None = None,
        limit: int = 50,
    ) -> Work[Sequence[Watch]]:
        """Return failure patterns, the latest seen first: of an agent, of a kind or a type of error."""
        if kind is not None and kind not in KINDS:
            raise InvalidInput("kind", f"{kind!r} is no kind of failure", f"one of {_or(KINDS)}")
        if since is not None and since.tzinfo is None:
            raise InvalidInput("since", "has no time zone", "write it with one")
        wanted = FailureFilter(agent=agent, kind=kind, type=type, since=since)
        return lambda service: service.store.views.failures.find(wanted, limit=limit)

    def show(self, fingerprint: str) -> Work[Watch]:
        """Return one pattern, with examples. Raises PatternNotFound."""

        async def shown(service: Service) -> Watch:
            found = await service.store.views.failures.get(fingerprint)
            if found is None:
                raise PatternNotFound(fingerprint)
            return found

        return shown

    def totals(self) -> Work[FailureTotals]:
        """Return how many failures were ever seen, by agent, by kind and by type of error."""
        return lambda service: service.store.views.failures.totals()


def _breaking(service: Service) -> Breaking:
    store = service.store
    return Breaking(store.breakers, store.views.breakers, store.directory, service.clock)


def _or(names: builtins.tuple[str, ...]) -> str:
    return ", ".join(names)
