"""Which tasks a turn takes: the best of all it wants, within each queue's room and its own total."""

from __future__ import annotations

from itertools import islice
from sys import maxsize

from arbiter.application.agents import abilities_of
from arbiter.application.ports import Turn
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


def hosted_abilities(store: MemoryStore, queue: str, kind: str) -> list[frozenset[str]]:
    """Tell what each agent of a kind can do that a live worker hosts for a queue."""
    hosted = {
        name
        for worker in store.workers.values()
        if worker.status == "live" and queue in worker.queues
        for name in worker.agents
    }
    known = [store.agents[name] for name in hosted if name in store.agents]
    return [abilities_of(agent.profile) for agent in known if kind in agent.profile.kinds]
