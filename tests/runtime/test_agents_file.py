"""Agents described in TOML and YAML: what is hosted, and what each mistake is told as."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from arbiter.bootstrap.agents_file import read_agents
from arbiter.domain.errors import InvalidAgent
from arbiter.domain.limits import Limits
from arbiter.domain.retry import RetryPolicy
from arbiter.testing import in_memory

TOML = """
[agents.ruff]
kinds = ["review.style", "format"]
languages = ["python"]
specializations = ["style"]
model_family = "none"
concurrency = 4
cost_per_task = 0.5
weight = 2.0
handler = "reviewing:ruff"
isolation = "thread"

[agents.ruff.retry]
max_attempts = 2
on = { ValueError = "fail" }

[agents.ruff.limits]
start_to_close = 30.0

[agents.echo]
kinds = ["echo"]
transport = { type = "subprocess", command = ["cat"], timeout_seconds = 5.0 }

[agents."remote.reviewer"]
kinds = ["review.deep"]

[agents."remote.reviewer".transport]
type = "http"
url = "https://agents.example/review"
health_url = "https://agents.example/health"
secret_env = "REVIEW_SECRET"
"""

YAML = """
agents:
  ruff:
    kinds: [review.style, format]
    languages: [python]
    specializations: [style]
    model_family: none
    concurrency: 4
    cost_per_task: 0.5
    weight: 2.0
    handler: reviewing:ruff
    isolation: thread
    retry: {max_attempts: 2, on: {ValueError: fail}}
    limits: {start_to_close: 30.0}
  echo:
    kinds: [echo]
    transport: {type: subprocess, command: [cat], timeout_seconds: 5.0}
  remote.reviewer:
    kinds: [review.deep]
    transport:
      type: http
      url: https://agents.example/review
      health_url: https://agents.example/health
      secret_env: REVIEW_SECRET
"""


@pytest.fixture
def write(tmp_path):
    def write(text: str, name: str = "agents.toml") -> Path:
        path = tmp_path / name
        path.write_text(text)
        return path

    return write


@pytest.fixture
def reviewing(tmp_path, monkeypatch):
    """A module with a handler in it."""
    (tmp_path / "reviewing.py").write_text("def ruff(task):\n    return {'hello': task.payload}\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    yield
    sys.modules.pop("reviewing", None)


@pytest.mark.parametrize(("text", "name"), [(TOML, "a.toml"), (YAML, "a.yaml"), (YAML, "A.YML")])
def test_a_file_tells_of_each_agent_all_there_is_to_tell(write, text, name):
    ruff, echo, remote = read_agents(write(text, name))
    profile = ruff.profile
    assert (profile.name, profile.kinds) == ("ruff", ("format", "review.style"))
    assert (profile.languages, profile.specializations) == (("python",), ("style",))
    assert (profile.max_concurrency, profile.cost_per_task, profile.weight) == (4, 0.5, 2.0)
    assert (profile.transport, ruff.handler, ruff.isolation) == (
        "in_process",
        "reviewing:ruff",
        "thread",
    )
    assert profile.retry == RetryPolicy(max_attempts=2, on={"ValueError": "fail"})
    assert profile.limits == Limits(start_to_close=30.0)
    assert echo.profile.reached_by is not None
    assert (echo.profile.transport, echo.profile.reached_by.command) == ("subprocess", ("cat",))
    assert remote.profile.reached_by is not None
    assert remote.profile.reached_by.secret_env == "REVIEW_SECRET"


def test_what_a_file_describes_is_hosted(write, reviewing):
    path = write('[agents.ruff]\nkinds = ["greet"]\nweight = 2.0\nhandler = "reviewing:ruff"\n')
    with in_memory(concurrency=7) as arbiter:
        arbiter.agents_from(path)
        arbiter.start()
        done = arbiter.wait(arbiter.submit("greet", "Ada").task_id, 5)
        assert (done.result, done.agent) == ({"hello": "Ada"}, "ruff")
        shown = arbiter.agents.show("ruff")
        assert (shown.weight, shown.concurrency, shown.live) == (2.0, 7, True)


@pytest.mark.parametrize(
    ("text", "line", "told"),
    [
        ("", 0, "agents: describes no agent"),
        ("[agents]\n", 1, "agents: describes no agent"),
        ("[agent.ruff]\nkinds = ['x']\n", 1, "agent: is nothing that a file of agents holds"),
        ("[agents]\nruff = 1\n", 2, "agents.ruff: is no table"),
        ("[agents.ruff]\nweight = 1\n", 1, "agents.ruff: has no kinds"),
        ("[agents.ruff]\nkinds = []\n", 2, "agents.ruff.kinds: tuple should have at least 1"),
        ("\n[agents.ruff]\nkind = ['x']\n", 3, "kind: unknown word; did you mean 'kinds'?"),
        ("[agents.ruff]\nkinds = ['x', 'y z']\n", 2, "agents.ruff.kinds[1]: 'y z' is not a name"),
        ("[agents.ruff]\nkinds = ['x']\nconcurrency = 0\n", 3, "agents.ruff.concurrency: "),
        ("[agents.ruff]\nkinds = ['x']\n\ncost_per_task = -1\n", 4, "agents.ruff.cost_per_task: "),
        ("[agents.'two words']\nkinds = ['x']\n", 1, "'two words' is not a name"),
        ("[agents.ruff]\nkinds = ['x']\nisolation = 'boat'\n", 3, "'boat' is none"),
        ("[agents.ruff]\nkinds = ['x']\nhandler = 'ruff'\n", 3, "'ruff' is no handler"),
        ("[agents.ruff]\nkinds = ['x']\nretry = { max_atempts = 1 }\n", 3, "'max_attempts'?"),
        ("[agents.ruff]\nkinds = ['x']\nretry = { max_attempts = 0 }\n", 3, "out of range"),
        ("[agents.ruff]\nkinds = ['x']\n[agents.ruff.limits]\ntotal = 'x'\n", 4, "limits.total: "),
        ("[agents.ruff]\nkinds = ['x']\ntransport = { url = 'x' }\n", 3, "transport: has no type"),
        (
            "[agents.ruff]\nkinds = ['x']\n[agents.ruff.transport]\ntype = 'pigeon'\n",
            4,
            "agents.ruff.transport.type: 'pigeon' is not supported",
        ),
        (
            "[agents.ruff]\nkinds = ['x']\n[agents.ruff.transport]\ntype = 'http'\nurl = 'ftp://x'\n",
            5,
            "agents.ruff.transport.url: 'ftp://x' is no http or https URL",
        ),
        (
            "[agents.ruff]\nkinds = ['x']\ntransport = { type = 'subprocess' }\n",
            3,
            "agents.ruff.transport.command: there is no program",
        ),
        (
            "[agents.ruff]\nhandler = 'a:b'\nkinds = ['x']\n"  # noqa: ISC004 - one file
            "transport = { type = 'subprocess', command = ['x'] }\n",
            2,
            "agents.ruff.handler: means nothing for subprocess",
        ),
    ],
)
def test_a_mistake_is_told_with_its_line(write, text, line, told):
    path = write(text)
    with pytest.raises(InvalidAgent) as refused:
        read_agents(path)
    said = str(refused.value)
    assert "\n" not in said
    assert said.startswith(f"{path}:{line}: " if line else f"{path}: "), said
    assert told in said


@pytest.mark.parametrize(
    ("text", "line", "told"),
    [
        ("agents:\n  ruff:\n    kinds: []\n", 3, "agents.ruff.kinds: "),
        ("agents:\n  ruff:\n    kinds: [x]\n  ruff:\n    kinds: [y]\n", 4, "'ruff' stands twice"),
        ("agents:\n  ruff:\n    kinds: [x]\n    kinds: [y]\n", 4, "'kinds' stands twice"),
        ("agents:\n  ruff:\n    kinds:\n      - x\n      - y z\n", 5, "kinds[1]: 'y z' is not"),
        ("agents:\n  ruff:\n    kinds: x\n   weight: 1\n", 4, "not YAML to us"),
        ("- agents\n", 0, "holds no mapping"),
        ("", 0, "holds no mapping"),
        ("agents: !!python/object:os.system {}\n", 1, "describes no agent"),
        ("agents:\n  ruff:\n    kinds: [x]\n    weight: yes\n", 4, "agents.ruff.weight: "),
    ],
)
def test_a_mistake_in_yaml_is_told_with_its_line(write, text, line, told):
    path = write(text, "agents.yaml")
    with pytest.raises(InvalidAgent) as refused:
        read_agents(path)
    said = str(refused.value)
    assert "\n" not in said
    assert said.startswith(f"{path}:{line}: " if line else f"{path}: "), said
    assert told in said


def test_a_duplicate_agent_in_toml_is_told(write):
    with pytest.raises(InvalidAgent, match=r"not TOML: .*line 3"):
        read_agents(write("[agents.ruff]\nkinds = ['x']\n[agents.ruff]\nkinds = ['y']\n"))


def test_a_file_that_repeats_itself_by_reference_is_bounded(write):
    levels = "".join(
        f"l{level}: &l{level} [{', '.join([f'*l{level - 1}'] * 9)}]\n" for level in range(1, 9)
    )
    with pytest.raises(InvalidAgent, match="more than 100,000 values"):
        read_agents(write(f"l0: &l0 [x, x, x]\n{levels}agents: {{}}\n", "agents.yaml"))


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("nothing.toml", "cannot be read: No such file"),
        ("agents.json", "is neither TOML nor YAML"),
        ("folder.toml", "cannot be read: Is a directory"),
    ],
)
def test_a_file_that_is_none_is_told(tmp_path, name, told):
    (tmp_path / "folder.toml").mkdir()
    (tmp_path / "agents.json").write_text("{}")
    with pytest.raises(InvalidAgent, match=told):
        read_agents(tmp_path / name)


@pytest.mark.parametrize(
    ("more", "line", "told"),
    [
        ("", 1, "agents.ruff: cannot be hosted: nothing is named that does its work"),
        ('handler = "reviewing:black"\n', 3, "reviewing has no function 'black'"),
        ('handler = "reviwing:ruff"\n', 3, "importing reviwing failed: ModuleNotFoundError"),
    ],
)
def test_what_nobody_could_do_is_not_hosted(write, reviewing, more, line, told):
    path = write(f'[agents.ruff]\nkinds = ["greet"]\n{more}')
    with in_memory() as arbiter, pytest.raises(InvalidAgent) as refused:
        arbiter.agents_from(path)
    assert str(refused.value).startswith(f"{path}:{line}: ")
    assert told in str(refused.value)


def test_a_name_that_is_declared_already_is_told_with_its_line(write, reviewing):
    path = write('[agents.ruff]\nkinds = ["greet"]\nhandler = "reviewing:ruff"\n')
    with in_memory() as arbiter:
        arbiter.agent("ruff", kinds="greet")(lambda task: task)
        with pytest.raises(InvalidAgent, match=r"agents\.toml:1: agents\.ruff: .*declared twice"):
            arbiter.agents_from(path)


HTTP = """
[agents.deep]
kinds = ["review.deep"]
weight = 3.0

[agents.deep.transport]
type = "http"
url = "http://127.0.0.1:9/review"
secret_env = "REVIEW_SECRET"
"""


def test_a_remote_agent_is_hosted_from_a_file(write, monkeypatch):
    monkeypatch.setenv("REVIEW_SECRET", "known to both")
    with in_memory() as arbiter:
        arbiter.agents_from(write(HTTP))
        [agent] = arbiter.core.agents
        assert (agent.name, agent.profile.transport, agent.profile.weight) == ("deep", "http", 3.0)


def test_a_secret_that_is_not_there_is_told_with_its_line(write, monkeypatch):
    monkeypatch.delenv("REVIEW_SECRET", raising=False)
    path = write(HTTP)
    with in_memory() as arbiter, pytest.raises(InvalidAgent) as refused:
        arbiter.agents_from(path)
    told = f"{path}:9: agents.deep.transport.secret_env: the environment has no variable"
    assert str(refused.value).startswith(told)
