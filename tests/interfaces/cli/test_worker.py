"""`arbiter worker`: hosts what a module declares, and ends as it is told to."""

from __future__ import annotations

import json
import os
import signal

import pytest

from tests.support.eventually import eventually

MODULE = """
from pathlib import Path

from arbiter import connect

arbiter = connect()


@arbiter.agent("greeter", kinds={"greet"})
def greet(task):
    return {"hello": task.payload, "pid": __import__("os").getpid()}


@arbiter.agent("reader", kinds={"read"}, concurrency=2)
def read(task):
    return Path(task.payload).read_text()


@arbiter.agent("apart", kinds={"apart"}, isolation="process")
def apart(task):
    return __import__("os").getppid()
"""


@pytest.fixture
def declared(tmp_path):
    (tmp_path / "tasks.py").write_text(MODULE)


@pytest.fixture
def pipe(tmp_path):
    """A pipe that a handler waits on until somebody writes."""
    path = tmp_path / "pipe"
    os.mkfifo(path)
    return path


@pytest.fixture
def workers(cli, declared):
    started = []

    def start(*words):
        process = cli.start("worker", "tasks", *words)
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def until(process, word):
    """Return the lines up to the one that begins with a word."""
    lines = []
    for line in process.stdout:
        lines.append(line.rstrip("\n"))
        if line.startswith(word):
            return lines
    raise AssertionError(f"it ended with {process.wait()}: {lines} {process.stderr.read()}")


def test_a_worker_says_what_it_hosts_and_ends_on_sigterm(workers, arbiter):
    process = workers("--concurrency", "7", "--queue", "default", "-q", "night", "--drain", "5s")
    assert until(process, "stop with") == [
        f"worker {process.pid} serves default and night, 7 tasks at a time",
        "  greeter: greet, 7 at a time",
        "  reader: read, 2 at a time",
        "  apart: apart, 7 at a time, each in a process of its own",
        "stop with Ctrl-C; handlers then have 5 s to finish",
    ]
    task_id = arbiter.submit("greet", "Ada", queue="night").task_id
    assert arbiter.wait(task_id, 20).result == {"hello": "Ada", "pid": process.pid}
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=20)
    assert (process.returncode, out, err) == (0, "draining: no handler runs\nstopped\n", "")
    assert arbiter.stats().workers == []


def test_a_worker_tells_its_events_as_json(workers):
    process = workers("--json", "--name", "left", "--concurrency", "3")
    hosting = json.loads(until(process, "{")[0])
    assert (hosting["event"], hosting["worker"], hosting["pid"]) == ("hosting", "left", process.pid)
    assert hosting["agents"][1] == {
        "name": "reader",
        "kinds": ["read"],
        "concurrency": 2,
        "isolation": "thread",
    }
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=20)
    draining, stopped = map(json.loads, out.splitlines())
    assert (draining["event"], draining["running"]) == ("draining", 0)
    assert (stopped, process.returncode) == ({"event": "stopped", "released": 0}, 0)


def test_the_first_signal_lets_a_handler_finish(workers, arbiter, pipe):
    process = workers()
    until(process, "stop with")
    task_id = arbiter.submit("read", str(pipe)).task_id
    eventually(lambda: arbiter.status(task_id).status == "running")
    process.send_signal(signal.SIGTERM)
    assert until(process, "draining") == [
        "draining: 1 handler has 30 s to finish; a second signal stops at once"
    ]
    pipe.write_text("done")
    out, err = process.communicate(timeout=20)
    assert (process.returncode, out, err) == (0, "stopped\n", "")
    assert arbiter.status(task_id).result == "done"


def test_the_second_signal_gives_back_at_once_however_stuck_a_handler_is(workers, arbiter, pipe):
    process = workers("--drain", "1h")
    until(process, "stop with")
    task_id = arbiter.submit("read", str(pipe)).task_id
    eventually(lambda: arbiter.status(task_id).status == "running")
    process.send_signal(signal.SIGTERM)
    until(process, "draining")
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=20)
    assert (process.returncode, out, err) == (0, "stopped; 1 task was given back\n", "")
    assert arbiter.history(task_id)[-1].fact.topic == "task.released"


def test_what_is_not_finished_in_time_is_given_back(workers, arbiter, pipe):
    process = workers("--drain", "10ms")
    until(process, "stop with")
    task_id = arbiter.submit("read", str(pipe)).task_id
    eventually(lambda: arbiter.status(task_id).status == "running")
    process.send_signal(signal.SIGTERM)
    out, _ = process.communicate(timeout=20)
    assert (process.returncode, out.splitlines()[-1]) == (0, "stopped; 1 task was given back")
    assert arbiter.status(task_id).status == "queued"


def test_a_handler_in_a_process_of_its_own_finds_its_module(workers, arbiter):
    process = workers()
    until(process, "stop with")
    task_id = arbiter.submit("apart").task_id
    assert arbiter.wait(task_id, 30).result == process.pid


def test_a_worker_without_a_database_ends_with_3(nowhere, declared):
    ran = nowhere.run("worker", "tasks", "--dsn", "postgresql://127.0.0.1:1/x", code=3)
    assert ran.error.startswith("error: database: connection failed")


DECLARATIONS = {
    "nothing": ("", "worker declares no agents"),
    "nobody": ("import arbiter\na = arbiter.connect()", "agents: there is nothing to host"),
    "several": (
        "import arbiter\na = arbiter.connect()\nb = arbiter.connect()",
        "has several Arbiters; name one: several:a or several:b",
    ),
    "broken": (
        "x = 1\n\ny = z",
        "importing broken failed: NameError: name 'z' is not defined (broken.py, line 3)",
    ),
    "unread": ("def (", "importing unread failed: SyntaxError: invalid syntax (unread.py, line 1)"),
    "lacking": (
        "import nothing_of_this",
        "ModuleNotFoundError: No module named 'nothing_of_this' (lacking.py, line 1)",
    ),
    "mistaken": (
        "import arbiter\na = arbiter.connect(concurency=3)",
        "concurency: unknown setting in connect(); did you mean 'concurrency'? (mistaken.py, line 2)",
    ),
}


@pytest.mark.parametrize("name", DECLARATIONS)
def test_a_module_that_cannot_be_hosted_is_told_in_one_line(cli, tmp_path, name):
    text, said = DECLARATIONS[name]
    (tmp_path / f"{name}.py").write_text(text)
    assert (
        said.replace("worker declares", f"{name} declares") in cli.run("worker", name, code=2).error
    )


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("tasks.py", "MODULE: 'tasks.py' is a file; name the module: tasks"),
        ("./shop/tasks.py", "name the module: shop.tasks"),
        ("tasks:", "MODULE: 'tasks:' is no name of a module; write MODULE or MODULE:NAME"),
        ("two words", "MODULE: 'two words' is no name of a module"),
        ("nowhere.tasks", "MODULE: there is no module 'nowhere.tasks' in"),
        ("tasks:arbitr", "MODULE: tasks has no 'arbitr'; did you mean tasks:arbiter?"),
        ("tasks:greet", "MODULE: tasks is no Arbiter: 'greet'; did you mean tasks:arbiter?"),
    ],
)
def test_a_name_that_cannot_be_meant_is_told(cli, declared, word, said):
    assert said in cli.run("worker", word, code=2).error


def test_options_go_over_what_the_module_says(workers, cli, tmp_path):
    text = MODULE.replace(
        "connect()", 'connect(schema="elsewhere", concurrency=3, drain_seconds=9)'
    )
    (tmp_path / "tasks.py").write_text(text)
    process = workers("--schema", "arbiter", "--concurrency", "4")
    lines = until(process, "stop with")
    assert lines[0].endswith("serves default, 4 tasks at a time")
    assert lines[1] == "  greeter: greet, 4 at a time"
    assert lines[-1] == "stop with Ctrl-C; handlers then have 9 s to finish"


def test_agents_of_an_async_arbiter_are_hosted_too(cli, tmp_path, arbiter):
    (tmp_path / "later.py").write_text(
        "from arbiter import aio\nbox = aio.connect()\n"
        "@box.agent('greeter', kinds='greet')\nasync def greet(task): return 'async'\n"
    )
    process = cli.start("worker", "later:box")
    try:
        until(process, "stop with")
        assert arbiter.wait(arbiter.submit("greet").task_id, 20).result == "async"
    finally:
        process.terminate()
        process.communicate(timeout=20)
