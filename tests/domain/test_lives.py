"""Any sequence of commands: refusals change nothing, and replay tells the same story."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from arbiter.application.ready_row import ready_row
from arbiter.domain import facts as f
from arbiter.domain import verbs
from arbiter.domain.blob import blob_of
from arbiter.domain.deadlines import total_ends
from arbiter.domain.errors import ApprovalMismatch, ArbiterError, AttemptFenced
from arbiter.domain.limits import Limits
from arbiter.domain.retry import RetryPolicy
from arbiter.domain.status import FINAL, Status
from arbiter.domain.task import evolve, remember
from arbiter.testing.builders import DECISION, GATE, NOON, TASK, WORKER, attempt_of, facts_of
from tests.domain.orders import ORDERS

ERROR_TYPES = st.sampled_from(["TimeoutError", "ValueError"])
POLICIES = st.builds(
    RetryPolicy,
    max_attempts=st.integers(1, 6),
    backoff=st.sampled_from(["linear", "exponential", "constant"]),
    on=st.dictionaries(ERROR_TYPES, st.sampled_from(["retry", "fail", "hold"])),
)
SECONDS = st.sampled_from([0.0, 0.5, 1.0, 30.0, 60.0, 3600.0, 86400.0])
MOMENTS = SECONDS.map(lambda seconds: NOON + timedelta(seconds=seconds))
LIMITS = st.builds(Limits, schedule_to_start=st.none() | SECONDS, total=st.none() | SECONDS)
PAYLOADS = st.sampled_from([b'{"n":1}', b'{"n":2}', b'"text"']).map(blob_of)
CHANCE = st.floats(0, 1, exclude_max=True)

NEVER = datetime.max.replace(tzinfo=UTC)
ENDINGS = (f.TaskCompleted, f.TaskFailed, f.TaskCancelled, f.TaskRejected)


def where(*facts):
    """Offer a rule where one of these facts may follow; where none may, `try_the_illegal` does."""
    after = frozenset().union(*(fact.after for fact in facts))
    return precondition(lambda life: life.task.status in after)


IN_HAND = where(f.TaskAttemptFailed)


SUBMISSIONS = st.fixed_dictionaries(
    {},
    optional={
        "hold": st.just("look at it first"),
        "hold_until": MOMENTS,
        "not_before": MOMENTS,
        "retry": POLICIES,
        "limits": LIMITS,
        "payload": PAYLOADS,
        "requirements": st.just({"languages": ("python",)}),
    },
)


class Life(RuleBasedStateMachine):
    """One task after the other, ordered about at random, as orchestrator and workers would."""

    @initialize(details=SUBMISSIONS)
    def submit(self, details):
        self.now = NOON
        self.facts = []
        self.task = None
        self.endings = 0
        self.allowance = 0
        self.set_aside = None
        self.append([verbs.submit(TASK, "code-review", at=NOON, **details)])

    def in_seconds(self, seconds) -> datetime | None:
        return None if seconds is None else self.now + timedelta(seconds=seconds)

    def order(self, decide):
        """Decide and append, or be refused; say whether anything happened."""
        try:
            decided = facts_of(decide(self.task))
        except ArbiterError:
            assert self.task == remember(self.facts)
            return False
        self.append(decided)
        return bool(decided)

    def append(self, decided):
        assert not decided or self.task is None or self.task.status not in FINAL
        for happened in decided:
            self.check(happened)
            self.facts.append(happened)
            self.task = evolve(self.task, happened)
            self.allowance = max(self.allowance, self.task.policy.max_attempts)
        if self.task.status is Status.PENDING:
            self.append([GATE.answer(self.task, at=self.now)])

    def check(self, happened):
        assert f.decode(happened.topic, f.encode(happened)) == happened
        match happened:
            case f.TaskRedriven():
                self.endings, self.allowance = 0, 0
            case f.TaskRouted():
                assert happened.attempt == self.task.attempt + 1
                assert happened.run == self.task.run
            case f.TaskSuspended():
                self.set_aside = self.task.status
        self.endings += isinstance(happened, ENDINGS)

    @where(f.TaskRouted)
    @rule(policy=st.none() | POLICIES, limits=st.none() | LIMITS)
    def route(self, policy, limits):
        number = self.task.attempt + 1
        self.order(
            lambda task: verbs.route(
                task,
                "ruff",
                DECISION,
                attempt_id=attempt_of(TASK, number),
                incarnation=WORKER,
                at=self.now,
                retry=policy,
                limits=limits,
            )
        )

    @where(f.TaskStarted)
    @rule()
    def start(self):
        self.order(lambda task: verbs.start(task, task.attempt_id, at=self.now))

    @where(f.TaskRouted)
    @rule()
    def route_and_start(self):
        self.route(None, None)
        self.start()

    @where(f.TaskCheckpointed)
    @rule(progress=PAYLOADS)
    def checkpoint(self, progress):
        self.order(lambda task: verbs.checkpoint(task, task.attempt_id, progress, at=self.now))

    @where(f.TaskUsageReported)
    @rule(tokens=st.integers(0, 10**9))
    def report_usage(self, tokens):
        self.order(
            lambda task: verbs.report_usage(task, task.attempt_id, at=self.now, tokens=tokens)
        )

    @where(f.TaskHandedOver)
    @precondition(lambda self: self.task is not None and not self.task.is_outside)
    @rule(seconds=st.floats(0.001, 1000))
    def hand_over(self, seconds):
        before = self.task
        self.order(lambda task: verbs.hand_over(task, task.attempt_id, seconds, at=self.now))
        assert (self.task.attempt_id, self.task.incarnation) == (before.attempt_id, None)
        assert self.task.deadline <= (before.deadline or NEVER)

    @rule(chance=CHANCE)
    @precondition(lambda self: self.task is not None and self.task.is_outside)
    def give_up(self, chance):
        late = self.task.deadline <= self.now
        ended = self.order(lambda task: verbs.give_up(task, at=self.now, chance=chance))
        assert ended is late

    @where(f.TaskCompleted)
    @rule(result=PAYLOADS)
    def complete(self, result):
        self.order(lambda task: verbs.complete(task, task.attempt_id, result, at=self.now))

    @IN_HAND
    @rule(
        kind=st.sampled_from(["exception", "timeout", "refused"]), type_=ERROR_TYPES, chance=CHANCE
    )
    def fail(self, kind, type_, chance):
        self.end_attempt(f.Failure(kind=kind, type=type_), chance)

    @IN_HAND
    @rule(chance=CHANCE)
    def lose_the_worker(self, chance):
        before = self.task
        if self.end_attempt(f.Failure(kind="worker_lost", type="WorkerLost"), chance):
            assert self.task.spent == before.spent
            assert self.task.losses == before.losses + (before.status is Status.RUNNING)
            if before.status is Status.ASSIGNED and (total_ends(before) or NEVER) > self.now:
                assert (self.task.status, self.task.not_before) == (Status.QUEUED, self.now)

    def end_attempt(self, error, chance):
        was_running = self.task.status is Status.RUNNING
        ended = self.order(
            lambda task: verbs.fail_attempt(
                task, task.attempt_id, error, at=self.now, chance=chance
            )
        )
        if was_running and not self.task.has_ended:
            assert self.task.spent < self.task.policy.max_attempts
        return ended

    @where(f.TaskReleased)
    @rule()
    def release(self):
        before = self.task
        if self.order(lambda task: verbs.release(task, task.attempt_id, "drain", at=self.now)):
            assert self.task.spent == before.spent - (before.status is Status.RUNNING)

    @where(f.TaskSuspended)
    @rule()
    def suspend(self):
        before = self.task
        if self.order(lambda task: verbs.suspend(task, at=self.now)):
            assert self.task.spent == before.spent - (before.status is Status.RUNNING)

    @where(f.TaskResumed)
    @rule()
    def resume(self):
        waited_for = self.task.waits_for
        if self.order(lambda task: verbs.resume(task, at=self.now)) and (
            self.set_aside is Status.HELD
        ):
            assert self.task.status is Status.HELD
            assert self.task.waits_for == waited_for

    @where(f.TaskSuspended)
    @rule()
    def suspend_and_resume(self):
        self.suspend()
        self.resume()

    @where(f.TaskRedriven)
    @rule(payload=st.none() | PAYLOADS)
    def redrive(self, payload):
        if self.order(lambda task: verbs.redrive(task, at=self.now, payload=payload)):
            assert self.task.spent == 0
            assert payload is None or self.task.payload == payload

    @where(f.TaskApproved)
    @rule(lasts=st.none() | SECONDS)
    def approve(self, lasts):
        until = self.in_seconds(lasts)
        self.order(lambda task: verbs.approve(task, task.digest, at=self.now, until=until))

    @where(f.TaskApproved)
    @rule()
    def approve_something_else(self):
        with pytest.raises(ApprovalMismatch):
            verbs.approve(self.task, "0" * 64, at=self.now)

    @where(f.TaskApproved)
    @rule()
    def reject(self):
        self.order(lambda task: verbs.reject(task, "not wanted", at=self.now))

    @where(f.TaskRegated)
    @rule()
    def regate(self):
        self.order(lambda task: verbs.regate(task, "policy adopted", at=self.now))

    @where(f.TaskDeferred)
    @rule(seconds=SECONDS)
    def defer(self, seconds):
        look_again = self.in_seconds(seconds)
        self.order(lambda task: verbs.defer(task, "nobody able", look_again, at=self.now))

    @where(f.TaskRescheduled)
    @rule(priority=st.none() | st.integers(0, 9), wait=st.none() | SECONDS)
    def reschedule(self, priority, wait):
        not_before = self.in_seconds(wait)
        self.order(
            lambda task: verbs.reschedule(
                task, at=self.now, priority=priority, not_before=not_before
            )
        )

    @where(f.TaskCancelled)
    @rule()
    def cancel(self):
        self.order(lambda task: verbs.cancel(task, at=self.now))

    @where(f.TaskRegated)
    @rule()
    def clean_up(self):
        self.order(lambda task: verbs.clean_up(task, "waited for too long", at=self.now))

    @where(f.TaskFailed)
    @rule()
    def expire(self):
        self.order(lambda task: verbs.expire(task, at=self.now))

    @where(f.TaskCancelled)
    @rule(seconds=SECONDS)
    def let_time_pass(self, seconds):
        self.now += timedelta(seconds=seconds)

    @rule(chance=CHANCE)
    def hear_of_an_earlier_attempt(self, chance):
        error = f.Failure(kind="exception", type="ValueError")
        for number in range(self.task.attempt):
            late = attempt_of(TASK, number)
            assert late != self.task.attempt_id
            with pytest.raises(AttemptFenced):
                verbs.complete(self.task, late, blob_of(b"1"), at=self.now)
            with pytest.raises(AttemptFenced):
                verbs.fail_attempt(self.task, late, error, at=self.now, chance=chance)

    @rule()
    def try_the_illegal(self):
        for topic, decide in ORDERS.items():
            if self.task.status not in f.FACTS[topic].after:
                assert not self.order(decide), topic

    @precondition(lambda self: self.task.is_final)
    @rule(details=SUBMISSIONS)
    def submit_another(self, details):
        self.submit(details)

    @invariant()
    def replay_tells_the_same_story(self):
        assert remember(self.facts) == self.task

    @invariant()
    def versions_have_no_gaps(self):
        assert [fact.version for fact in self.facts] == list(range(1, len(self.facts) + 1))

    @invariant()
    def a_run_ends_at_most_once_and_is_over_then(self):
        assert self.endings == self.task.has_ended
        assert (self.task.ended_at is not None) == self.task.has_ended

    @invariant()
    def no_task_rests_before_the_gate(self):
        assert self.task.status is not Status.PENDING

    @invariant()
    def attempts_stay_within_the_allowance(self):
        running = self.task.status is Status.RUNNING
        assert running <= self.task.spent <= min(self.allowance, self.task.attempt)
        assert self.task.losses_alone <= self.task.losses <= self.task.spent

    @invariant()
    def only_an_attempt_in_hand_has_an_id_and_an_incarnation(self):
        in_hand = self.task.status in {Status.ASSIGNED, Status.RUNNING}
        assert (self.task.attempt_id is not None) == in_hand
        handed_over = self.task.status is Status.RUNNING and any(
            isinstance(fact, f.TaskHandedOver) and fact.attempt_id == self.task.attempt_id
            for fact in self.facts
        )
        assert (self.task.incarnation is not None) == (in_hand and not handed_over)
        assert self.task.is_outside is handed_over

    @invariant()
    def a_waiting_task_has_no_agent_and_an_ended_one_still_tells_who_did_it(self):
        waits = self.task.is_live and self.task.attempt_id is None
        assert not waits or (self.task.agent, self.task.started_at) == (None, None)
        assert self.task.status is not Status.COMPLETED or self.task.agent is not None

    @invariant()
    def dispatch_knows_what_is_live_and_offers_only_what_is_due(self):
        row = ready_row(self.task, at=self.now)
        assert (row is None) == (not self.task.is_live)
        if row is not None and row.due:
            assert self.task.status is Status.QUEUED
            assert row.not_before is None or row.not_before <= self.now

    @invariant()
    def what_is_held_says_what_it_waits_for(self):
        assert (self.task.status is not Status.HELD) or self.task.waits_for


WITHOUT_EXPLAINING = [phase for phase in Phase if phase is not Phase.explain]


class TestLives(Life.TestCase):
    settings = settings(
        max_examples=120, stateful_step_count=60, deadline=None, phases=WITHOUT_EXPLAINING
    )


@pytest.mark.deep
@pytest.mark.timeout(7200)
class TestManyLongLives(Life.TestCase):
    settings = settings(
        max_examples=1000,
        stateful_step_count=150,
        deadline=None,
        phases=WITHOUT_EXPLAINING,
        suppress_health_check=[HealthCheck.too_slow],
    )
