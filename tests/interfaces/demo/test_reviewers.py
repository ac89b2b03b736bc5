"""What the reviewers find, with the real tools, on real files."""

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from arbiter.interfaces.demo import reading
from arbiter.interfaces.demo.reviewers import KINDS, REVIEWERS, rivals
from arbiter.interfaces.demo.sources import sources


@dataclass
class Task:
    payload: object
    used: list = field(default_factory=list)

    def report_usage(self, **used):
        self.used.append(used)


review_style = REVIEWERS["ruff"].review
review_security = REVIEWERS["bandit"].review
review_security_too = REVIEWERS["ruff-S"].review
review_complexity = REVIEWERS["radon"].review
review_complexity_too = REVIEWERS["ruff-C901"].review


@pytest.fixture
def write(tmp_path):
    def write(content, name="reviewed.py"):
        file = tmp_path / name
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
        return Task({"path": str(file)})

    return write


@pytest.fixture(params=sorted(REVIEWERS))
def review(request):
    return REVIEWERS[request.param].review


def found(answer):
    return [(finding["rule"], finding["line"]) for finding in answer["findings"]]


def test_style_finds_an_unused_import(write):
    task = write("import os\n\nprint('hello')\n")
    answer = review_style(task)
    assert found(answer) == [("F401", 1)]
    assert "os" in answer["findings"][0]["message"]
    assert (answer["tool"], answer["file"], answer["lines"]) == ("ruff", task.payload["path"], 3)
    assert answer["version"][0].isdigit()


def test_style_heeds_no_configuration_that_lies_near_the_file(write):
    write("[lint]\nignore = ['ALL']\n", name="ruff.toml")
    assert found(review_style(write("import os\n"))) == [("F401", 1)]


def test_style_reads_the_syntax_of_the_python_that_runs_it(write):
    task = write("try:\n    pass\nexcept* ValueError:\n    raise\n")
    assert "parse-error" not in dict(found(review_style(task)))


def test_security_finds_exec_assert_and_a_shell(write):
    answer = review_security(
        write(
            "import subprocess\n"
            "exec('x = 1')\n"
            "assert 1\n"
            "subprocess.call('ls ' + input(), shell=True)\n"
        )
    )
    assert found(answer) == [("B404", 1), ("B102", 2), ("B101", 3), ("B602", 4)]
    assert answer["tool"] == "bandit"


def test_complexity_finds_a_branchy_function_and_leaves_a_plain_one_alone(write):
    branches = "".join(f"    if x == {n}:\n        return {n}\n" for n in range(12))
    answer = review_complexity(write(f"def plain(x):\n    return x\n\ndef branchy(x):\n{branches}"))
    assert found(answer) == [("complexity-C", 4)]
    assert answer["findings"][0]["message"] == (
        "function branchy has a cyclomatic complexity of 13"
    )
    assert answer["tool"] == "radon"
    assert answer["maintainability"] < 100


def test_the_rival_in_security_finds_the_same_by_other_names(write):
    task = write("import subprocess\nassert 1\nsubprocess.call('ls ' + input(), shell=True)\n")
    assert found(review_security_too(task)) == [("S101", 2), ("S602", 3)]


def test_the_rival_in_complexity_draws_the_line_at_the_same_place(write):
    def branches(count):
        return "".join(f"    if x == {n}:\n        return {n}\n" for n in range(count))

    task = write(f"def simple(x):\n{branches(9)}\ndef branchy(x):\n{branches(10)}")
    branchy = 2 + 2 * 9 + 1
    assert found(review_complexity_too(task)) == [("C901", branchy)]
    assert found(review_complexity(task)) == [("complexity-C", branchy)]


def test_a_complex_class_is_told_apart_from_complex_functions(write):
    methods = "".join(f"    def m{n}(self, x):\n" + "        if x: pass\n" * 12 for n in range(2))
    rules = {rule for rule, _ in found(review_complexity(write(f"class Branchy:\n{methods}")))}
    assert rules == {"class-complexity-C", "complexity-C"}


def test_two_reviewers_compete_for_security_and_for_complexity():
    assert {kind: len([r for r in REVIEWERS.values() if r.kind == kind]) for kind in KINDS} == {
        "review.style": 1,
        "review.security": 2,
        "review.complexity": 2,
    }
    assert [each.name for each in rivals("bandit")] == ["ruff-S"]
    assert [each.name for each in rivals("ruff-C901")] == ["radon"]
    assert rivals("ruff") == ()


def test_a_review_tells_who_made_it_and_what_it_used(review, write):
    task = write("import os\nassert os\n")
    answer = review(task)
    assert REVIEWERS[answer["reviewer"]].review == review
    (used,) = task.used
    assert (used["files"], used["lines"]) == (1, 2)
    assert 0 < used["cost"] < 10


def test_complexity_finds_a_file_that_is_hard_to_maintain():
    parser = next(file for file in sources().files if file.name == "_header_value_parser.py")
    answer = review_complexity(Task({"path": str(parser)}))
    assert ("maintainability-C", 1) in found(answer)


def test_a_long_table_has_no_maintainability_rather_than_taking_minutes(write):
    rows = "".join(f"    {n}: 'row {n}',\n" for n in range(3000))
    task = write(f"class Table:\n    if True:\n        rows = {{\n{rows}        }}\n")
    assert review_complexity(task)["maintainability"] is None
    assert task.used[0]["cost"] < 5


def test_an_empty_file_has_no_findings(review, write):
    answer = review(write(""))
    assert (answer["findings"], answer["lines"], answer["omitted"]) == ([], 0, 0)


@pytest.mark.parametrize(
    "content",
    [
        pytest.param("import os\ndef f(:\n", id="syntax error"),
        pytest.param("x = 1\0\n", id="U+0000"),
        pytest.param(b'x = "caf\xe9"\n', id="not UTF-8, no coding line"),
        pytest.param(b"# coding: martian\nx = 1\n", id="unknown coding"),
        pytest.param(b"# coding: rot13\nk = 1\n", id="a coding that is not for text"),
        pytest.param("# coding: unicode_escape\nx = '\\ud800'\n", id="a lone surrogate"),
    ],
)
def test_a_file_that_cannot_be_parsed_is_a_finding(review, write, content):
    answer = review(write(content))
    assert "parse-error" in dict(found(answer))
    assert answer["lines"] == content.count(b"\n" if isinstance(content, bytes) else "\n")


def test_a_parse_error_names_its_line(review, write):
    assert ("parse-error", 2) in found(review(write("import os\ndef f(:\n")))


def test_code_too_deep_to_parse_is_a_finding_too(review, write):
    answer = review(write("x = " + "-" * 20_000 + "1\n"))
    assert set(dict(found(answer))) <= {"parse-error", "B002"}


def test_a_latin_1_file_is_read_by_its_coding_line(write):
    task = write(b'# coding: latin-1\nimport os\nassert "caf\xe9"\n')
    assert ("F401", 2) in found(review_style(task))
    assert found(review_security(task)) == [("B101", 3)]
    assert found(review_complexity(task)) == []


def test_line_endings_and_a_byte_order_mark_move_no_line(write):
    task = write(b"\xef\xbb\xbfx = 1\r\nimport os\r\nassert x\r\n")
    assert ("F401", 2) in found(review_style(task))
    assert found(review_security(task)) == [("B101", 3)]
    assert review_complexity(task)["lines"] == 3


def test_an_answer_is_json_without_control_characters_or_lone_surrogates(review, write):
    answer = review(write('x = 1\0\ny = "\\ud800"\n'))
    text = json.dumps(answer, ensure_ascii=False)
    text.encode()
    assert "\\u0000" not in text
    assert json.loads(text) == answer


def test_findings_beyond_the_room_of_a_result_are_counted_not_listed(write):
    answer = review_security(write("assert 1\n" * 3000))
    assert len(json.dumps(answer["findings"])) <= reading.MOST_BYTES + 2 * len(answer["findings"])
    assert answer["omitted"] > 0
    assert len(answer["findings"]) + answer["omitted"] == 3000


def test_a_long_message_is_cut():
    said = reading.one_line("long\n" * 500)
    assert (len(said), said[-1]) == (reading.MOST_CHARACTERS, "…")


def test_a_file_that_has_gone_fails_the_attempt(review, tmp_path):
    with pytest.raises(FileNotFoundError):
        review(Task({"path": str(tmp_path / "gone.py")}))


@pytest.mark.parametrize("payload", [None, "a.py", {}, {"path": 7}, ["path"]])
def test_a_payload_without_a_file_fails_the_attempt(review, payload):
    with pytest.raises(ValueError, match="payload"):
        review(Task(payload))


def test_nothing_is_said_on_the_terminal(write):
    odd = [
        "x = 1  # nosec: martian\ny = '\\d'\nz = 1 is 1\n",
        "def f(:\n",
        "x = 1\0\n",
        "x = " + "-" * 20_000 + "1\n",
    ]
    tasks = [write(content, name=f"odd{n}.py") for n, content in enumerate(odd)]
    program = (
        "import json, sys\n"
        "from arbiter.interfaces.demo.cpu import CpuClock\n"
        "from arbiter.interfaces.demo.reviewers import REVIEWERS\n"
        "for payload in json.loads(sys.argv[1]):\n"
        "    for reviewer in REVIEWERS.values():\n"
        "        reviewer.answer(payload['path'], CpuClock())\n"
    )
    ran = subprocess.run(
        [
            *(sys.executable, "-W", "always::DeprecationWarning:<unknown>", "-c", program),
            json.dumps([task.payload for task in tasks]),
        ],
        capture_output=True,
        check=False,
        cwd=Path(__file__).parents[3],
    )
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, b"", b"")


def test_answers_do_not_depend_on_how_many_run_at_once(review):
    tasks = [Task({"path": str(file)}) for file in sources().files if "json" in file.parts]
    alone = [review(task) for task in tasks]
    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(review, tasks * 2)) == alone * 2
