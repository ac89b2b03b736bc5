"""The event-sourcing kernel over our log: it reads what we wrote, and writes in our order."""

from __future__ import annotations

import asyncio
from uuid import UUID, uuid4

import pytest
from eventsourcing.application import AggregateNotFoundError, Repository
from eventsourcing.persistence import (
    IntegrityError,
    MapperDeserialisationError,
    PersistenceError,
    ProgrammingError,
    StoredEvent,
)

from arbiter.domain.facts import UnknownTopic, WorkerJoined, WorkerLeft, decode
from arbiter.infrastructure.postgres.recorder import event_store, remembered
from arbiter.infrastructure.serialization import FactMapper
from arbiter.testing.builders import NOON, completed, routed, started
from arbiter.testing.contracts.bell import Ear
from arbiter.testing.contracts.given import Given
from tests.support.proxy import Proxy
from tests.support.server import asked, connected, holding_the_log, somebody_waits
from tests.support.stores import postgres_store

FUNCTIONS = "POSTGRES_ENABLE_DB_FUNCTIONS"


def joined(incarnation: UUID, version: int = 1, worker: str = "worker-1") -> WorkerJoined:
    return WorkerJoined(
        incarnation=incarnation,
        version=version,
        at=NOON,
        worker=worker,
        host="host-1",
        pid=4711,
        agents=("ruff",),
        queues=("default",),
    )


@pytest.fixture
def events(database):
    store = event_store(database.dsn, "arbiter")
    yield store
    store.recorder.datastore.close()


@pytest.fixture
def recorder(events):
    return events.recorder


@pytest.fixture
async def store(database):
    async with postgres_store(database) as store:
        yield store


def stored(*facts) -> list[StoredEvent]:
    return [FactMapper().to_stored_event(fact) for fact in facts]


class TestReading:
    async def test_the_repository_remembers_a_task_as_we_do(self, store, events):
        given = Given(store)
        task = await given.running(await given.worker())
        task = await given.then(task, completed)
        known = await asyncio.to_thread(Repository(events).get, task.id, projector_func=remembered)
        assert known == task

    async def test_the_repository_knows_a_task_at_any_version(self, store, events):
        given = Given(store)
        first = await given.task()
        await given.then(first, routed, started)
        known = await asyncio.to_thread(
            Repository(events).get, first.id, version=first.version, projector_func=remembered
        )
        assert known == first

    def test_a_task_nobody_submitted_is_not_found(self, events):
        with pytest.raises(AggregateNotFoundError):
            Repository(events).get(uuid4(), projector_func=remembered)

    async def test_notifications_are_the_log_in_its_order(self, store, recorder):
        given = Given(store)
        for _ in range(3):
            await given.task()
        log = await store.log.read(0, 100)
        read = await asyncio.to_thread(recorder.select_notifications, 1, 100)
        assert [each.id for each in read] == [each.position for each in log]
        assert [decode(each.topic, each.state) for each in read] == [each.fact for each in log]
        assert await asyncio.to_thread(recorder.max_notification_id) == log[-1].position

    async def test_notifications_can_be_chosen_by_topic(self, store, recorder):
        await Given(store).task()
        read = await asyncio.to_thread(
            recorder.select_notifications, None, 10, topics=["task.validated"]
        )
        assert [each.topic for each in read] == ["task.validated"]

    async def test_events_of_one_stream_are_read_from_a_version_on(self, store, events):
        task = await Given(store).task()
        facts = await asyncio.to_thread(lambda: list(events.get(task.id, gt=1)))
        assert [fact.topic for fact in facts] == ["task.validated"]


class TestWriting:
    async def test_what_the_kernel_wrote_is_read_through_our_ports(self, store, events):
        me = uuid4()
        facts = [joined(me), WorkerLeft(incarnation=me, version=2, at=NOON)]
        recordings = await asyncio.to_thread(events.put, facts)
        recorded = await store.log.recorded(me)
        assert [each.fact for each in recorded] == facts
        assert [each.position for each in recorded] == [each.notification.id for each in recordings]

    async def test_both_doors_store_the_same_bytes(self, store, recorder, database):
        one, other = uuid4(), uuid4()
        await store.log.append_facts([joined(one)])
        await asyncio.to_thread(recorder.insert_events, stored(joined(other)))
        rows = await asked(
            database.dsn, "SELECT topic, encode(state, 'escape') FROM arbiter.facts ORDER BY 1, 2"
        )
        first, second = (
            (topic, text.replace(str(one), "").replace(str(other), "")) for topic, text in rows
        )
        assert first == second

    def test_nothing_is_written_of_no_events(self, recorder):
        assert list(recorder.insert_events([])) == []
        assert recorder.max_notification_id() is None

    def test_a_taken_place_is_an_integrity_error_and_nothing_is_written(self, recorder):
        me = uuid4()
        recorder.insert_events(stored(joined(me)))
        with pytest.raises(IntegrityError):
            recorder.insert_events(stored(joined(uuid4()), joined(me)))
        assert len(recorder.select_notifications(1, 10)) == 1

    def test_the_same_event_twice_is_an_integrity_error_unless_its_reply_was_lost(self, recorder):
        event = stored(joined(uuid4()))
        recorder.insert_events(event)
        with pytest.raises(IntegrityError):
            recorder.insert_events(event)

    def test_anything_beside_events_is_refused_rather_than_dropped(self, recorder):
        with pytest.raises(ProgrammingError, match="tracking"):
            recorder.insert_events(stored(joined(uuid4())), tracking=object())
        assert recorder.max_notification_id() is None

    async def test_an_append_waits_for_those_before_it(self, recorder, database):
        async with holding_the_log(database.dsn):
            append = asyncio.ensure_future(
                asyncio.to_thread(recorder.insert_events, stored(joined(uuid4())))
            )
            await somebody_waits(database.dsn)
            assert not append.done()
        assert len(await append) == 1

    async def test_an_append_is_announced_and_timed(self, store, recorder, database):
        ear = Ear(store.bell)
        [position] = await asyncio.to_thread(recorder.insert_events, stored(joined(uuid4())))
        await ear.hears("log")
        times = await asked(database.dsn, "SELECT position FROM arbiter.log_times")
        assert times == [(position,)]

    async def test_the_kernel_s_own_subscription_hears_our_appends(self, store, recorder):
        def first_of(subscription):
            with subscription:
                return next(subscription)

        following = asyncio.ensure_future(asyncio.to_thread(first_of, recorder.subscribe()))
        appended = []
        while not following.done():  # what comes while it begins to listen, it hears with the next
            appended.append(uuid4())
            await store.log.append_facts([joined(appended[-1])])
            await asyncio.wait({following}, timeout=0.2)
        assert (await following).originator_id == appended[0]


async def test_the_kernel_creates_nothing(recorder, database):
    await asyncio.to_thread(recorder.create_table)
    created = await asked(
        database.dsn,
        """SELECT relname FROM pg_class
           WHERE relname LIKE 'stored%' OR relname LIKE '%notification_id_idx'
           UNION ALL
           SELECT typname FROM pg_type WHERE typname LIKE 'stored_event%'
           UNION ALL
           SELECT proname FROM pg_proc WHERE proname LIKE 'es_insert%'""",
    )
    assert created == []


class TestDatabaseFunctions:
    async def test_the_environment_cannot_switch_them_on(self, database, monkeypatch):
        for variable in (FUNCTIONS, f"FACTS_{FUNCTIONS}", f"ARBITER_{FUNCTIONS}"):
            monkeypatch.setenv(variable, "y")
        monkeypatch.setenv("CREATE_TABLE", "y")
        await self.appends_in_order(database, forced=False)

    async def test_nor_can_a_program(self, database):
        await self.appends_in_order(database, forced=True)

    async def appends_in_order(self, database, *, forced: bool) -> None:
        events = await asyncio.to_thread(event_store, database.dsn, "arbiter")
        recorder = events.recorder
        try:
            assert recorder.datastore.enable_db_functions is False
            recorder.datastore.enable_db_functions = forced
            async with holding_the_log(database.dsn):
                append = asyncio.ensure_future(
                    asyncio.to_thread(recorder.insert_events, stored(joined(uuid4())))
                )
                await somebody_waits(database.dsn)  # the functions would not wait
            assert len(await append) == 1
            functions = await asked(
                database.dsn, "SELECT FROM pg_proc WHERE proname LIKE 'es_insert_events%'"
            )
            assert functions == []
        finally:
            recorder.datastore.close()


class TestMapper:
    def test_a_fact_goes_there_and_back(self):
        mapper, fact = FactMapper(), joined(uuid4())
        assert mapper.to_domain_event(mapper.to_stored_event(fact)) == fact

    def test_a_damaged_row_says_where_it_stands(self):
        [row] = stored(joined(uuid4()))
        damaged = StoredEvent(row.originator_id, row.originator_version, row.topic, b'{"half')
        with pytest.raises(MapperDeserialisationError, match=str(row.originator_id)):
            FactMapper().to_domain_event(damaged)

    def test_a_row_out_of_its_place_is_refused(self):
        [row] = stored(joined(uuid4()))
        moved = StoredEvent(row.originator_id, 2, row.topic, row.state)
        with pytest.raises(MapperDeserialisationError, match=r"version 2 of .* says .* version 1"):
            FactMapper().to_domain_event(moved)

    def test_a_topic_of_a_newer_version_is_unknown(self):
        [row] = stored(joined(uuid4()))
        newer = StoredEvent(row.originator_id, 1, "worker.teleported", row.state)
        with pytest.raises(UnknownTopic):
            FactMapper().to_domain_event(newer)


async def test_a_schema_with_capitals_and_a_dash_serves_the_kernel_too(empty_database):
    from arbiter.infrastructure.postgres.migrator import migrate

    await asyncio.to_thread(migrate, empty_database.dsn, "My-Schema")
    events = await asyncio.to_thread(event_store, empty_database.dsn, "My-Schema")
    try:
        me = uuid4()
        await asyncio.to_thread(events.put, [joined(me)])
        assert await asyncio.to_thread(lambda: list(events.get(me))) == [joined(me)]
        async with connected(empty_database.dsn) as connection:
            cursor = await connection.execute('SELECT count(*) FROM "My-Schema".facts')
            assert await cursor.fetchall() == [(1,)]
    finally:
        events.recorder.datastore.close()


class TestLostReplies:
    """The kernel would try again and take its own first success for a conflict."""

    @pytest.fixture
    async def proxy(self, database):
        async with Proxy(database.dsn).serving() as proxy:
            yield proxy

    @pytest.fixture
    async def far(self, proxy):
        events = await asyncio.to_thread(event_store, proxy.dsn, "arbiter")
        yield events.recorder
        await asyncio.to_thread(events.recorder.datastore.close)

    async def insert(self, far, proxy, moment, *facts, meanwhile=None):
        proxy.cut(moment, meanwhile, of=b"INSERT INTO")
        return await asyncio.to_thread(far.insert_events, stored(*facts))

    async def test_what_was_written_is_a_success(self, far, proxy, store):
        me = uuid4()
        [position] = await self.insert(far, proxy, "after", joined(me))
        assert proxy.cuts == 1
        assert [each.position for each in await store.log.recorded(me)] == [position]

    async def test_what_never_arrived_is_sent_again(self, far, proxy, store):
        me = uuid4()
        [position] = await self.insert(far, proxy, "before", joined(me))
        assert proxy.cuts == 1
        assert [each.position for each in await store.log.recorded(me)] == [position]

    async def test_what_another_wrote_meanwhile_is_an_integrity_error(self, far, proxy, store):
        me = uuid4()
        others = joined(me, worker="worker-2")
        with pytest.raises(IntegrityError):
            await self.insert(
                far, proxy, "before", joined(me), meanwhile=lambda: store.log.append_facts([others])
            )
        assert proxy.cuts == 1
        assert await store.log.stream(me) == [others]

    async def test_a_refusal_is_told_at_once(self, far, database):
        await asked(database.dsn, "ALTER TABLE arbiter.facts RENAME TO elsewhere")
        with pytest.raises(PersistenceError, match="does not exist"):
            await asyncio.to_thread(far.insert_events, stored(joined(uuid4())))
