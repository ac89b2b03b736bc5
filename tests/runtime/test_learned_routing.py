"""Learnt routing by the library: work shifts to who does it well, and the log proves each choice."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from arbiter import RetryPolicy
from arbiter.application.routing.belief import DIGITS
from arbiter.domain import facts as f
from arbiter.domain.breaker import MOST_FAILURES
from arbiter.domain.record import NO_RECORD, Record
from arbiter.domain.routing import replay
from arbiter.projections.agent_records import AgentRecords, Whose, records_of
from arbiter.projections.base import Batch
from arbiter.testing import in_memory
from tests.support.eventually import eventually

KIND = "review"
ONCE = RetryPolicy(max_attempts=1)
STRATEGIES = ("thompson", "epsilon_greedy")
NO_BREAKER = {"breaker_failures": MOST_FAILURES, "breaker_window_seconds": 0.001}
"""Else the breakers of those who fail would open, and routing would have no choice."""


@pytest.fixture(params=["postgres", "memory"])
def connect_to(request):
    """Makes Arbiters on either store."""
    if request.param == "postgres":
        yield request.getfixturevalue("connected")
        return
    made = []

    def connected(**settings):
        made.append(in_memory(poll_seconds=600, **settings))
        return made[-1]

    yield connected
    for arbiter in made:
        arbiter.stop(drain=0)


def hosting(arbiter):
    @arbiter.agent("good", kinds=KIND, retry=ONCE)
    async def good(_):
        return None

    @arbiter.agent("bad", kinds=KIND, retry=ONCE)
    async def bad(_):
        raise ValueError("no")

    @arbiter.agent("fair", kinds=KIND, retry=ONCE)
    async def fair(task):
        if task.payload % 3:
            raise ValueError("not today")

    arbiter.start()


def hosting_two(arbiter):
    """Two who never fail, so that no breaker moves by itself."""
    for name in ("good", "other"):

        @arbiter.agent(name, kinds=KIND)
        async def work(_):
            return None

    arbiter.start()


def submit(arbiter, many: int) -> None:
    told = arbiter.submit_many([{"kind": KIND, "payload": place} for place in range(many)])
    for one in told:
        arbiter.wait(one.task_id, 30)


def work(arbiter, rounds: int, each: int = 40) -> None:
    """Submit round after round, each when the views have seen the one before."""
    for number in range(rounds):
        submit(arbiter, each)
        eventually(lambda: not any(arbiter.views.lag().values()), within=30)
        wanted = (number + 1) * each
        eventually(lambda wanted=wanted: believed(arbiter).decisions >= wanted, within=30)


def believed(arbiter):
    return arbiter.core._service._worker._router.believed(KIND)


def recorded(arbiter):
    return arbiter.core.run(lambda service: service.store.log.read(0, 100_000))


def routings(facts) -> list[f.TaskRouted]:
    return [each.fact for each in facts if isinstance(each.fact, f.TaskRouted)]


def share(decisions: list[f.TaskRouted], agent: str) -> float:
    return sum(each.agent == agent for each in decisions) / len(decisions)


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_work_shifts_to_who_does_it_well_and_nobody_is_forgotten(connect_to, strategy):
    arbiter = connect_to(routing=strategy, **NO_BREAKER)
    hosting(arbiter)
    work(arbiter, 8)
    decisions = routings(recorded(arbiter))
    assert len(decisions) == 320
    assert share(decisions[160:], "good") > 0.6
    assert share(decisions[160:], "good") > share(decisions[:40], "good")
    weighed = [each.decision for each in decisions if len(each.decision.candidates) > 1]
    assert {each.strategy for each in weighed} == {strategy}
    assert all(each.propensity > 0 for one in weighed for each in one.candidates)


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_every_choice_is_proved_by_the_log(connect_to, strategy):
    """Its draw replays it, and what it knew is the fold of the log up to the position it names."""
    arbiter = connect_to(routing=strategy, **NO_BREAKER)
    hosting(arbiter)
    work(arbiter, 3)
    facts = recorded(arbiter)
    decisions = [each for each in routings(facts) if each.decision.draw is not None]
    assert len({each.decision.known_at for each in decisions}) > 1
    for routed in decisions:
        decision = routed.decision
        assert replay(decision) == routed.agent
        assert sum(each.propensity for each in decision.candidates) == pytest.approx(1, abs=1e-9)
        known = fold(facts, decision.known_at)
        assert decision.decisions == sum(record.routed for record in known.values())
        for candidate in decision.candidates:
            seen, record = candidate.features, known.get(Whose(candidate.agent, KIND), NO_RECORD)
            assert seen.attempts == record.attempts
            assert seen.success_rate == round(record.success_rate, DIGITS)
            assert seen.latency_ms == round(record.latency_ms, DIGITS)
            assert (seen.wins, seen.losses) == tuple(
                round(each, DIGITS) for each in record.posterior()
            )


def fold(facts, until: int | None) -> Mapping[Whose, Record]:
    upto = [each for each in facts if until is not None and each.position <= until]
    return records_of([AgentRecords().fold(Batch(upto, {}))])


def test_a_restart_forgets_nothing(connected):
    first = connected(**NO_BREAKER)
    hosting(first)
    work(first, 2)
    before = believed(first)
    first.stop()
    second = connected(**NO_BREAKER)
    hosting(second)
    after = believed(second)
    assert after.seen == before.seen
    assert after.decisions == before.decisions == 80


def test_an_agent_whose_breaker_opens_gets_no_task_until_it_closes(connect_to):
    arbiter = connect_to()
    hosting_two(arbiter)
    arbiter.breakers.open("good", by="ann")
    roster = arbiter.core._service._worker._roster
    eventually(lambda: "good" in roster.closed)
    work(arbiter, 1)
    assert share(routings(recorded(arbiter)), "good") == 0
    arbiter.breakers.close("good", by="ann")
    eventually(lambda: "good" not in roster.closed)
    for number in range(2, 6):
        submit(arbiter, 40)
        if share(routings(recorded(arbiter)), "good") > 0:
            return
        assert number < 5, "nothing was given to the agent again"


def test_routing_off_looks_at_nothing(connect_to):
    arbiter = connect_to(routing="off")
    hosting(arbiter)
    submit(arbiter, 40)
    decisions = [each.decision for each in routings(recorded(arbiter))]
    assert {each.strategy for each in decisions} == {"most_free_slots"}
    assert {each.known_at for each in decisions} == {None}
