"""Workers that host programs and services are killed: what was handed over stands, the rest is rescued."""

from __future__ import annotations

import json
import sys
from contextlib import suppress
from datetime import UTC, datetime

import pytest

from arbiter import connect, sign
from arbiter.domain import facts as f
from arbiter.domain.errors import AttemptFenced
from tests.support.eventually import eventually
from tests.support.processes import pid_told
from tests.support.programs import __file__ as programs
from tests.support.services import LATER, post, serving
from tests.support.soundness import Truth, assert_sound
from tests.support.workers import workers

SECRET = "hush"
WITHIN = 60


@pytest.fixture
def arbiter(database):
    with connect(database.dsn) as arbiter:
        yield arbiter


@pytest.fixture(autouse=True)
def surroundings(monkeypatch):
    monkeypatch.setenv("REMOTE_SECRET", SECRET)
    monkeypatch.setenv("ARBITER_CALLBACK_LISTEN", "127.0.0.1:0")


def described(folder, agent, **transport):
    """A file that describes one agent; returns how a worker is told to host it."""
    told = ", ".join(f"{name} = {json.dumps(value)}" for name, value in transport.items())
    file = folder / f"{agent}.toml"
    file.write_text(
        f'[agents.{agent}]\nkinds = ["work"]\nretry = {{ initial = 0.01 }}\n'
        f"transport = {{ {told} }}\n"
    )
    return f"--agents={file}"


def topics(arbiter, task_id):
    return [story.fact.topic for story in arbiter.history(task_id)]


def test_what_was_handed_over_stands_when_its_worker_is_killed(arbiter, database, tmp_path):
    with serving(lambda _: LATER) as service:
        hosts = described(
            tmp_path, "remote", type="http", url=service.url, secret_env="REMOTE_SECRET"
        )
        with workers(database.dsn, hosts) as started:
            first = started.start_and_join(arbiter)
            task_id = arbiter.submit("work").task_id
            told = service.next().told
            eventually(lambda: "task.handed_over" in topics(arbiter, task_id))
            first.kill()
            started.start_and_join(arbiter)
            eventually(lambda: Truth(database.dsn).of(f.WorkerLost), 20)
            said = {"result": "late, and welcome"}
            signature = sign(SECRET, told["attempt_id"], said, at=datetime.now(UTC))
            arbiter.report(told["attempt_id"], said, signature=signature)
            done = arbiter.wait(task_id, WITHIN)
    assert (done.status, done.result, done.attempt) == ("completed", "late, and welcome", 1)
    assert len(service.heard) == 1
    assert_sound(database.dsn, at_rest=False)


def test_a_worker_takes_in_the_callback_of_what_another_handed_over(arbiter, database, tmp_path):
    with serving(lambda _: LATER) as service:
        hosts = described(
            tmp_path, "remote", type="http", url=service.url, secret_env="REMOTE_SECRET"
        )
        with workers(database.dsn, hosts) as started:
            first = started.start_and_join(arbiter)
            tasks = [arbiter.submit("work").task_id]
            told = [service.next().told]
            eventually(lambda: "task.handed_over" in topics(arbiter, tasks[0]))
            first.kill()
            started.start_and_join(arbiter)
            tasks.append(arbiter.submit("work").task_id)
            told.append(service.next().told)
            listener = told[1]["callback_url"].rpartition("/")[0]
            for each in told:
                body = json.dumps({"result": each["task_id"]}).encode()
                signature = sign(SECRET, each["attempt_id"], body, at=datetime.now(UTC))
                url = f"{listener}/{each['attempt_id']}"
                assert post(url, body, Arbiter_Signature=signature)[0] == 200
            done = [arbiter.wait(task_id, WITHIN) for task_id in tasks]
    assert [task.result for task in done] == [str(task_id) for task_id in tasks]
    assert_sound(database.dsn, at_rest=False)


def test_what_was_being_asked_is_asked_again_when_the_worker_is_killed(arbiter, database, tmp_path):
    with serving() as service:
        hosts = described(tmp_path, "remote", type="http", url=service.url)
        with workers(database.dsn, hosts) as started:
            first = started.start_and_join(arbiter)
            task_id = arbiter.submit("work").task_id
            service.next()
            first.kill()
            service.may_answer.set()
            started.start_and_join(arbiter)
            done = arbiter.wait(task_id, WITHIN)
    assert (done.status, done.result, done.attempt) == ("completed", "at last", 2)
    assert_sound(database.dsn, at_rest=False)


def test_the_task_of_a_program_is_rescued_when_its_worker_is_killed(arbiter, database, tmp_path):
    told = tmp_path / "pid"
    hosts = described(
        tmp_path,
        "tool",
        type="subprocess",
        command=[sys.executable, programs, "stay_once", str(told)],
    )
    with workers(database.dsn, hosts) as started:
        first = started.start_and_join(arbiter)
        task_id = arbiter.submit("work").task_id
        pid_told(told)
        first.kill()
        started.start_and_join(arbiter)
        done = arbiter.wait(task_id, WITHIN)
    assert (done.status, done.result, done.attempt) == ("completed", 2, 2)
    assert_sound(database.dsn, at_rest=False)


def test_many_callbacks_come_while_workers_are_killed_and_not_one_is_lost(
    arbiter, database, tmp_path
):
    with serving(lambda _: LATER) as service:
        hosts = described(
            tmp_path, "remote", type="http", url=service.url, secret_env="REMOTE_SECRET"
        )
        with workers(database.dsn, hosts) as started:
            first = started.start_and_join(arbiter)
            tasks = [
                each.task_id
                for each in arbiter.submit_many([{"kind": "work", "payload": n} for n in range(60)])
            ]
            reported: set[str] = set()
            while len(reported) < len(tasks):
                told = service.next().told
                said = {"result": told["payload"]}
                signature = sign(SECRET, told["attempt_id"], said, at=datetime.now(UTC))
                with suppress(AttemptFenced):  # it died with its worker before it was handed over
                    arbiter.report(told["attempt_id"], said, signature=signature)
                    reported.add(told["task_id"])
                if len(reported) == 20 and first.process.poll() is None:
                    first.kill()
                    started.start_and_join(arbiter)
            done = [arbiter.wait(task_id, WITHIN) for task_id in tasks]
    assert {task.status for task in done} == {"completed"}
    assert [task.result for task in done] == list(range(60))
    assert_sound(database.dsn, at_rest=False)
