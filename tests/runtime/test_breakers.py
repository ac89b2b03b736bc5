"""An agent that fails gets no tasks for a while, is tried out a little, and comes back."""

from __future__ import annotations

import threading

import pytest

from arbiter import RetryPolicy
from arbiter.domain import facts as f
from arbiter.domain.errors import AgentNotFound, BreakerUnchanged, InvalidInput
from tests.support.eventually import eventually

ONCE = RetryPolicy(max_attempts=1)
QUICK = {
    "breaker_failures": 3,
    "breaker_open_seconds": 0.3,
    "breaker_probes": 1,
    "breaker_successes": 2,
}
LONG = {**QUICK, "breaker_open_seconds": 600}


class Moody:
    """A handler that fails until it is cured, and counts who is there at a time."""

    def __init__(self, name: str = "moody") -> None:
        self.name, self.well = name, False
        self.done: list[object] = []
        self.busy = self.peak = 0
        self._counting = threading.Lock()

    def __call__(self, task):
        with self._counting:
            self.busy += 1
            self.peak = max(self.peak, self.busy)
        try:
            threading.Event().wait(0.01)
            if not self.well:
                raise ValueError(f"line {len(self.done)} is wrong")
            self.done.append(task.payload)
        finally:
            with self._counting:
                self.busy -= 1


@pytest.fixture
def moody():
    return Moody()


def host(arbiter, *handlers, kind="review", **options):
    for handler in handlers:
        arbiter.agent(handler.name, kinds={kind}, retry=ONCE, **options)(handler)
    arbiter.start()
    return arbiter


def submit(arbiter, times, kind="review"):
    return [arbiter.submit(kind, number).task_id for number in range(times)]


def facts_of(arbiter):
    """Return the whole log."""

    async def read(service):
        return [recorded.fact for recorded in await service.store.log.read(0, 100_000)]

    return arbiter.core.run(read)


def moves_of(arbiter, name="moody"):
    return [
        fact for fact in facts_of(arbiter) if isinstance(fact, f.BreakerFact) and fact.agent == name
    ]


def topics(facts):
    return [fact.topic.removeprefix("breaker.") for fact in facts]


def is_open(arbiter, name="moody"):
    return any(each.name == name and each.state == "open" for each in arbiter.breakers.list())


def break_it(arbiter, times=3):
    for task in submit(arbiter, times):
        arbiter.wait(task, timeout=20)
    eventually(lambda: is_open(arbiter))


def deferrals(arbiter, task):
    return [
        each.fact.reason for each in arbiter.history(task) if each.fact.topic == "task.deferred"
    ]


def test_a_breaker_s_life(connected, moody):
    arbiter = host(connected(**QUICK), moody, concurrency=4)
    break_it(arbiter)
    moody.well = True
    tasks = submit(arbiter, 12)
    for task in tasks:
        assert arbiter.wait(task, timeout=20).status == "completed"
    eventually(lambda: topics(moves_of(arbiter)) == ["opened", "half_opened", "closed"])
    opened, half_opened, closed = moves_of(arbiter)
    assert (opened.failures, opened.by, half_opened.probes) == (3, None, 1)
    assert closed.successes >= 2  # the view follows: more may have succeeded by then
    assert half_opened.at >= opened.until
    told = eventually(
        lambda: (
            arbiter.views.catch_up() == 0
            and [
                line.sentence
                for line in arbiter.views.audit_trail(limit=1000)
                if line.topic.startswith("breaker.")
            ]
        )
    )
    assert len(told) == 3


def test_while_it_is_open_tasks_wait_and_say_why_until_it_closes(connected, moody):
    arbiter = host(connected(**LONG), moody)
    break_it(arbiter)
    tasks = submit(arbiter, 3)
    for task in tasks:
        eventually(lambda task=task: deferrals(arbiter, task))
        assert deferrals(arbiter, task) == [
            "every agent able to do it gets no tasks now: moody (breaker open)"
        ]
    moody.well = True
    closed = arbiter.breakers.close("moody", by="ann", why="mended")
    assert (closed.state, closed.by, closed.why) == ("closed", "ann", "mended")
    for task in tasks:
        assert arbiter.wait(task, timeout=20).status == "completed"


def test_the_others_get_what_it_does_not(connected, moody):
    steady = Moody("steady")
    steady.well = True
    arbiter = host(connected(**LONG), moody, steady)
    arbiter.breakers.open("moody", by="ann")
    eventually(lambda: is_open(arbiter))
    tasks = submit(arbiter, 20)
    for task in tasks:
        assert arbiter.wait(task, timeout=20).status == "completed"
    assert (len(steady.done), len(moody.done)) == (20, 0)


def test_a_probe_that_fails_opens_it_again(connected, moody):
    arbiter = host(connected(**QUICK), moody)
    break_it(arbiter)
    submit(arbiter, 4)
    eventually(lambda: topics(moves_of(arbiter))[:4] == ["opened", "half_opened"] * 2)
    moody.well = True
    submit(arbiter, 4)
    eventually(lambda: topics(moves_of(arbiter))[-1] == "closed")


def most_under_way(facts, agent):
    """Tell how many attempts that began while it was half-open were under way at a time."""
    probes, most, is_half_open = set(), 0, False
    for fact in facts:
        match fact:
            case f.BreakerFact(agent=name) if name == agent:
                is_half_open = isinstance(fact, f.BreakerHalfOpened)
            case f.TaskRouted(agent=name, task_id=task_id) if name == agent and is_half_open:
                probes.add(task_id)
                most = max(most, len(probes))
            case f.TaskCompleted(task_id=task_id) | f.TaskFailed(task_id=task_id):
                probes.discard(task_id)
    return most


@pytest.mark.parametrize("allowed", [1, 2])
def test_no_more_probes_are_under_way_than_allowed_whoever_asks(connected, allowed):
    settings = {**QUICK, "breaker_probes": allowed, "breaker_successes": 12}
    handlers = [Moody(), Moody(), Moody()]
    arbiters = [host(connected(**settings), each, concurrency=5) for each in handlers]
    arbiter = arbiters[0]
    break_it(arbiter, 6)
    for handler in handlers:
        handler.well = True
    tasks = submit(arbiter, 40)
    for task in tasks:
        assert arbiter.wait(task, timeout=40).status == "completed"
    facts = facts_of(arbiter)
    assert 1 <= most_under_way(facts, "moody") <= allowed
    assert sum(isinstance(fact, f.BreakerHalfOpened) for fact in facts) >= 1


def test_a_restart_forgets_no_failure(connected, moody):
    first = host(connected(**LONG), moody)
    for task in submit(first, 2):
        first.wait(task, timeout=20)
    eventually(lambda: [each.failures for each in first.breakers.list()] == [2])
    first.stop(drain=0)
    second = host(connected(**LONG), moody)
    break_it(second, 1)
    assert [fact.failures for fact in moves_of(second)] == [3]


def test_an_operator_s_word_is_checked(connected, moody):
    arbiter = host(connected(**LONG), moody)
    with pytest.raises(AgentNotFound, match="nobody"):
        arbiter.breakers.open("nobody")
    with pytest.raises(BreakerUnchanged):
        arbiter.breakers.close("moody")
    with pytest.raises(InvalidInput, match="seconds"):
        arbiter.breakers.open("moody", seconds=-1)
    with pytest.raises(InvalidInput, match="name"):
        arbiter.breakers.open("")
    assert moves_of(arbiter) == []
    opened = arbiter.breakers.open("moody", seconds=60, by="ann", why="new model")
    assert (opened.state, opened.by, opened.why, opened.version) == ("open", "ann", "new model", 1)
    assert opened.until is not None
    assert arbiter.breakers.reset("moody").state == "closed"


def test_an_operator_s_opening_ends_with_probes_when_its_time_is_over(connected, moody):
    moody.well = True
    arbiter = host(connected(**LONG), moody)
    arbiter.breakers.open("moody", seconds=0.2)
    for task in submit(arbiter, 3):
        assert arbiter.wait(task, timeout=20).status == "completed"
    eventually(lambda: topics(moves_of(arbiter)) == ["opened", "half_opened", "closed"])


def test_a_pattern_that_comes_back_alerts_once(connected, moody):
    arbiter = host(connected(breaker_failures=100), moody)
    for task in submit(arbiter, 6):
        arbiter.wait(task, timeout=20)
    alerts = eventually(
        lambda: [fact for fact in facts_of(arbiter) if isinstance(fact, f.FailureAlerted)]
    )
    (watch,) = eventually(
        lambda: [each for each in arbiter.failures.list(agent="moody") if each.seen == 6]
    )
    (alert,) = alerts
    assert (alert.agent, alert.type, alert.pattern) == ("moody", "ValueError", "line <n> is wrong")
    assert 3 <= alert.count <= 6
    assert arbiter.failures.show(alert.fingerprint).pattern == watch.pattern
    assert arbiter.failures.totals().agents == {"moody": 6}
