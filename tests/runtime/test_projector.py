"""The projector follows the log, gives way to handlers, and leaves a projection at fault behind."""

import logging
from uuid import uuid4

import pytest

from arbiter.domain.errors import Unavailable
from arbiter.domain.facts import TaskCompleted, UnknownTopic, WorkerFact
from arbiter.infrastructure.memory.adapters import in_memory
from arbiter.infrastructure.memory.view_rows import APPLY
from arbiter.infrastructure.memory.views import MemoryViews
from arbiter.infrastructure.postgres.views.ledger import VIEWS
from arbiter.projections.catalogue import PROJECTIONS
from arbiter.runtime.projecting import Projecting
from arbiter.runtime.projector import (
    COALESCE_SECONDS,
    FOLLOW_SECONDS,
    GIVE_WAY,
    POLL_SECONDS,
    Projector,
)
from arbiter.testing.builders import NOON, WORKER, a_task
from arbiter.testing.clock import FrozenClock
from arbiter.testing.contracts.views import Viewed
from arbiter.testing.random_log import RandomLog
from arbiter.testing.scheduler import VirtualScheduler

NAMES = tuple(projection.name for projection in PROJECTIONS)


class Watched:
    """A log that counts who reads it, takes its time, and can be out of reach."""

    def __init__(self, log, clock):
        self._log, self._clock = log, clock
        self.reads = 0
        self.takes = 0.0
        self.error = None

    def __getattr__(self, name):
        return getattr(self._log, name)

    async def read(self, after, limit):
        self.reads += 1
        if self.error is not None:
            raise self.error
        if self.takes:
            self._clock.advance(self.takes)
        return await self._log.read(after, limit)


class World(Viewed):
    """A store in memory, and all that a projector needs."""

    def __init__(self):
        clock = FrozenClock(NOON)
        self.store = in_memory(clock)
        log = Watched(self.store.log, clock)
        super().__init__(log, MemoryViews(log, clock), clock)
        self.scheduler = VirtualScheduler(clock)
        self.is_busy = False

    def projector(self, projections=PROJECTIONS, ledger=None):
        return Projector(
            ledger or self.views.ledger,
            self.log,
            self.store.bell,
            clock=self.clock,
            scheduler=self.scheduler,
            busy=lambda: self.is_busy,
            projections=projections,
        )

    async def lagging(self):
        return {name for name, behind in (await self.views.lag()).items() if behind}

    async def state(self, name):
        return {state.name: state for state in await self.views.projections()}[name]


@pytest.fixture
def world():
    return World()


class Choking:
    """A projection that cannot take one kind of fact."""

    def __init__(self, projection, on=TaskCompleted):
        self.projection, self.on = projection, on
        self.name = projection.name
        self.is_fixed = False

    def fold(self, batch):
        if not self.is_fixed and any(type(each.fact) is self.on for each in batch.recorded):
            raise KeyError("quality")
        return self.projection.fold(batch)


def choking(name, **how):
    """The catalogue, with one projection that chokes."""
    projections = [Choking(p, **how) if p.name == name else p for p in PROJECTIONS]
    return projections, next(p for p in projections if p.name == name)


async def catch_up(projector):
    while await projector.run_once():
        pass


# ── One batch ───────────────────────────────────────────────────────────────────────────────────


async def test_it_says_how_many_facts_it_took(world):
    projector = world.projector()
    assert await projector.run_once() == 0
    await world.append(*a_task().completed().facts)
    assert await projector.run_once() == 5
    assert await projector.run_once() == 0


async def test_another_one_goes_on_where_the_last_one_stopped(world):
    await world.append(*a_task().running().facts)
    await catch_up(world.projector())
    await world.append(*a_task(task_id=uuid4()).queued().facts)
    assert await world.projector().run_once() == 2
    assert len(await world.audit()) == 6


async def test_who_does_not_lead_leaves_it_to_others(world):
    await world.append(*a_task().completed().facts)
    async with world.views.ledger.lead(NAMES):
        assert await world.projector().run_once() == 0
        assert world.log.reads == 0
    assert await world.projector().run_once() == 5


@pytest.mark.parametrize("most", [2, 5, 1000])
@pytest.mark.parametrize("name", NAMES)
async def test_a_fact_one_projection_cannot_take_stops_it_alone(world, name, most, caplog):
    await world.append(*a_task().completed().facts, *a_task(task_id=uuid4()).running().facts)
    projections, _ = choking(name)
    projecting = Projecting(
        projections, world.views.ledger, world.log, clock=world.clock, scheduler=world.scheduler
    )
    with caplog.at_level(logging.ERROR):
        while (await projecting.run_once(most)).facts:
            pass
    stopped = await world.state(name)
    assert (stopped.position, stopped.error_position) == (4, 5)
    assert stopped.error == "KeyError: 'quality'"
    assert await world.lagging() == {name}
    (told,) = caplog.records
    assert told.getMessage() == f"projection {name} stopped at position 5: KeyError: 'quality'"
    assert told.exc_info


@pytest.mark.parametrize("name", NAMES)
async def test_a_projection_that_was_fixed_catches_up_and_misses_nothing(world, name):
    grown = RandomLog(3)
    await world.append(*grown.grow(150))
    projections, faulty = choking(name)
    await catch_up(world.projector(projections))
    await world.append(*grown.grow(150))
    await catch_up(world.projector(projections))
    assert await world.lagging() == {name}
    faulty.is_fixed = True
    assert await world.views.ledger.retry(name)
    await catch_up(world.projector(projections))
    at_once = Viewed(world.log, MemoryViews(world.log, world.clock), world.clock)
    await at_once.project(most=10_000)
    assert await world.rows() == await at_once.rows()


async def test_several_faults_are_each_recorded(world):
    await world.append(*a_task().completed().facts)
    projections = [Choking(projection) for projection in PROJECTIONS]
    await catch_up(world.projector(projections))
    states = await world.views.projections()
    assert {(state.position, state.error_position) for state in states} == {(4, 5)}


async def test_a_database_that_is_away_is_no_fact_s_fault(world):
    await world.append(*a_task().completed().facts)
    projector = world.projector()
    world.log.error = Unavailable("database: gone")
    with pytest.raises(Unavailable):
        await projector.run_once()
    world.log.error = None
    assert await projector.run_once() == 5
    assert all(state.error is None for state in await world.views.projections())


async def test_a_fact_of_a_newer_version_waits_for_one_who_can_read_it(world):
    class Sung(WorkerFact, frozen=True, kw_only=True):
        topic = "worker.sung"

    await world.append(*a_task().completed().facts)
    await world.append(Sung(version=1, at=NOON, incarnation=WORKER))
    await world.append(*a_task(task_id=uuid4()).queued().facts)
    projector = world.projector()
    taken = 0
    with pytest.raises(UnknownTopic):  # noqa: PT012 - what is before it, however it is cut
        while True:
            taken += await projector.run_once()
    assert taken == 5
    assert all(state.error is None for state in await world.views.projections())
    async with world.views.ledger.lead(NAMES) as writing:
        assert set(writing.tracked) == set(NAMES)


# ── Following ───────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
async def following(world):
    """A projector that runs, and has nothing left to do."""
    projector = world.projector()
    projector.start()
    await world.scheduler.advance(COALESCE_SECONDS * 2)
    yield projector
    await projector.stop()


async def test_it_catches_up_when_the_bell_rings(world, following):
    await world.append(*a_task().completed().facts)
    await world.scheduler.run_until_idle()
    assert await world.lagging() == set()


async def test_it_takes_a_long_log_batch_by_batch_without_waiting(world, following):
    await world.append(*RandomLog(1).grow(3_000))
    before = world.clock.now()
    await world.scheduler.run_until_idle()
    assert await world.lagging() == set()
    assert world.clock.now() == before


async def test_rings_close_to_each_other_are_one(world, following):
    reads = world.log.reads
    for _ in range(20):
        await world.append(*a_task(task_id=uuid4()).queued().facts)
        await world.scheduler.advance(COALESCE_SECONDS / 50)
    await world.scheduler.advance(COALESCE_SECONDS)
    assert world.log.reads - reads == 2
    assert await world.lagging() == set()


async def test_a_word_to_a_worker_wakes_nobody(world, following):
    reads = world.log.reads
    world.store.bell.ring({f"stop {WORKER}"})
    await world.scheduler.run_until_idle()
    assert world.log.reads == reads


async def test_a_missed_ring_is_made_up_for(world, following):
    world.store.bell._listeners.clear()
    await world.append(*a_task().completed().facts)
    await world.scheduler.advance(POLL_SECONDS - 1)
    assert await world.lagging() == set(NAMES)
    await world.scheduler.advance(1)
    assert await world.lagging() == set()


async def test_idle_it_looks_only_now_and_then(world, following):
    reads = world.log.reads
    await world.scheduler.advance(10 * POLL_SECONDS)
    assert world.log.reads - reads == 10


async def test_while_handlers_are_busy_it_rests_four_times_as_long_as_it_works(world, following):
    world.is_busy, world.log.takes = True, 0.1
    begin = world.clock.monotonic()
    reads = world.log.reads
    for _ in range(100):
        await world.append(*a_task(task_id=uuid4()).completed().facts)
        await world.scheduler.advance(COALESCE_SECONDS)
    worked = (world.log.reads - reads) * 0.1
    share = worked / (world.clock.monotonic() - begin)
    assert share == pytest.approx(1 / (1 + GIVE_WAY), rel=0.2)


async def test_who_does_not_lead_asks_seldom(world, following):
    async with world.views.ledger.lead(NAMES):
        asked = _count_leads(world)
        for _ in range(100):
            await world.append(*a_task(task_id=uuid4()).queued().facts)
            await world.scheduler.advance(FOLLOW_SECONDS / 51)
    assert len(asked) == 2
    await world.scheduler.advance(FOLLOW_SECONDS)
    assert await world.lagging() == set()


def _count_leads(world):
    asked, lead = [], world.views.ledger.lead

    def counted(names):
        asked.append(names)
        return lead(names)

    world.views.ledger.lead = counted
    return asked


async def test_it_comes_back_when_the_database_does(world, following):
    world.log.error = Unavailable("database: gone")
    await world.append(*a_task().completed().facts)
    await world.scheduler.advance(3)
    world.log.error = None
    await world.scheduler.advance(10)
    assert await world.lagging() == set()


async def test_stopped_it_follows_no_more(world):
    projector = world.projector()
    projector.start()
    await world.scheduler.run_until_idle()
    await projector.stop()
    await world.append(*a_task().completed().facts)
    await world.scheduler.advance(2 * POLL_SECONDS)
    assert await world.lagging() == set(NAMES)


def test_the_catalogue_lists_each_projection_once():
    assert len(set(NAMES)) == len(NAMES)
    assert set(NAMES) == set(VIEWS) == set(APPLY)
