"""Which tasks a turn takes: the best of all it wants, within each queue's room and its own total."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from sys import maxsize
from typing import NamedTuple

from arbiter.application.agents import abilities_of
from arbiter.application.ports import Turn
from arbiter.domain.agents import Agent
from arbiter.domain.breaker import State, transport_breaker
from arbiter.infrastructure.memory.ready_rows import Offer
from arbiter.infrastructure.memory.store import MemoryStore


def best_offers(store: MemoryStore, turn: Turn) -> list[Offer]:
    """Return the offers a turn takes, in the order they should be routed."""
    by_queue: dict[str, set[Offer]] = {}
    for wanted in turn.wanted:
        limit = min(wanted.how_many, room_in(store, wanted.queue))
        offers = store.rows.best(wanted.queue, wanted.kind, wanted.abilities, limit)
        by_queue.setdefault(wanted.queue, set()).update(offers)
    within = [
        offer
        for queue, offers in by_queue.items()
        for offer in islice(sorted(offers), room_in(store, queue))
    ]
    return sorted(within)[: turn.total]


def room_in(store: MemoryStore, queue: str) -> int:
    """Tell how many more tasks of a queue may run now."""
    switches = store.switches.get(queue)
    if switches is None:
        return maxsize
    if switches.paused:
        return 0
    if switches.running_limit is None:
        return maxsize
    return max(0, switches.running_limit - store.rows.in_flight[queue])


class Hosted(NamedTuple):
    """An agent that a live worker hosts."""

    name: str
    abilities: frozenset[str]
    kept: str | None
    """What keeps it from new work; None for nothing."""

    def can(self, needs: Iterable[str]) -> bool:
        """Tell whether it has what is needed."""
        return self.abilities.issuperset(needs)


def hosted_agents(store: MemoryStore, queue: str, kind: str) -> list[Hosted]:
    """Tell which agents of a kind live workers host for a queue, by name."""
    hosted = {
        name
        for worker in store.workers.values()
        if worker.status == "live" and queue in worker.queues
        for name in worker.agents
    }
    known = [store.agents[name] for name in sorted(hosted) if name in store.agents]
    return [
        Hosted(agent.name, abilities_of(agent.profile), _kept(store, agent))
        for agent in known
        if kind in agent.profile.kinds
    ]


def _kept(store: MemoryStore, agent: Agent) -> str | None:
    if not agent.status.takes_work:
        return agent.status.value
    if _is_open(store, agent.name):
        return "breaker open"
    reached_by = agent.profile.reached_by
    url = reached_by.url if reached_by is not None else None
    if url is not None and _is_open(store, transport_breaker(url)):
        return "breaker of its transport open"
    return None


def _is_open(store: MemoryStore, name: str) -> bool:
    breaker = store.breakers.get(name)
    return breaker is not None and breaker.state is State.OPEN
