"""How routing is asked for: a name, a table, and rules for kinds."""

from __future__ import annotations

import pytest

from arbiter import Settings
from arbiter.domain.errors import InvalidInput

TABLE = """
[routing]
strategy = "epsilon_greedy"
floor = 0.05
[routing.parameters]
rate = 0.2
[routing.weights]
ruff = 3
[routing.kinds."review.*"]
strategy = "epsilon_greedy"
decay = 0.9
[routing.kinds."review.security"]
strategy = "thompson"
load_penalty = 0.5
[routing.kinds.quick]
strategy = "off"
"""


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "arbiter.toml"
    path.write_text(TABLE)
    return path


def test_a_table_with_rules_for_kinds(file):
    plan = Settings.from_file(file).routing.plan
    usual, review, security = plan.of("format"), plan.of("review.style"), plan.of("review.security")
    assert (usual.name, usual.rate, usual.floor, usual.decay) == (
        "epsilon_greedy",
        0.2,
        0.05,
        0.995,
    )
    assert (review.name, review.rate, review.decay) == ("epsilon_greedy", 0.1, 0.9)
    assert (security.name, security.load_penalty, security.floor) == ("thompson", 0.5, 0.05)
    assert plan.of("quick") is None
    assert plan.weights == {"ruff": 3}


def test_what_a_choice_is_rewarded_for_and_the_price_of_its_cost():
    plan = Settings(routing={"reward": "utility", "price": 2}).routing.plan
    assert (plan.reward, plan.price) == ("utility", 2)
    assert (Settings().routing.plan.reward, Settings().routing.plan.price) == ("success", 1)


def test_one_name_is_enough():
    assert Settings.from_env({"ARBITER_ROUTING": "off"}).routing.plan.of("any") is None
    assert Settings(routing="weighted").routing.plan.of("any").name == "weighted"


def test_the_environment_names_another_default_and_the_file_s_rules_stay(file):
    settings = Settings.from_env({"ARBITER_CONFIG": str(file), "ARBITER_ROUTING": "least_loaded"})
    plan = settings.routing.plan
    assert (plan.of("format").name, plan.of("review.security").name) == ("least_loaded", "thompson")
    assert plan.of("quick") is None


def test_what_is_for_the_file_s_strategy_only_goes_with_it(file):
    environ = {"ARBITER_CONFIG": str(file), "ARBITER_ROUTING": "thompson"}
    assert Settings.from_env(environ).routing.plan.of("format").name == "thompson"
    environ["ARBITER_ROUTING"] = "epsilon_greedy"
    assert Settings.from_env(environ).routing.plan.of("format").rate == 0.2


@pytest.mark.parametrize(
    ("routing", "said"),
    [
        ("tompson", "routing.*strategy: 'tompson' is unknown; did you mean 'thompson'"),
        ({"stratgy": "thompson"}, "stratgy: unknown; did you mean 'strategy'"),
        ({"floor": 0}, r"routing\.floor.*greater than or equal to 0\.0001"),
        ({"reward": "fame"}, r"routing\.reward.*'success', 'quality' or 'utility'"),
        ({"price": -1}, r"routing\.price.*greater than or equal to 0"),
        ({"weights": {"ruff": -1}}, r"routing\.weights\.ruff.*greater than or equal to 0"),
        ({"parameters": {"rate": 0.1}}, "rate: is no parameter of thompson"),
        ({"kinds": {"a.*": {"strategy": "best"}}}, r"kinds\.a\.\*: strategy: 'best' is unknown"),
        ({"kinds": {"a.*": {"strategy": "thompson", "flor": 1}}}, r"a\.\*: flor: .* mean 'floor'"),
        (
            {"kinds": {"a.*": {"strategy": "thompson", "floor": 3}}},
            r"floor: expected `float` <= 0\.5",
        ),
        ({"kinds": {"a.*": {"floor": 0.1}}}, r"routing\.kinds\.a\.\*\.strategy .*: Field required"),
        (7, "routing.*valid dictionary"),
    ],
)
def test_what_cannot_be_meant_is_refused_in_a_line(routing, said):
    with pytest.raises(InvalidInput, match=said) as no:
        Settings.of({"routing": routing})
    assert "\n" not in str(no.value)


def test_settings_with_rules_are_equal_to_themselves_read_again(file):
    assert Settings.from_file(file) == Settings.from_file(file)
    assert Settings.from_file(file) != Settings()
