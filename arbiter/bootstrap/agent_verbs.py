"""Every verb about agents once, for both doors."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Unpack

from arbiter.application import agent_door, door
from arbiter.application.agent_door import Changes
from arbiter.application.agent_finder import AgentFilter
from arbiter.application.agent_views import AgentMatch, AgentView, RegistryStats
from arbiter.bootstrap.core import Core
from arbiter.bootstrap.verbs import Work
from arbiter.domain.agents import Mode
from arbiter.domain.facts import Transport
from arbiter.domain.limits import Limits
from arbiter.domain.retry import RetryPolicy
from arbiter.runtime.service import Service


class AgentVerbs:
    """The registry of agents."""

    def __init__(self, core: Core) -> None:
        """Start nothing."""
        self._core = core

    def register(
        self,
        name: str,
        *,
        kinds: Iterable[str] | str,
        languages: Iterable[str] | str = (),
        specializations: Iterable[str] | str = (),
        model_family: str | None = None,
        concurrency: int = 10,
        cost_per_task: float = 0.0,
        weight: float = 1.0,
        reached_by: Transport | None = None,
        retry: RetryPolicy | None = None,
        limits: Limits | None = None,
        mode: Mode = "idempotent",
        by: str | None = None,
    ) -> Work[AgentView]:
        """Make an agent known; one that is known already gets this profile, whole.

        With mode="strict", a name that is taken is refused. One that was retired begins anew. Raises
        InvalidAgent, AgentAlreadyExists, RegistryFull.
        """
        strictness = agent_door.mode(mode)
        described = agent_door.described(
            name,
            at=datetime.now(UTC),
            by=by,
            kinds=kinds,
            languages=languages,
            specializations=specializations,
            model_family=model_family,
            concurrency=concurrency,
            cost_per_task=cost_per_task,
            weight=weight,
            reached_by=reached_by,
            retry=retry,
            limits=limits,
        )

        async def register(service: Service) -> AgentView:
            fact = agent_door.at(described, service.clock.now())
            agent = await service.registry.register(fact, mode=strictness)
            service.kinds.declare(frozenset(agent.profile.kinds))
            return await service.agents.show(agent)

        return register

    def update(
        self, name: str, *, by: str | None = None, **changes: Unpack[Changes]
    ) -> Work[AgentView]:
        """Change some of an agent's profile, by the words of `register`; the rest stays as it is.

        Raises InvalidAgent, AgentNotFound, AgentGone.
        """
        known, told = agent_door.named(name), agent_door.changes(changes)

        async def update(service: Service) -> AgentView:
            agent = await service.registry.update(known, told, by=by)
            return await service.agents.show(agent)

        return update

    def set_status(
        self, name: str, status: str, *, by: str | None = None, why: str | None = None
    ) -> Work[AgentView]:
        """Say whether an agent takes new tasks: available, busy, offline, maintenance or draining.

        An available or busy one does; what any of them runs goes on. Raises InvalidAgent,
        AgentNotFound, AgentGone.
        """
        order = agent_door.standing(name, status, by=by, why=why)

        async def set_status(service: Service) -> AgentView:
            agent = await service.registry.set_status(
                order.name, order.status, by=order.by, why=order.why
            )
            return await service.agents.show(agent)

        return set_status

    def retire(
        self, name: str, *, by: str | None = None, why: str | None = None
    ) -> Work[AgentView]:
        """Give an agent no task any more, unless it is registered again. Raises AgentNotFound."""
        order = agent_door.retiring(name, by=by, why=why)

        async def retire(service: Service) -> AgentView:
            agent = await service.registry.retire(order.name, by=order.by, why=order.why)
            return await service.agents.show(agent)

        return retire

    def list(
        self,
        *,
        status: Iterable[str] | str = (),
        kind: str | None = None,
        live: bool | None = None,
    ) -> Work[Sequence[AgentView]]:
        """Return agents by name; retired ones only if their status is asked for. Raises InvalidAgent."""
        wanted = AgentFilter(statuses=agent_door.statuses(status), kind=kind, live=live)
        return lambda service: service.agents.list(wanted)

    def show(self, name: str) -> Work[AgentView]:
        """Return one agent, retired or not. Raises AgentNotFound."""
        known = agent_door.named(name)

        async def show(service: Service) -> AgentView:
            return await service.agents.show(await service.registry.known(known))

        return show

    def query(
        self,
        kind: str,
        *,
        languages: Iterable[str] | str = (),
        specializations: Iterable[str] | str = (),
        max_utilization: float | None = None,
        min_success_rate: float | None = None,
        status: Iterable[str] | str = ("available", "busy"),
        live: bool | None = None,
        limit: int = 20,
    ) -> Work[Sequence[AgentMatch]]:
        """Return the agents that can do a kind of task and all else that is asked, the best first.

        By success rate in steps of 0.01, then by how well they fit, then by what room they have. Rates and
        utilization are from 0 to 1. Raises InvalidAgent.
        """
        asked = agent_door.query(
            kind=kind,
            languages=languages,
            specializations=specializations,
            max_utilization=max_utilization,
            min_success_rate=min_success_rate,
            statuses=status,
            live=live,
        )
        most = agent_door.how_many(limit)
        return lambda service: service.agents.query(asked, most)

    def stats(self) -> Work[RegistryStats]:
        """Return how many agents there are, live, at work and idle, and their averages."""
        return lambda service: service.agents.stats()

    def clean_up(self, older_than: timedelta | float | None = None) -> Work[Sequence[AgentView]]:
        """Take agents as offline that nobody has met for so long, as workers do once an hour; say which.

        By default, for as long as the setting `agent_stale_seconds` tells.
        """
        stale = self._core.settings.agent_stale_seconds if older_than is None else older_than
        span = door.span(stale, "older_than")

        async def clean_up(service: Service) -> Sequence[AgentView]:
            spared = await service.agents.there()
            changed = await service.registry.clean_up(span, spared=spared)
            return [await service.agents.show(agent) for agent in changed]

        return clean_up
