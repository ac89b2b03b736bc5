"""A strategy is judged by the log of another one."""

from datetime import UTC, datetime, timedelta

import pytest

from arbiter.application.evaluation.asked import question
from arbiter.application.evaluation.judging import judged, read_choices
from arbiter.application.evaluation.logged import LoggedCandidate, LoggedDecision
from arbiter.application.evaluation.policies import policy_of
from arbiter.domain.errors import InvalidInput
from arbiter.domain.facts import Candidate, Decision
from arbiter.domain.routing import STRATEGIES, Seen, decide, named
from arbiter.infrastructure.memory.adapters import in_memory
from arbiter.testing.clock import FrozenClock
from tests.support.decided import CHANCES, entries

NOW = datetime(2030, 1, 1, 12, tzinfo=UTC)
BEGINS = NOW - timedelta(days=1)


async def asked(*batches, since=BEGINS, strategy="capability_match", **rest):
    store = in_memory(FrozenClock())
    for batch in batches:
        await store.log.append_many(batch)
    wanted = question(strategy, since=since, **rest)
    return judged(await read_choices(store.log, wanted), wanted)


async def test_the_better_strategy_is_found_from_a_fair_draw():
    told = await asked(entries(named("weighted"), tasks=1_200, at=NOW))
    truth = 0.975 * CHANCES["ruff"] + 0.025 * CHANCES["bandit"]
    for name in ("ips", "snips", "doubly_robust"):
        each = getattr(told.all.evaluation, name)
        assert each.low < truth < each.high
    assert told.all.evaluation.doubly_robust.low > told.all.evaluation.logged.high
    assert (told.decisions, told.logged_by) == (1_200, {"weighted": 1_200})
    assert told.ends["completed"] + told.ends["failed"] == 1_200
    assert told.kinds == []


async def test_the_strategy_that_wrote_the_log_earns_what_it_earned():
    told = (await asked(entries(named("weighted"), tasks=300, at=NOW), strategy="weighted")).all
    assert told.evaluation.ips.value == pytest.approx(told.evaluation.logged.value)
    assert told.evaluation.effective_sample_size == pytest.approx(300)


async def test_timed_out_attempts_are_censored():
    told = await asked(entries(named("weighted"), tasks=600, at=NOW, timed_out=0.3))
    assert told.all.evaluation.censored == told.ends["timed_out"] > 100
    each = told.all.evaluation.snips
    assert each.worst < each.value < each.best


async def test_kinds_are_judged_apart_and_refused_apart():
    told = await asked(
        entries(named("weighted"), tasks=400, at=NOW, kind="review.security"),
        entries(named("weighted"), tasks=20, at=NOW, kind="review.style", seed=2),
    )
    security, style = told.kinds
    assert (security.kind, security.refusal) == ("review.security", None)
    assert (style.kind, style.evaluation) == ("review.style", None)
    assert "50 are needed" in style.refusal
    assert told.all.evaluation is not None


async def test_only_the_kinds_that_are_asked_for_count():
    log = (
        entries(named("weighted"), tasks=200, at=NOW, kind="review.security"),
        entries(named("weighted"), tasks=200, at=NOW, kind="docs", seed=2),
    )
    assert (await asked(*log, kind="review.*")).decisions == 200
    assert (await asked(*log)).decisions == 400


async def test_only_decisions_since_the_moment_count():
    told = await asked(
        entries(named("weighted"), tasks=200, at=NOW - timedelta(days=3)),
        entries(named("weighted"), tasks=100, at=NOW, seed=2),
    )
    assert told.decisions == 100


async def test_rewards_of_quality_and_utility():
    log = entries(named("weighted"), tasks=600, at=NOW, price=2.0)
    quality = (await asked(log, reward="quality")).all.evaluation
    utility = (await asked(log, reward="utility", price=0.1)).all.evaluation
    assert quality.logged.value == pytest.approx((0.9 * 0.9 + 0.5 * 0.5) / 2, abs=0.05)
    # A failed attempt of this log told no cost: only what succeeded is dearer.
    assert utility.logged.value == pytest.approx(quality.logged.value - 0.1 * 2.0 * 0.7, abs=0.03)


async def test_what_left_nothing_to_chance_is_left_out():
    certain = decided_for_sure(30)
    told = await asked(certain, entries(named("weighted"), tasks=100, at=NOW))
    assert (told.decisions, told.left_out) == (100, 30)
    with pytest.raises(InvalidInput, match=r"^since: all 30 decisions .*most_free_slots"):
        await asked(certain)


async def test_a_span_without_decisions_is_refused():
    with pytest.raises(InvalidInput, match=r"^since: no decision of kind docs was made since"):
        await asked(entries(named("weighted"), tasks=10, at=NOW), kind="docs")


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"strategy": "thomson"}, "strategy"),
        ({"since": datetime(2030, 1, 1)}, "since"),  # noqa: DTZ001 - is refused
        ({"kind": " "}, "kind"),
        ({"reward": "fame"}, "reward"),
        ({"parameters": {"flor": 0.1}}, "flor"),
    ],
)
async def test_a_question_that_cannot_be_meant_is_refused(said, field):
    with pytest.raises(InvalidInput, match=f"^{field}"):
        question(**({"strategy": "thompson", "since": NOW} | said))


@pytest.mark.parametrize("name", STRATEGIES)
def test_a_policy_gives_what_the_strategy_itself_would_have_recorded(name):
    seen = [Seen(agent=f"a{n}", wins=1.0 + n, losses=9.0 - n, load=n / 9) for n in range(8)]
    _, made = decide(named(name), seen, draw=0.5, decisions=100)
    logged = LoggedDecision(
        kind="review",
        candidates=tuple(
            LoggedCandidate(agent=each.agent, propensity=0.125, features=each.features)
            for each in made.candidates
        ),
        chosen="a0",
        reward=1.0,
        decisions=100,
    )
    would = policy_of(named(name))(logged)
    assert would == {each.agent: each.propensity for each in made.candidates}


def decided_for_sure(tasks):
    made = Decision(
        strategy="most_free_slots",
        reason="ruff has the largest free share of its slots",
        candidates=(
            Candidate(agent="ruff", score=0.5, propensity=1.0),
            Candidate(agent="bandit", score=0.0, propensity=0.0),
        ),
    )
    return entries(named("weighted"), tasks=tasks, at=NOW, seed=3, made=made)
