"""One strategy against one world: it decides by the library's code and learns by the library's fold.

As in a worker, what is known of a kind is looked at anew only now and then, and choice probabilities are
computed then; load is always that of the moment.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from heapq import heappop, heappush

from msgspec.structs import replace

from arbiter.domain.facts.parts import Seen
from arbiter.domain.record import FORGET, NO_RECORD, Record
from arbiter.domain.routing import Strategy, Thompson, decide
from arbiter.domain.routing.beta import choice_probabilities
from arbiter.projections.agent_records import Lessons, learnt
from arbiter.projections.outcomes import Sums
from benchmarks.regret.world import World

LOOK_EVERY = 10
"""Outcomes of a kind after which its records are looked at again."""

Choose = Callable[[int, Sequence[int]], int]
"""From a task's number and the agents with a free slot to one of these."""


@dataclass(frozen=True)
class Played:
    """What came of it."""

    regret: Sequence[float]
    """After each task: successes expected of the best free agents, less those expected of the chosen."""
    load: float
    """Mean load of the chosen agents, when they were chosen."""

    @property
    def total(self) -> float:
        """The regret of all tasks."""
        return self.regret[-1]


@dataclass
class Table:
    """The world as it stands: who is busy, and what is not finished yet."""

    world: World
    used: list[int] = field(init=False)
    _running: list[tuple[float, int, int, bool]] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Nobody is busy."""
        self.used = [0] * self.world.agents

    def finished(self, at: float) -> list[tuple[int, int, bool]]:
        """End what is over: (kind, agent, success) of each, in the order of their ends."""
        over = []
        while self._running and self._running[0][0] <= at:
            _, number, agent, success = heappop(self._running)
            self.used[agent] -= 1
            over.append((self.world.arrivals[number].kind, agent, success))
        return over

    def free(self) -> list[int]:
        """Who has a slot."""
        return [agent for agent, used in enumerate(self.used) if used < self.world.slots]

    def begin(self, number: int, agent: int) -> None:
        """Give a task to an agent; its luck decides how it will end."""
        task = self.world.arrivals[number]
        success = task.luck < self.world.chance(number, agent)
        ends = task.at + self.world.seconds[agent] * task.effort
        self.used[agent] += 1
        heappush(self._running, (ends, number, agent, success))


class Learner:
    """A strategy with what it learnt of one kind."""

    def __init__(self, strategy: Strategy, names: Sequence[str], forget: float) -> None:
        """Nothing is known."""
        self.strategy, self.forget, self.decisions = strategy, forget, 0
        self.records = [NO_RECORD] * len(names)
        self.seen = [Seen(agent=name) for name in names]
        self._unseen = 0
        self._look()

    def learn(self, agent: int, *, success: bool) -> None:
        """Fold one outcome into the agent's record."""
        sums = Sums(completed=int(success), failed=int(not success))
        lessons = Lessons(sums=sums, outcomes=[success])
        self.records[agent] = learnt(self.records[agent], lessons, forget=self.forget)
        self._unseen += 1
        if self._unseen >= LOOK_EVERY:
            self._look()

    def choose(self, candidates: Sequence[Seen], draw: float) -> str:
        """Name the agent."""
        name, _ = decide(self.strategy, candidates, draw=draw, decisions=self.decisions)
        self.decisions += 1
        return name

    def _look(self) -> None:
        self._unseen = 0
        self.seen = [
            _as_seen(seen.agent, record)
            for seen, record in zip(self.seen, self.records, strict=True)
        ]
        if isinstance(self.strategy, Thompson):
            posteriors = [(each.wins, each.losses) for each in self.seen]
            known = dict(zip(posteriors, choice_probabilities(posteriors), strict=True))
            self.strategy = replace(
                self.strategy, probabilities=lambda asked: [known[each] for each in asked]
            )


def play(world: World, strategy: Strategy, *, forget: float = FORGET) -> Played:
    """Let a strategy decide every task, and learn from each as it ends."""
    names = [f"agent-{number:02}" for number in range(world.agents)]
    number_of = {name: number for number, name in enumerate(names)}
    learners = [Learner(strategy, names, forget) for _ in range(world.kinds)]
    table = Table(world)

    def choose(number: int, free: Sequence[int]) -> int:
        task = world.arrivals[number]
        learner = learners[task.kind]
        candidates = [
            replace(learner.seen[agent], load=table.used[agent] / world.slots) for agent in free
        ]
        return number_of[learner.choose(candidates, task.draw)]

    def learn(kind: int, agent: int, success: bool) -> None:
        learners[kind].learn(agent, success=success)

    return _played(table, choose, learn)


def play_uniform(world: World) -> Played:
    """Let chance alone decide: what is to be beaten."""

    def choose(number: int, free: Sequence[int]) -> int:
        return free[int(world.arrivals[number].draw * len(free))]

    return _played(Table(world), choose, _learn_nothing)


def play_oracle(world: World) -> Played:
    """Let one decide who knows every chance of the moment; its regret is 0."""
    table = Table(world)

    def choose(number: int, free: Sequence[int]) -> int:
        return max(free, key=lambda agent: world.chance(number, agent))

    return _played(table, choose, _learn_nothing)


def _learn_nothing(kind: int, agent: int, success: bool) -> None: ...


def _played(table: Table, choose: Choose, learn: Callable[[int, int, bool], None]) -> Played:
    """Tasks that find no free slot at all are lost to every strategy alike, and cost nothing."""
    regret, lost, loads = [], 0.0, 0.0
    for number, task in enumerate(table.world.arrivals):
        for kind, agent, success in table.finished(task.at):
            learn(kind, agent, success)
        free = table.free()
        if free:
            chosen = choose(number, free)
            loads += table.used[chosen] / table.world.slots
            best = max(table.world.chance(number, agent) for agent in free)
            lost += best - table.world.chance(number, chosen)
            table.begin(number, chosen)
        regret.append(lost)
    return Played(regret, loads / len(regret))


def _as_seen(agent: str, record: Record) -> Seen:
    wins, losses = record.posterior()
    return Seen(
        agent=agent,
        attempts=record.attempts,
        success_rate=record.success_rate,
        wins=wins,
        losses=losses,
    )
