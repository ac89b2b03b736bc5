"""The simulated workload: one seed, one outcome; the oracle loses nothing, and learning pays."""

import pytest

from arbiter.domain.routing import STRATEGIES, named
from benchmarks.regret.play import play, play_oracle, play_uniform
from benchmarks.regret.runs import FACTORS, POINTS, mean_regret, planned, runs, thinned
from benchmarks.regret.world import DRIFTS, STEP, Drift, a_world


@pytest.fixture(scope="module")
def world():
    return a_world(7, DRIFTS["drifting"], tasks=1_500, agents=6, kinds=2)


def test_equal_seeds_give_equal_worlds_and_others_do_not():
    def made(seed):
        return a_world(seed, DRIFTS["restless"], tasks=200)

    assert made(1) == made(1)
    assert made(1) != made(2)


def test_worlds_of_one_seed_share_their_tasks_and_where_they_begin():
    steady, restless = (a_world(1, DRIFTS[name], tasks=200) for name in ("steady", "restless"))
    assert steady.arrivals == restless.arrivals
    assert steady.chances[0] == restless.chances[0]


def test_a_steady_world_stays_and_a_drifting_one_moves():
    steady, drifting = (a_world(1, drift, tasks=20 * STEP) for drift in (Drift(), Drift(wander=1)))
    assert all(chances == steady.chances[0] for chances in steady.chances)
    assert drifting.chances[-1] != drifting.chances[0]
    assert all(0 < chance < 1 for step in drifting.chances for kind in step for chance in kind)


def test_the_oracle_loses_nothing(world):
    assert play_oracle(world).total == 0.0


@pytest.mark.parametrize("name", STRATEGIES)
def test_a_run_can_be_repeated_and_its_regret_never_falls(world, name):
    one, other = (play(world, named(name)) for _ in range(2))
    assert one == other
    assert len(one.regret) == len(world.arrivals)
    assert list(one.regret) == sorted(one.regret)


def test_learning_loses_less_than_chance(world):
    chance = play_uniform(world).total
    assert play(world, named("thompson")).total < 0.6 * chance
    assert play(world, named("capability_match")).total < chance


def test_with_equal_weights_shares_are_chance(world):
    assert play(world, named("weighted")).total == pytest.approx(play_uniform(world).total)


def test_nobody_is_given_more_than_it_has_slots(world):
    crowded = type(world)(world.arrivals, world.chances, [60.0] * world.agents, slots=2)
    played = play_uniform(crowded)
    assert len(played.regret) == len(world.arrivals)  # those that find nobody free are lost
    assert played.load < 0.5


def test_every_strategy_and_every_factor_is_run_once():
    found = list(runs([3], tasks=100, drifts=["steady"]))
    assert [(run.strategy, run.forget) for run in found] == planned()
    assert len(found) == 2 + len(STRATEGIES) + len(FACTORS) - 1
    assert mean_regret(found)["steady", "oracle", 0.995] == 0


def test_a_curve_keeps_its_end():
    assert thinned(list(range(1, 1_001)))[-1] == 1_000
    assert len(thinned([1.0] * 50)) == POINTS
