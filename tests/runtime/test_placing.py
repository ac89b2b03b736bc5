"""Claimed tasks find agents turn by turn, and one that waits holds up no other."""

from __future__ import annotations

from types import SimpleNamespace
from uuid import UUID, uuid4

from arbiter.domain.routing import MostFreeSlots
from arbiter.runtime.hosted import HostedAgent, Roster, profile
from arbiter.runtime.placing import Claims, Placing
from arbiter.runtime.sharing import Neighbours
from arbiter.testing.builders import NOON, a_task


def test_what_a_turn_did_not_come_to_may_find_a_slot_in_the_next():
    agents = [
        HostedAgent(profile(name, name, at=NOON, concurrency=slots), print)
        for name, slots in (("full", 1), ("free", 10))
    ]
    roster = Roster({agent.name: agent for agent in agents}, 11)
    roster.take(roster["full"])
    placing = Placing(
        UUID(int=1),
        orchestrator=SimpleNamespace(chance=lambda: 0.0, new_id=lambda _: uuid4()),
        router=MostFreeSlots(),
        roster=roster,
        neighbours=Neighbours(),
    )
    claimed = Claims(
        (a_task(kind=kind, task_id=uuid4()).queued().task, 0.0)
        for kind in ("full", "free", "free", "free")
    )
    placed = placing.place(claimed, 2, at=NOON, since=0.0)
    assert len(placed.begun) == 2
    assert placing.placeable(claimed) > 0
    placed = placing.place(claimed, 2, at=NOON, since=0.0)
    assert len(placed.begun) == 1
    assert placing.placeable(claimed) == 0
