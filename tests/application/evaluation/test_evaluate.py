import pytest
from hypothesis import given
from hypothesis import strategies as st

from arbiter.application.evaluation import LoggedCandidate, LoggedDecision, NoSupport
from arbiter.application.evaluation.evaluate import evaluate
from arbiter.domain.errors import InvalidInput


def decided(chosen, reward, *, kind="review", **propensities):
    return LoggedDecision(
        kind=kind,
        candidates=tuple(
            LoggedCandidate(agent=agent, propensity=p) for agent, p in propensities.items()
        ),
        chosen=chosen,
        reward=reward,
    )


def always(agent):
    return lambda decision: {agent: 1.0}


def as_logged(decision):
    return {each.agent: each.propensity for each in decision.candidates}


EVEN = [
    decided(chosen, reward, ruff=0.5, bandit=0.5)
    for chosen, reward in [("ruff", 1.0), ("ruff", 0.0), ("bandit", 0.0), ("ruff", 1.0)] * 50
]


def test_a_strategy_earns_what_its_agent_earned():
    told = evaluate(EVEN, always("ruff"))
    assert told.snips.value == pytest.approx(2 / 3)
    assert told.ips.value == pytest.approx(1.0)  # the log happens to hold 3 of 4, not 1 of 2
    assert told.doubly_robust.value == pytest.approx(2 / 3, abs=0.02)
    assert told.logged.value == pytest.approx(0.5)
    assert told.effective_sample_size == pytest.approx(150)
    assert told.mean_weight == pytest.approx(1.5)
    assert told.snips.low < 2 / 3 < told.snips.high


@given(st.lists(st.floats(0, 1), min_size=60, max_size=80))
def test_the_logging_strategy_itself_is_worth_the_mean_reward(rewards):
    log = [
        decided(["ruff", "bandit"][place % 2], reward, ruff=0.5, bandit=0.5)
        for place, reward in enumerate(rewards)
    ]
    told = evaluate(log, as_logged)
    mean = sum(rewards) / len(rewards)
    assert told.ips.value == pytest.approx(mean)
    assert told.snips.value == pytest.approx(mean)
    assert told.effective_sample_size == pytest.approx(len(rewards))


def test_bounds_hold_whatever_the_censored_would_have_earned():
    log = [*EVEN, *[decided("ruff", None, ruff=0.5, bandit=0.5)] * 50]
    told = evaluate(log, always("ruff"))
    assert told.censored == 50
    assert told.snips.value == pytest.approx(2 / 3)
    assert told.snips.worst == pytest.approx(0.5)
    assert told.snips.best == pytest.approx(0.75)


def test_without_censoring_the_bounds_are_the_value():
    told = evaluate(EVEN, always("ruff"))
    assert told.ips.worst == told.ips.value == told.ips.best


def test_an_agent_the_log_never_could_choose_is_refused_by_name():
    log = [*EVEN, decided("ruff", 1.0, ruff=1.0, radon=0.0)]
    with pytest.raises(NoSupport, match=r"'radon'.*propensity is 0 in 1 decisions") as no:
        evaluate(
            log,
            lambda each: (
                {"radon": 1.0}
                if len(each.candidates) and any(c.agent == "radon" for c in each.candidates)
                else {"ruff": 1.0}
            ),
        )
    assert (no.value.agent, no.value.kind, no.value.code) == ("radon", "review", "no_support")


def test_an_agent_never_chosen_is_refused():
    log = [decided("ruff", 1.0, ruff=0.99, radon=0.01)] * 100
    with pytest.raises(NoSupport, match=r"'radon'.*never chosen.*100\.0%"):
        evaluate(log, always("radon"))


def test_an_agent_whose_rewards_are_all_censored_is_refused():
    log = [*EVEN, *[decided("radon", None, ruff=0.5, radon=0.5)] * 20]
    with pytest.raises(
        NoSupport, match=r"'radon'.*all its 20 decisions are of unknown worth"
    ):
        evaluate(log, lambda each: {each.candidates[1].agent: 1.0})


def test_too_few_effective_decisions_are_refused():
    with pytest.raises(NoSupport, match=r"'ruff'.*worth 30\.0 decisions"):
        evaluate(EVEN[:40], always("ruff"))


@pytest.mark.parametrize(
    ("decision", "policy", "field"),
    [
        (decided("ruff", 1.0, ruff=0.5, bandit=0.4), as_logged, r"decisions\[0\]\.candidates"),
        (decided("ruff", 1.0, ruff=1.5, bandit=-0.5), as_logged, r"decisions\[0\]\.candidates"),
        (decided("ruff", 1.0, ruff=float("nan")), as_logged, r"decisions\[0\]\.candidates"),
        (decided("radon", 1.0, ruff=1.0), as_logged, r"decisions\[0\]\.chosen"),
        (decided("ruff", 1.0, ruff=0.0, bandit=1.0), as_logged, r"decisions\[0\]\.chosen"),
        (decided("ruff", 2.0, ruff=1.0), as_logged, r"decisions\[0\]\.reward"),
        (decided("ruff", float("nan"), ruff=1.0), as_logged, r"decisions\[0\]\.reward"),
        (decided("ruff", 1.0, ruff=1.0), always("radon"), r"policy\[0\].*radon"),
        (decided("ruff", 1.0, ruff=1.0), lambda each: {"ruff": 0.9}, r"policy\[0\].*sum to"),
    ],
)
def test_what_breaks_a_rule_is_refused_by_its_place(decision, policy, field):
    with pytest.raises(InvalidInput, match=field):
        evaluate([decision], policy)


def test_an_empty_log_is_refused():
    with pytest.raises(InvalidInput, match="decisions"):
        evaluate([], as_logged)


def test_the_values_need_no_numpy():
    import subprocess
    import sys

    code = "import sys, arbiter.application.evaluation; assert 'numpy' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
