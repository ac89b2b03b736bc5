"""What both doors share: the settings, the engine, the service, the agents declared so far."""

from __future__ import annotations

import asyncio
import random
import threading
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any, Self
from uuid import UUID

import uuid_utils.compat

from arbiter.application.ports import Recorded
from arbiter.application.views import Stats
from arbiter.bootstrap.keeping import keepers
from arbiter.bootstrap.locate import Locator
from arbiter.domain.commands import check_limits, check_retry
from arbiter.domain.errors import InvalidAgent, Stopped
from arbiter.domain.facts import Transport
from arbiter.domain.limits import Limits
from arbiter.domain.retry import RetryPolicy
from arbiter.infrastructure.postgres.store import PostgresStore
from arbiter.runtime.clock import DatabaseClock
from arbiter.runtime.engine import OVER, Answer, Begin, Engine
from arbiter.runtime.hosted import Handler, HostedAgent, Isolation, profile
from arbiter.runtime.listeners import Listener, Listeners, event_of
from arbiter.runtime.notices import Notices
from arbiter.runtime.projector import POLL_SECONDS, Projector
from arbiter.runtime.scheduler import AsyncioScheduler
from arbiter.runtime.service import Plan, Service
from arbiter.runtime.store import Store
from arbiter.runtime.worker import Background, Hosting
from arbiter.settings import Settings

THREADS_BESIDE_HANDLERS = 4
POLL_WITHOUT_BELL_SECONDS = 1.0
"""How often the views look for news where nobody tells them."""


class Core:
    """One Arbiter in one process; nothing is started before first use."""

    def __init__(
        self,
        settings: Settings,
        store: Callable[[DatabaseClock, AsyncioScheduler], Store] | None = None,
    ) -> None:
        """`store` builds another store than the one of the settings (the in-memory twin)."""
        self.settings = settings
        self.engine = Engine()
        self.locator = Locator(settings)
        self.listeners = Listeners()
        self._build_store = store
        self._agents: list[HostedAgent] = []
        self._declared: list[Callable[[Core], None]] = []
        self._service: Service | None = None
        self._notices: Notices | None = None
        self._closed = False
        self._stopping = threading.Lock()

    # -- on the caller's side

    def run(self, work: Callable[[Service], Coroutine[Any, Any, Any]]) -> Any:
        """Run work on the engine and wait for it."""
        return self.engine.call(self._with_service(work))

    def arun(self, work: Callable[[Service], Coroutine[Any, Any, Any]]) -> asyncio.Future[Any]:
        """Run work on the engine; cancelling the caller does not cancel the work."""
        return self.engine.acall(self._with_service(work))

    def declare(
        self,
        name: str,
        kinds: Iterable[str] | str,
        handler: Handler,
        *,
        languages: Iterable[str] = (),
        specializations: Iterable[str] = (),
        model_family: str | None = None,
        concurrency: int | None = None,
        cost_per_task: float = 0.0,
        weight: float = 1.0,
        retry: RetryPolicy | None = None,
        limits: Limits | None = None,
        isolation: Isolation = "thread",
        reached_by: Transport | None = None,
    ) -> None:
        """Declare an agent of this process; raises InvalidAgent."""
        kinds, languages, specializations = map(_kept, (kinds, languages, specializations))
        try:
            check_retry(retry or RetryPolicy())
            check_limits(limits or Limits())
        except ValueError as wrong:
            field, _, reason = str(wrong).partition(": ")
            raise InvalidAgent(field, reason) from None
        known = profile(
            name,
            kinds,
            at=datetime.now(UTC),
            languages=languages,
            specializations=specializations,
            model_family=model_family,
            concurrency=self.settings.concurrency if concurrency is None else concurrency,
            cost_per_task=cost_per_task,
            weight=weight,
            isolation=isolation,
            retry=retry,
            limits=limits,
            reached_by=reached_by,
        )
        agent = HostedAgent(known, handler, retry=retry, limits=limits, isolation=isolation)
        if any(other.name == name for other in self._agents):
            raise InvalidAgent("name", f"agent {name!r} is declared twice", "use another name")
        if self._service is not None:
            self._service.declare(agent)
        self._agents.append(agent)
        self._declared.append(
            partial(
                type(self).declare,
                name=name,
                kinds=kinds,
                handler=handler,
                languages=languages,
                specializations=specializations,
                model_family=model_family,
                concurrency=concurrency,
                cost_per_task=cost_per_task,
                weight=weight,
                retry=retry,
                limits=limits,
                isolation=isolation,
                reached_by=reached_by,
            )
        )

    @property
    def agents(self) -> Sequence[HostedAgent]:
        """The agents declared so far."""
        return tuple(self._agents)

    def under(self, settings: Settings) -> Self:
        """Return the same agents under other settings; nothing is started there."""
        other = type(self)(settings, self._build_store)
        for declare in self._declared:
            declare(other)
        return other

    def stop(self, drain_seconds: float | None = None, hurry: asyncio.Event | None = None) -> int:
        """Drain, say so, disconnect, and end the engine; return how many tasks were given back.

        Setting `hurry` ends the draining at once. Who comes while another one stops it waits for the end.
        """
        with self._stopping:
            try:
                if self.engine.is_running:
                    released: int = self.engine.call(lambda _: self._stop(drain_seconds, hurry))
                    return released
            finally:
                self.close()
            return 0

    async def astop(self, drain_seconds: float | None = None) -> None:
        """Stop beside the caller's loop, on which async listeners may still run."""
        await asyncio.to_thread(self.stop, drain_seconds)

    def close(self) -> None:
        """End the engine; idempotent."""
        self._closed = True
        self.engine.close()
        self.listeners.close()
        self.locator.release()

    # -- on the engine's side

    def _with_service(self, work: Callable[[Service], Coroutine[Any, Any, Any]]) -> Begin:
        if self._closed:
            raise Stopped(OVER)
        at_once = getattr(work, "at_once", None)

        def begin(answer: Answer) -> Coroutine[Any, Any, Any] | None:
            service = self._service
            if service is None or not service.is_open:
                return self._after_opening(work)
            if at_once is not None and at_once(service, answer):
                return None
            return work(service)

        return begin

    async def _after_opening(self, work: Callable[[Service], Coroutine[Any, Any, Any]]) -> Any:
        service = self._service or self._build()
        await service.open()
        return await work(service)

    def _build(self) -> Service:
        clock = DatabaseClock()
        scheduler = AsyncioScheduler(self.settings.concurrency + THREADS_BESIDE_HANDLERS)
        settings = self.settings
        self._service = Service(
            self._store(clock, scheduler),
            Plan(
                hosting=Hosting(
                    worker=settings.worker,
                    queues=settings.queues,
                    slots=settings.concurrency,
                    beat_seconds=settings.beat_seconds,
                    lease_seconds=settings.lease_seconds,
                    poll_seconds=settings.poll_seconds,
                    result_limit=settings.payload_limit,
                    routing=settings.routing.plan,
                ),
                drain_seconds=settings.drain_seconds,
                callback_listen=settings.callback_listen,
                callback_url=settings.callback_url,
                agent_limit=settings.agent_limit,
                agent_stale_seconds=settings.agent_stale_seconds,
                projector=_projector(clock, scheduler) if settings.projector else None,
                breaker_policy=settings.breaker_policy,
                keepers=keepers(settings, clock, scheduler),
            ),
            clock=clock,
            scheduler=scheduler,
            new_id=new_id,
            chance=random.random,
        )
        for agent in self._agents:
            self._service.declare(agent)
        self._notices = Notices(clock, scheduler, self._lately, settings.stats_seconds)
        return self._service

    def _store(self, clock: DatabaseClock, scheduler: AsyncioScheduler) -> Store:
        if self._build_store is not None:
            return self._build_store(clock, scheduler)
        listen = self.settings.listen_url
        return PostgresStore(
            self.locator.locate,
            self.settings.schema_name,
            clock=clock,
            scheduler=scheduler,
            pooled=self.settings.pooled,
            listen_dsn=listen.get_secret_value() if listen is not None else None,
        )

    async def start(self, service: Service) -> None:
        """Host the declared agents, and say so."""
        await service.start()
        if self._notices is not None:
            self._notices.start()

    async def _stop(self, drain_seconds: float | None, hurry: asyncio.Event | None) -> int:
        service = self._service
        released = 0
        if service is None:
            return released
        try:
            if self._notices is not None and service.is_hosting:
                released = await service.drain(drain_seconds, hurry)
                await self._notices.stop()
        finally:
            await service.close(drain_seconds)
        return released

    async def listen(
        self, service: Service, pattern: str, listener: Listener
    ) -> list[Callable[[], None]]:
        """Call a listener for facts and notices whose topic matches; returns the ways out."""
        ear = self.listeners.add(listener)
        ways_out: list[Callable[[], None]] = [partial(self.listeners.remove, ear)]
        if self._notices is not None and Notices.concerns(pattern):
            ways_out.append(self._notices.listen(pattern, ear))
        if not pattern.startswith("orchestrator."):

            def deliver(batch: Iterable[Recorded]) -> None:
                ear.hear([event_of(each) for each in batch])

            ways_out.append(await service.follower.listen(pattern, deliver))
        return ways_out

    async def _lately(self) -> tuple[Stats, int]:
        assert self._service is not None, "notices belong to a service"
        overview = await self._service.overview(window_minutes=5)
        return overview.stats, overview.running_here


def _kept(values: Any) -> Any:
    """Keep what can be gone through only once; what cannot at all is refused where it is checked."""
    return tuple(values) if isinstance(values, Iterable) and not isinstance(values, str) else values


def new_id(_: datetime) -> UUID:
    """Return a new id that sorts by time, which keeps the log's index and its WAL small."""
    return uuid_utils.compat.uuid7()


def _projector(
    clock: DatabaseClock, scheduler: AsyncioScheduler
) -> Callable[[Store, Callable[[], bool]], Background]:
    def build(store: Store, busy: Callable[[], bool]) -> Background:
        return Projector(
            store.ledger,
            store.log,
            store.bell,
            clock=clock,
            scheduler=scheduler,
            busy=busy,
            poll_seconds=POLL_SECONDS if store.hears else POLL_WITHOUT_BELL_SECONDS,
        )

    return build


def merged(
    settings: Settings | None, dsn: str | None, more: Mapping[str, Any], source: str = "connect()"
) -> Settings:
    """Return settings with single values put over them; `source` tells where those come from."""
    values: dict[str, Any] = dict(more)
    if dsn is not None:
        values["database_url"] = dsn
    if settings is None:
        return Settings.of(values, source)
    if not values:
        return settings
    kept = {
        (field.alias or name): getattr(settings, name)
        for name, field in Settings.model_fields.items()
        if name in settings.model_fields_set
    }
    return Settings.of({**kept, **values}, source)
