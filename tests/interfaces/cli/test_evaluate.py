"""`arbiter agents evaluate`, on the real log."""

from __future__ import annotations

import sys

import pytest

from arbiter.domain.routing import named
from tests.support.decided import entries


@pytest.fixture
def drawn(arbiter):
    """Three hundred tasks, drawn evenly, of which ruff does far better."""
    log = entries(named("weighted"), tasks=300)
    arbiter.core.run(lambda service: service.store.log.append_many(log))


def test_a_table_tells_what_the_other_strategy_would_have_earned(cli, drawn):
    said = cli("agents", "evaluate", "--strategy", "capability_match", "--since", "1h").out
    assert "capability_match v1, by success" in said
    assert "300, made by weighted 300" in said
    for row in ("as logged", "IPS", "SNIPS", "doubly robust"):
        assert row in said
    assert "censored   none" in said


def test_the_same_as_one_document(cli, drawn):
    told = cli("agents", "evaluate", "--strategy", "capability_match", "--json").json
    assert (told["decisions"], told["logged_by"], told["kinds"]) == (300, {"weighted": 300}, [])
    earned = told["all"]["evaluation"]
    assert earned["doubly_robust"]["low"] > earned["logged"]["value"]
    assert earned["effective_sample_size"] > 100


def test_parameters_of_the_strategy_are_set(cli, drawn):
    words = ("agents", "evaluate", "--strategy", "capability_match", "--json")
    greedy = cli(*words, "--set", "floor=0.01").json["all"]["evaluation"]
    curious = cli(*words, "--set", "floor=0.5").json["all"]["evaluation"]
    assert greedy["snips"]["value"] > curious["snips"]["value"]


def test_where_the_log_cannot_tell_it_says_so_and_ends_with_1(cli, arbiter):
    log = entries(named("weighted"), tasks=30)
    arbiter.core.run(lambda service: service.store.log.append_many(log))
    words = ("agents", "evaluate", "--strategy", "capability_match")
    said = cli(*words, code=1).out
    assert "the log cannot tell: agent" in said
    assert "50 are needed" in said
    told = cli(*words, "--json", code=1).json["all"]
    assert told["evaluation"] is None
    assert "50 are needed" in told["refusal"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--strategy", "thomson"], "strategy: 'thomson' is unknown"),
        (["--strategy", "thompson", "--since", "yesterday"], "--since: 'yesterday' is no moment"),
        (["--strategy", "thompson", "--reward", "fame"], "reward: 'fame' is unknown"),
        (["--strategy", "thompson", "--price=-1"], "price: -1.0 is no price"),
        (["--strategy", "thompson", "--set", "floor"], "--set: 'floor' sets nothing"),
        (["--strategy", "thompson", "--set", "flor=0.1"], "flor"),
        (["--strategy", "thompson", "--set", "floor=7"], "floor"),
        (["--strategy", "thompson", "--kind", "nothing"], "no decision of kind nothing"),
    ],
)
def test_what_cannot_be_meant_is_refused_in_one_line(cli, drawn, words, message):
    assert message in cli("agents", "evaluate", *words, code=2).error


def test_without_its_extra_it_says_how_to_get_it(cli, drawn, monkeypatch):
    monkeypatch.setitem(sys.modules, "arbiter.application.evaluation.evaluate", None)
    refused = cli("agents", "evaluate", "--strategy", "thompson", "--json", code=1).json_error
    assert refused["code"] == "extra_missing"
    assert "pip install 'arbiter-orchestrator[evaluation]'" in refused["message"]
