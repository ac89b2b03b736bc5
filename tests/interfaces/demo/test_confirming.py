"""The quality of a review: the share of its findings that its rival makes too."""

import pytest

from arbiter.interfaces.demo.confirming import comparable, confirmed
from arbiter.interfaces.demo.cpu import CpuClock
from arbiter.interfaces.demo.reviewers import REVIEWERS
from arbiter.interfaces.demo.sources import sources


def an_answer(*findings):
    return {"findings": [{"rule": rule, "line": line, "message": ""} for rule, line in findings]}


def test_a_finding_is_confirmed_by_the_same_check_at_the_same_line():
    bandit = an_answer(("B101", 1), ("B101", 2), ("B602", 3), ("B404", 4))
    ruff = an_answer(("S101", 1), ("S101", 9), ("S602", 3), ("S105", 4))
    assert confirmed(bandit, ruff) == (4, 2)
    assert confirmed(bandit, ruff).quality == 0.5
    assert confirmed(ruff, bandit).quality == 0.5


def test_a_rank_of_c_or_worse_is_what_the_other_calls_too_complex():
    radon = an_answer(("complexity-C", 1), ("complexity-F", 7))
    assert confirmed(radon, an_answer(("C901", 7))) == (2, 1)


def test_what_the_other_could_never_say_is_neither_right_nor_wrong():
    radon = an_answer(("maintainability-C", 1), ("class-complexity-D", 1), ("parse-error", 2))
    assert comparable(radon) == frozenset()
    assert confirmed(radon, an_answer(("C901", 1))).quality is None


def test_who_found_nothing_is_not_judged():
    assert confirmed(an_answer(), an_answer(("S101", 1))).quality is None


@pytest.mark.parametrize("name", sorted(REVIEWERS))
def test_a_second_look_finds_all_that_a_rival_can_find_too(name):
    files = [str(file) for file in sources().files if file.parent.name in {"email", "json"}]
    for file in files:
        whole = REVIEWERS[name].answer(file, CpuClock())
        assert comparable(REVIEWERS[name].second_look(file)) == comparable(whole)


@pytest.mark.parametrize(("name", "other"), [("bandit", "ruff-S"), ("radon", "ruff-C901")], ids=str)
def test_real_tools_confirm_each_other(tmp_path, name, other):
    file = tmp_path / "reviewed.py"
    branches = "".join(f"    if x == {n}:\n        return {n}\n" for n in range(12))
    file.write_text(f"import subprocess\n\n\ndef branchy(x):\n    assert x\n{branches}")
    one, another = (REVIEWERS[each].answer(str(file), CpuClock()) for each in (name, other))
    assert confirmed(another, one).quality == 1
    assert confirmed(one, another).quality == (
        0.5 if name == "bandit" else 1
    )  # B404: ruff's is new
