"""The registry of agents by the library: register, update, give a status, retire, list, find."""

from __future__ import annotations

from datetime import timedelta

import pytest

from arbiter.domain import facts as f
from arbiter.domain.errors import (
    AgentAlreadyExists,
    AgentGone,
    AgentNotFound,
    InvalidAgent,
    RegistryFull,
)
from arbiter.domain.limits import Limits
from arbiter.domain.retry import RetryPolicy
from arbiter.testing import in_memory
from tests.support.eventually import eventually
from tests.support.soundness import Truth


@pytest.fixture(params=["postgres", "memory"])
def arbiter(request):
    """An Arbiter on either store, that finds nothing by polling."""
    if request.param == "postgres":
        yield request.getfixturevalue("connected")(agent_limit=4)
    else:
        with in_memory(poll_seconds=600, agent_limit=4) as arbiter:
            yield arbiter


def names(found):
    return [each.name for each in found]


def test_a_registered_agent_is_shown_as_it_was_described(arbiter):
    made = arbiter.agents.register(
        "ruff",
        kinds=["review", "format"],
        languages="python",
        specializations={"security"},
        model_family="none",
        concurrency=4,
        cost_per_task=0.5,
        weight=2.0,
        by="ann",
    )
    assert made == arbiter.agents.show("ruff")
    assert (made.name, made.status, made.kinds) == ("ruff", "available", ("format", "review"))
    assert (made.languages, made.specializations) == (("python",), ("security",))
    assert (made.concurrency, made.cost_per_task, made.weight) == (4, 0.5, 2.0)
    assert (made.live, made.hosts, made.capacity, made.utilization) == (False, 0, 0, 1.0)
    assert (made.attempts, made.success_rate) == (0, 0.8)


def test_an_agent_s_own_policy_and_limits_are_kept(arbiter):
    policy, limits = RetryPolicy(max_attempts=7), Limits(start_to_close=9.0)
    made = arbiter.agents.register("ruff", kinds="review", retry=policy, limits=limits)
    assert (made.retry, made.limits) == (policy, limits)
    longer = Limits(start_to_close=18.0)
    changed = arbiter.agents.update("ruff", limits=longer)
    assert (changed.retry, changed.limits) == (policy, longer)


def test_to_register_again_updates_or_is_refused(arbiter):
    first = arbiter.agents.register("ruff", kinds="review")
    assert arbiter.agents.register("ruff", kinds="review").version == first.version
    assert arbiter.agents.register("ruff", kinds="format").kinds == ("format",)
    with pytest.raises(AgentAlreadyExists):
        arbiter.agents.register("ruff", kinds="format", mode="strict")


def test_an_update_keeps_what_it_does_not_name(arbiter):
    arbiter.agents.register("ruff", kinds="review", languages="python", cost_per_task=0.5)
    changed = arbiter.agents.update("ruff", cost_per_task=0.25, concurrency=2)
    assert (changed.languages, changed.cost_per_task, changed.concurrency) == (("python",), 0.25, 2)
    assert arbiter.agents.update("ruff", cost_per_task=0.25).version == changed.version


def test_a_retired_agent_is_listed_only_when_asked_for_and_may_come_back(arbiter):
    arbiter.agents.register("ruff", kinds="review")
    gone = arbiter.agents.retire("ruff", by="ann", why="replaced")
    assert (gone.status, gone.status_by, gone.status_why) == ("retired", "ann", "replaced")
    assert arbiter.agents.list() == []
    assert [agent.name for agent in arbiter.agents.list(status="retired")] == ["ruff"]
    with pytest.raises(AgentGone):
        arbiter.agents.set_status("ruff", "available")
    assert arbiter.agents.register("ruff", kinds="review").status == "available"


def test_an_unknown_agent_is_named_with_the_nearest(arbiter):
    arbiter.agents.register("bandit", kinds="review")
    for order in (
        lambda: arbiter.agents.show("bandti"),
        lambda: arbiter.agents.update("bandti", weight=2.0),
        lambda: arbiter.agents.set_status("bandti", "busy"),
        lambda: arbiter.agents.retire("bandti"),
    ):
        with pytest.raises(AgentNotFound, match="did you mean 'bandit'"):
            order()


def test_a_full_registry_refuses_one_more(arbiter):
    for number in range(4):
        arbiter.agents.register(f"agent-{number}", kinds="review")
    with pytest.raises(RegistryFull, match="4 are registered"):
        arbiter.agents.register("agent-4", kinds="review")
    arbiter.agents.retire("agent-0")
    arbiter.agents.register("agent-4", kinds="review")
    assert arbiter.agents.stats().agents == 4


@pytest.mark.parametrize(
    ("order", "field"),
    [
        (lambda agents: agents.register("two words", kinds="review"), "name"),
        (lambda agents: agents.register("ruff", kinds=[]), "kinds"),
        (lambda agents: agents.register("ruff", kinds=["two words"]), "kinds.0"),
        (lambda agents: agents.register("ruff", kinds="review", concurrency=0), "concurrency"),
        (lambda agents: agents.register("ruff", kinds="review", cost_per_task=-1), "cost_per_task"),
        (lambda agents: agents.register("ruff", kinds="review", weight=0), "weight"),
        (lambda agents: agents.register("ruff", kinds="review", mode="loose"), "mode"),
        (lambda agents: agents.register("ruff", kinds="review", reached_by="ftp"), "reached_by"),
        (
            lambda agents: agents.register("x", kinds="y", retry=RetryPolicy(max_attempts=0)),
            "retry.max_attempts",
        ),
        (lambda agents: agents.update("ruff", limits=Limits(total=-1)), "limits.total"),
        (lambda agents: agents.update("ruff"), "changes"),
        (lambda agents: agents.update("ruff", wieght=2.0), "wieght"),
        (lambda agents: agents.update("ruff", kinds=()), "kinds"),
        (lambda agents: agents.set_status("ruff", "asleep"), "status"),
        (lambda agents: agents.set_status("ruff", "retired"), "status"),
        (lambda agents: agents.list(status="gone"), "status"),
        (lambda agents: agents.query("review", min_success_rate=1.5), "min_success_rate"),
        (lambda agents: agents.query("review", max_utilization=-0.1), "max_utilization"),
        (lambda agents: agents.query("review", limit=0), "limit"),
        (lambda agents: agents.query(""), "kind"),
        (lambda agents: agents.clean_up(-1), "older_than"),
    ],
)
def test_what_cannot_be_meant_is_refused_and_nothing_is_written(arbiter, order, field):
    from arbiter.domain.errors import InvalidInput

    heard = []
    arbiter.on("agent.*", heard.append)
    with pytest.raises(InvalidInput) as refused:
        order(arbiter.agents)
    assert refused.value.field == field
    if field != "older_than":
        assert isinstance(refused.value, InvalidAgent)
        assert refused.value.code == "invalid_agent_data"
    assert (arbiter.agents.list(), heard) == ([], [])


def test_all_that_is_asked_is_required_and_the_order_is_total(arbiter):
    arbiter.agents.register("both", kinds="review", languages=("python", "sql"))
    arbiter.agents.register("also", kinds="review", languages=("python", "sql"))
    arbiter.agents.register("python", kinds="review", languages="python")
    arbiter.agents.register("other", kinds="format", languages=("python", "sql"))
    assert names(arbiter.agents.query("review")) == ["also", "both", "python"]
    assert names(arbiter.agents.query("review", languages=("python", "sql"))) == ["also", "both"]
    assert names(arbiter.agents.query("review", languages=("python", "sql"), limit=1)) == ["also"]
    assert names(arbiter.agents.query("review", specializations="security")) == []
    assert names(arbiter.agents.query("review", live=True)) == []
    assert names(arbiter.agents.query("review", max_utilization=0.9)) == []
    assert names(arbiter.agents.query("review", min_success_rate=0.81)) == []
    arbiter.agents.set_status("also", "maintenance")
    assert names(arbiter.agents.query("review", languages="sql")) == ["both"]
    assert names(arbiter.agents.query("review", status="maintenance")) == ["also"]
    [match] = arbiter.agents.query("review", languages="sql")
    assert match.score == pytest.approx((0.3 + 0.3 + 0.2 * 0.8) / 0.8)
    assert match.reason == (
        "does review, knows sql; 80% of its attempts succeeded, 100% of its capacity is in use"
    )


def test_a_hosted_agent_is_live_and_its_load_is_told(arbiter, bench):
    arbiter.agent("ruff", kinds="review", concurrency=4)(bench.awork)
    arbiter.start()
    assert (arbiter.agents.show("ruff").live, arbiter.agents.show("ruff").utilization) == (True, 0)
    task_id = arbiter.submit("review", 1).task_id
    bench.next()
    arbiter.views.catch_up()
    at_work = arbiter.agents.show("ruff")
    assert (at_work.hosts, at_work.running, at_work.capacity) == (1, 1, 4)
    assert at_work.utilization == 0.25
    stats = arbiter.agents.stats()
    assert (stats.live, stats.active, stats.idle, stats.average_utilization) == (1, 1, 0, 0.25)
    bench.open()
    arbiter.wait(task_id, 5)
    arbiter.views.catch_up()
    done = arbiter.agents.show("ruff")
    assert (done.running, done.attempts, done.success_rate) == (0, 1, 1.0)
    assert arbiter.agents.query("review")[0].success_rate == 1.0


@pytest.mark.parametrize("status", ["offline", "maintenance", "draining"])
def test_an_agent_that_takes_no_work_gets_none_and_goes_on_afterwards(arbiter, bench, status):
    arbiter.agent("ruff", kinds="review")(bench.awork)
    arbiter.start()
    running = arbiter.submit("review", "runs").task_id
    bench.next()
    arbiter.agents.set_status("ruff", status, by="ann")
    eventually(lambda: arbiter.core._service._worker._roster.closed == {"ruff"})
    waiting = arbiter.submit("review", "waits").task_id
    bench.open()
    assert arbiter.wait(running, 5).status == "completed"
    with pytest.raises(AssertionError, match="nothing was begun"):
        bench.next(within=0.4)
    assert arbiter.status(waiting).status == "queued"
    arbiter.agents.set_status("ruff", "available", by="ann")
    assert arbiter.wait(waiting, 5).status == "completed"


def test_a_busy_agent_takes_work(arbiter, bench):
    bench.open()
    arbiter.agent("ruff", kinds="review")(bench.awork)
    arbiter.start()
    arbiter.agents.set_status("ruff", "busy")
    assert arbiter.wait(arbiter.submit("review", 1).task_id, 5).status == "completed"


def test_another_agent_of_the_kind_takes_over(arbiter, bench):
    bench.open()
    arbiter.agent("ruff", kinds="review")(bench.awork)
    arbiter.agent("bandit", kinds="review")(bench.awork)
    arbiter.start()
    arbiter.agents.set_status("ruff", "maintenance")
    eventually(lambda: arbiter.core._service._worker._roster.closed == {"ruff"})
    for number in range(5):
        done = arbiter.wait(arbiter.submit("review", number).task_id, 5)
        assert (done.status, done.agent) == ("completed", "bandit")


def test_a_retired_agent_stays_retired_whoever_hosts_it(connected, bench, database):
    one = connected()
    one.agents.register("ruff", kinds="review")
    one.agents.retire("ruff")
    host = connected()
    host.agent("ruff", kinds="review")(bench.awork)
    host.start()
    assert host.agents.show("ruff").status == "retired"
    host.submit("review", 1)
    with pytest.raises(AssertionError, match="nothing was begun"):
        bench.next(within=0.4)
    assert len(Truth(database.dsn).of(f.AgentRegistered)) == 1


def test_a_worker_keeps_the_weight_that_an_operator_gave(connected, bench, database):
    one = connected()
    one.agents.register("ruff", kinds="review", concurrency=10, weight=3.0)
    host = connected()
    host.agent("ruff", kinds="review")(bench.awork)
    host.start()
    assert host.agents.show("ruff").weight == 3.0
    assert Truth(database.dsn).of(f.AgentUpdated) == []


def test_who_was_not_met_for_long_goes_offline_and_is_back_when_it_is_hosted(
    connected, bench, database
):
    one = connected()
    one.agents.register("ruff", kinds="review")
    one.agents.register("bandit", kinds="review")
    one.agents.set_status("bandit", "maintenance", by="ann")
    assert one.agents.clean_up(timedelta(hours=24)) == []
    changed = one.agents.clean_up(0)
    assert [(agent.name, agent.status, agent.status_by) for agent in changed] == [
        ("bandit", "offline", None),
        ("ruff", "offline", None),
    ]
    assert one.agents.clean_up(0) == []
    host = connected()
    host.agent("ruff", kinds="review")(bench.awork)
    host.start()
    assert host.agents.clean_up(0) == []
    assert host.agents.show("ruff").status == "available"
    told = [(fact.name, fact.status) for fact in Truth(database.dsn).of(f.AgentStatusChanged)]
    assert told.count(("ruff", "offline")) == 1
    assert told.count(("ruff", "available")) == 1


def test_a_worker_cleans_up_by_itself(connected, bench):
    one = connected(agent_stale_seconds=0.2)
    one.agents.register("bandit", kinds="review")
    one.agent("ruff", kinds="review")(bench.awork)
    one.start()
    eventually(lambda: one.agents.show("bandit").status == "offline")
    assert one.agents.show("ruff").status == "available"
