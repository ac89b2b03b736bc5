"""The demo's last words, for people and for programs."""

import io
import json

import pytest
from rich.console import Console

from arbiter.interfaces.demo.cpu import CpuClock
from arbiter.interfaces.demo.report import show
from arbiter.interfaces.demo.reviewers import REVIEWERS
from arbiter.interfaces.demo.summary import DemoSummary, Latency, as_json

TASK = "0190b3c4-5d6e-7f80-9123-456789abcdef"


def a_summary(**different):
    numbers = {
        "tasks": 201,
        "completed": 200,
        "failed": 1,
        "attempts": 205,
        "rescued": 4,
        "facts": 1013,
        "seconds": 12.34567,
        "tasks_per_s": 16.2004,
        "latency_ms": Latency(p50=41.26, p95=1120.0),
    }
    return DemoSummary(**{**numbers, **different})


def a_review(kind, file, *rules, lines=10, **more):
    findings = [{"rule": rule, "line": 1, "message": f"about {rule}"} for rule in rules]
    return (
        kind,
        file,
        {
            "tool": kind.removeprefix("review."),
            "version": "1.0",
            "file": file,
            "lines": lines,
            "findings": findings,
            **more,
        },
    )


def shown(reviews, summary=None, encoding="utf-8", width=80, **more):
    piped = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    show(Console(file=piped, width=width), summary or a_summary(), reviews, **more)
    piped.flush()
    return piped.buffer.getvalue().decode(encoding)


def test_json_has_exactly_the_promised_keys():
    assert json.loads(as_json(a_summary())) == {
        "tasks": 201,
        "completed": 200,
        "failed": 1,
        "attempts": 205,
        "rescued": 4,
        "facts": 1013,
        "seconds": 12.346,
        "tasks_per_s": 16.2,
        "latency_ms": {"p50": 41.3, "p95": 1120.0},
        "contests": [],
        "decision": None,
    }
    assert "\n" not in as_json(a_summary())


def test_a_latency_that_nobody_has_is_null_and_a_number_that_is_none_is_refused():
    nobody = a_summary(latency_ms=Latency(p50=None, p95=None))
    assert json.loads(as_json(nobody))["latency_ms"] == {"p50": None, "p95": None}
    assert "latency P50" in shown([], nobody)
    with pytest.raises(ValueError, match="not JSON compliant"):
        as_json(a_summary(seconds=float("nan")))


def test_real_answers_fit_80_columns_without_colour(tmp_path):
    file = tmp_path / "reviewed.py"
    file.write_text("import os\nassert 1\n")
    text = shown(
        (each.kind, str(file), each.answer(str(file), CpuClock()))
        for each in REVIEWERS.values()
        if each.name in {"ruff", "bandit", "radon"}
    )
    assert "\x1b" not in text
    assert max(map(len, text.splitlines())) <= 80
    assert "2 findings in 1 file, 2 lines" in text
    for word in ("1,013", "F401", "B101", "reviewed.py", "imported but unused"):
        assert word in text


def test_the_tools_that_did_a_kind_are_named():
    text = shown([a_review("review.style", "/a/b.py", "R"), a_review("review.style", "/a/c.py")])
    assert "By kind of review: style 1 (style 1.0)." in text


def test_commands_to_try_next_end_the_report():
    assert shown([], task_id=TASK, width=30).splitlines()[-4:] == [
        f"  arbiter task history {TASK}",
        "  arbiter agents performance",
        "  arbiter stats",
        "  arbiter task list",
    ]


def test_the_commonest_rules_come_first_and_the_rest_is_counted():
    rules = [f"R{n:02}" for n in range(15) for _ in range(n + 1)]
    text = shown([a_review("review.style", "/a/b.py", *rules)])
    listed = [line.split()[1] for line in text.splitlines() if line.startswith(" style  ")]
    assert listed == [f"R{n:02}" for n in range(14, 2, -1)]
    assert "and 3 further rules" in text


def test_the_five_files_with_most_findings_are_named_from_their_common_folder():
    text = shown(
        [a_review("review.style", f"/code/pack/f{n}.py", *["R"] * n) for n in range(7)]
        + [a_review("review.security", "/code/other/g.py", "S", omitted=2)]
    )
    listed = [line.split()[0] for line in text.splitlines() if ".py" in line]
    assert listed == ["pack/f6.py", "pack/f5.py", "pack/f4.py", "other/g.py", "pack/f3.py"]
    row = next(line.split() for line in text.splitlines() if "g.py" in line)
    assert row == ["other/g.py", "3", "0", "3", "10"]


def test_one_file_alone_is_named_by_its_name():
    assert " b.py " in shown([a_review("review.style", "/a/b.py", "R")])


def test_clean_files_have_no_empty_tables():
    text = shown([a_review("review.style", "/a/b.py")])
    assert "0 findings in 1 file" in text
    assert "Findings by" not in text


def test_names_and_messages_neither_steer_the_terminal_nor_are_read_as_markup():
    text = shown([a_review("review.style", "/a/[red]\x1b[2J.py", "[bold]R")])
    assert "[red]\\x1b[2J.py" in text
    assert "[bold]R" in text


def test_a_terminal_without_unicode_is_written_in_ascii():
    review = a_review("review.style", "/a/caf\xe9.py", "R" * 9)
    review[2]["findings"][0]["message"] = "caf\xe9 " * 40
    text = shown([review], encoding="ascii")
    assert "caf\\xe9.py" in text
    assert max(map(len, text.splitlines())) <= 80
