"""What counts for a breaker is the fold of its agent's attempts, however the log is cut."""

from datetime import timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arbiter.application.ports import Recorded
from arbiter.domain import facts as f
from arbiter.domain.breaker import State, breaker_id, transport_breaker
from arbiter.domain.facts.transports import Transport
from arbiter.projections.breakers import Breakers, counted, named_in
from arbiter.testing.builders import ERROR, LOST, NOON, a_task
from tests.projections.folding import batches_of, recorded

URL = "https://ann:secret@Reviews.example:8443/review?fast=1"
HOST = "transport:https://reviews.example:8443"
UNREACHABLE = f.Failure(kind="exception", type="ConnectError", message="connection refused")


def life(number, *, agent="ruff"):
    return a_task(task_id=UUID(int=number)).routed_to(agent).running()


def breaker_fact(kind, version, *, agent="ruff", **told):
    return kind(breaker_id=breaker_id(agent), agent=agent, version=version, at=NOON, **told)


def registered(agent="ruff", url=None):
    reached_by = Transport(type="http", url=url) if url else None
    return f.AgentRegistered(
        agent_id=UUID(int=7), version=1, at=NOON, name=agent, kinds=("a",), reached_by=reached_by
    )


def log_of(*told):
    facts = [fact for each in told for fact in ([each] if isinstance(each, f.Fact) else each.facts)]
    return [Recorded(fact, position) for position, fact in enumerate(facts, 1)]


def rows_of(log, size=1000):
    rows = {}
    for batch in batches_of(log, size):
        change = Breakers().fold(batch)
        assert named_in(change) >= set(change.agents) | set(change.moved)
        rows.update(counted(rows, change))
        rows = {name: row for name, row in rows.items() if not row.is_new}
    return rows


def test_failures_in_a_row_are_kept_with_their_moments():
    rows = rows_of(recorded(*(life(n).later(n).retrying() for n in range(1, 4))))
    assert rows["ruff"].breaker.failures == tuple(NOON + timedelta(seconds=n) for n in (1, 2, 3))
    assert rows["ruff"].is_to_watch


def test_a_success_forgives_them_and_an_agent_that_never_fails_has_no_row():
    assert rows_of(recorded(life(1).retrying(), life(2).completed())) == {}
    assert rows_of(recorded(life(1).retrying(), life(2).completed()), 1) == {}
    assert rows_of(recorded(life(1).completed(), life(2).completed())) == {}


@pytest.mark.parametrize(
    "end",
    [
        lambda task: task.cancelled(),
        lambda task: task.retrying(LOST),
        lambda task: task.released(),
        lambda task: task.suspended(),
        lambda task: task.retrying(f.Failure(kind="timeout", type="total")),
        lambda task: task.retrying(f.Failure(kind="exception", type="Drained")),
    ],
)
def test_what_the_agent_cannot_help_counts_for_nothing(end):
    rows = rows_of(recorded(life(1).retrying(), end(life(2))))
    assert len(rows["ruff"].breaker.failures) == 1


def test_a_task_that_fails_while_nobody_has_it_is_nobody_s_failure():
    waiting = life(1).retrying()
    expired = f.TaskFailed(
        task_id=waiting.task.id,
        version=waiting.task.version + 1,
        at=NOON,
        error=ERROR,
        attempts=1,
    )
    assert len(rows_of(log_of(waiting, expired))["ruff"].breaker.failures) == 1


def test_while_half_open_what_is_routed_is_a_probe_until_it_ends():
    half_open = [
        breaker_fact(f.BreakerOpened, 1, until=NOON),
        breaker_fact(f.BreakerHalfOpened, 2, probes=2),
    ]
    early = life(1)
    probe = life(2)
    log = log_of(early, *half_open, probe)
    breaker = rows_of(log)["ruff"].breaker
    assert (breaker.state, breaker.probes) == (State.HALF_OPEN, {probe.task.id})
    ends = [early.completed().facts[-1], probe.completed().facts[-1]]
    breaker = rows_of(log_of(early, *half_open, probe, *ends))["ruff"].breaker
    assert (breaker.probes, breaker.successes, breaker.version) == (frozenset(), 1, 2)


def test_a_host_that_is_not_reached_counts_for_the_agent_and_for_all_behind_it():
    assert transport_breaker(URL) == HOST
    rows = rows_of(
        log_of(
            registered("one", URL),
            registered("two", URL),
            life(1, agent="one").retrying(UNREACHABLE),
            life(2, agent="two").retrying(UNREACHABLE),
        )
    )
    assert len(rows[HOST].breaker.failures) == 2
    assert len(rows["one"].breaker.failures) == len(rows["two"].breaker.failures) == 1


def test_an_agent_that_answers_with_an_error_has_a_transport_that_works():
    rows = rows_of(
        log_of(
            registered("one", URL),
            life(1, agent="one").retrying(UNREACHABLE),
            life(2, agent="one").retrying(ERROR),
        )
    )
    assert HOST not in rows
    assert len(rows["one"].breaker.failures) == 2


def test_an_agent_that_moves_leaves_the_breaker_of_its_host_behind():
    rows = rows_of(
        log_of(
            registered("one", URL), registered("one"), life(1, agent="one").retrying(UNREACHABLE)
        )
    )
    assert HOST not in rows
    assert rows["one"].transport is None


ENDS = [
    lambda task: task.retrying(),
    lambda task: task.retrying(UNREACHABLE),
    lambda task: task.completed(),
    lambda task: task.cancelled(),
    lambda task: task,
]


@given(
    st.lists(
        st.one_of(
            st.tuples(st.sampled_from(["one", "two"]), st.integers(0, len(ENDS) - 1)),
            st.sampled_from(["open", "half", "close", "move"]),
        ),
        max_size=25,
    ),
    st.integers(1, 9),
)
def test_batches_of_any_size_count_the_same(happened, size):
    told, version = [registered("one", URL)], 0
    for number, what in enumerate(happened, 1):
        if isinstance(what, tuple):
            agent, end = what
            told.append(ENDS[end](life(number, agent=agent).later(number)))
        elif what == "move":
            told.append(registered("two", URL))
        else:
            version += 1
            kinds = {
                "open": (f.BreakerOpened, {}),
                "half": (f.BreakerHalfOpened, {"probes": 1}),
                "close": (f.BreakerClosed, {}),
            }
            kind, details = kinds[what]
            told.append(breaker_fact(kind, version, agent="one", **details))
    log = log_of(*told)
    assert rows_of(log, size) == rows_of(log)
