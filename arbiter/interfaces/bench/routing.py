"""What choosing an agent costs: a decision without a database, and drains with learnt routing and without."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from random import Random
from time import perf_counter

from arbiter.application.ports import Learnt
from arbiter.application.routing import Known, Learned, RoutingPlan, beliefs
from arbiter.bootstrap.core import new_id
from arbiter.domain import verbs
from arbiter.domain.record import Record
from arbiter.domain.task import Task, let_in
from arbiter.interfaces.bench.drain import Drained, drain_once
from arbiter.interfaces.bench.ground import Ground
from arbiter.interfaces.bench.workload import KIND
from arbiter.runtime.hosted import HostedAgent, Roster, profile

FEW, MANY = 20, 1_000
SLOTS = 10
RIVALS = 3
"""Agents of one kind among which the drains choose."""

LEARNT, OFF = "thompson", "off"


@dataclass(frozen=True)
class Choosing:
    """Finding the candidates and deciding among them, as the dispatcher does it for each task."""

    few_us: float
    """P95 among 20."""

    many_us: float
    """P95 among 1,000."""

    per_s: float
    """Decisions a second among 20, on one core."""


@dataclass(frozen=True)
class Drains:
    """The same drain with routing by what is learnt and by free slots, in turns."""

    learnt: Drained
    off: Drained

    @property
    def share(self) -> float:
        """What is left of the rate where routing learns."""
        return self.learnt.rate.per_s / self.off.rate.per_s


def choosing(*, decisions: int) -> Choosing:
    """Measure decisions among few and among many."""
    few, spent = _choose(FEW, decisions)
    many, _ = _choose(MANY, max(1, decisions // 10))
    return Choosing(few_us=_p95(few), many_us=_p95(many), per_s=decisions / spent)


async def routed_drains(
    ground: Ground,
    raw_rates: list[float],
    *,
    tasks: int,
    concurrency: int,
    rounds: int,
    raw_rows: int,
) -> Drains:
    """Drain in turns with and without; the middle one of each. Raises BenchmarkFailed."""
    found: dict[str, list[Drained]] = {LEARNT: [], OFF: []}
    for _ in range(rounds):
        for routing, drained in found.items():
            drained.append(
                await drain_once(
                    ground,
                    raw_rates,
                    tasks=tasks,
                    concurrency=concurrency,
                    raw_rows=raw_rows,
                    agents=RIVALS,
                    routing=routing,
                )
            )
    return Drains(*(_middle(found[routing]) for routing in (LEARNT, OFF)))


def _middle(drained: list[Drained]) -> Drained:
    return sorted(drained, key=lambda one: one.rate.per_s)[len(drained) // 2]


def _choose(agents: int, decisions: int) -> tuple[list[float], float]:
    """Decide so often, with the load changing each time; the seconds of each, and of all."""
    random, roster, task = Random(agents), _roster(agents), _task()  # noqa: S311 - a seed
    router = _router(roster, random)
    took, hosted = [], list(roster)
    for _ in range(decisions):
        draw, busy = random.random(), random.choice(hosted)
        busy.busy = random.randrange(SLOTS)
        begun = perf_counter()
        router.choose(task, roster.candidates(KIND, ()), draw)
        took.append(perf_counter() - begun)
    return took, sum(took)


def _roster(agents: int) -> Roster:
    at = datetime.now(UTC)
    hosted = [
        HostedAgent(profile(f"agent-{number:04}", KIND, at=at, concurrency=SLOTS), print)
        for number in range(agents)
    ]
    return Roster({agent.name: agent for agent in hosted}, agents * SLOTS)


def _router(roster: Roster, random: Random) -> Learned:
    router = Learned(RoutingPlan(), perf_counter)
    records = {
        (agent.name, KIND): Record(
            completed=(completed := random.randrange(200)),
            failed=(failed := random.randrange(100)),
            wins=float(completed),
            losses=float(failed),
            timed=completed,
            latency_us=completed * random.randrange(1_000, 9_000_000),
        )
        for agent in roster
    }
    learnt = Learnt(position=1, records=records, decisions={KIND: 10_000})
    profiles = {agent.name: Known() for agent in roster}
    believed = beliefs(router.plan, roster.kinds, profiles, learnt)
    router.believe({kind: belief.prepared() for kind, belief in believed.items()})
    return router


def _task() -> Task:
    at = datetime.now(UTC)
    return let_in(verbs.submit(new_id(at), KIND, at=at))


def _p95(seconds: list[float]) -> float:
    return sorted(seconds)[int(len(seconds) * 0.95)] * 1e6
