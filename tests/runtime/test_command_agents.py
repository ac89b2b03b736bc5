"""Programs as agents: real child processes, from the submission to the result."""

from __future__ import annotations

from pathlib import Path

import pytest

from arbiter import Limits, RetryPolicy
from arbiter.domain import verbs
from arbiter.domain.errors import InvalidInput
from tests.support.eventually import eventually
from tests.support.processes import pid_told, wait_for_end_of
from tests.support.programs import program

ONCE = RetryPolicy(max_attempts=1)
AGAIN = RetryPolicy(max_attempts=2, initial=0.01)
TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


def ended(arbiter, *command, payload=None, retry=ONCE, **options):
    """The one task of an agent that is such a program, when its run is over."""
    submission = {name: options.pop(name) for name in ("limits", "trace") if name in options}
    arbiter.command_agent("tool", program(*command), kinds="work", retry=retry, **options)
    arbiter.start()
    return arbiter.wait(arbiter.submit("work", payload, **submission).task_id, 20)


def test_a_program_is_told_the_task_and_its_answer_is_the_result(arbiter):
    done = ended(arbiter, "echo", payload={"path": "ä/b.py"}, trace=TRACE)
    assert done.status == "completed"
    assert done.result["payload"] == {"path": "ä/b.py"}
    assert done.result["task_id"] == str(done.task_id)
    told = {name: done.result[name] for name in ("attempt", "run", "kind", "agent", "traceparent")}
    assert told == {"attempt": 1, "run": 1, "kind": "work", "agent": "tool", "traceparent": TRACE}
    routed = next(s.fact for s in arbiter.history(done.task_id) if s.fact.topic == "task.routed")
    assert done.result["attempt_id"] == str(routed.attempt_id)


def test_a_task_that_runs_alone_runs_in_the_program_s_own_process(arbiter, monkeypatch):
    monkeypatch.setattr(verbs, "ALONE_AFTER_LOSSES", 0)
    done = ended(arbiter, "echo")
    assert done.status == "completed", done.error
    started = next(s.fact for s in arbiter.history(done.task_id) if s.fact.topic == "task.started")
    assert started.alone


def test_a_program_tells_what_it_has_used(arbiter):
    done = ended(arbiter, "used")
    (used,) = [
        story.fact
        for story in arbiter.history(done.task_id)
        if story.fact.topic == "task.usage_reported"
    ]
    assert (done.result, used.files, used.tokens, used.cost) == ("done", 3, 100, 0.25)


def test_the_worker_s_own_settings_stay_with_the_worker(arbiter, tmp_path, monkeypatch):
    monkeypatch.setenv("ARBITER_DATABASE_URL", "postgresql://ann:secret@db/arbiter")
    monkeypatch.setenv("REVIEWS", "strict")
    done = ended(
        arbiter,
        "environment",
        directory=str(tmp_path),
        environment={"MODEL": "small"},
        trace=TRACE,
    )
    seen = done.result["environment"]
    assert (seen["REVIEWS"], seen["MODEL"], seen["TRACEPARENT"]) == ("strict", "small", TRACE)
    assert not [name for name in seen if name.startswith("ARBITER_")]
    assert Path(done.result["directory"]).resolve() == tmp_path.resolve()


def test_an_error_it_tells_is_the_attempt_s(arbiter):
    parked = ended(arbiter, "fail", "FileNotFoundError")
    assert (parked.status, parked.error.kind, parked.error.type, parked.error.message) == (
        "failed",
        "exception",
        "FileNotFoundError",
        "no such file",
    )


def test_an_error_that_would_come_again_ends_the_run(arbiter):
    parked = ended(arbiter, "fail", "NotSupported", "no", retry=RetryPolicy(max_attempts=9))
    assert (parked.status, parked.error.kind, parked.attempt) == ("failed", "refused", 1)


def test_an_exit_code_fails_the_attempt_with_the_end_of_standard_error(arbiter):
    parked = ended(arbiter, "leave", 3)
    assert parked.error.type == "Exit3"
    assert parked.error.message.endswith("ended with exit code 3")
    assert parked.error.detail.endswith("the disk is full\n")
    assert len(parked.error.detail) < 10_000


def test_an_exit_code_has_its_own_response_in_the_retry_policy(arbiter):
    policy = RetryPolicy(max_attempts=9, on={"Exit3": "fail"})
    parked = ended(arbiter, "leave", 3, retry=policy)
    assert (parked.status, parked.attempt) == ("failed", 1)


def test_a_signal_fails_the_attempt_by_its_name(arbiter):
    assert ended(arbiter, "die").error.type == "SIGKILL"


def test_a_failed_attempt_is_followed_by_another(arbiter):
    done = ended(arbiter, "once", "here", retry=AGAIN)
    assert (done.status, done.result) == ("completed", {"attempt": 2, "place": "here"})


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("", "not JSON"),
        ("hello", "not JSON"),
        ('"hello"', "Expected `object`"),
        ("{}", "a result or an error"),
        ('{"result": 1, "error": {}}', "one of both"),
        ('{"result": 1, "mood": "good"}', "unknown field `mood`"),
        ('{"result": 1, "quality": 2}', "answer.quality: 2 is out of range"),
        ('{"result": 1, "usage": {"files": -1}}', "answer.usage.files"),
        ('{"error": {"type": 7}}', "Expected `str`"),
    ],
)
def test_what_is_no_answer_fails_the_attempt_and_says_why(arbiter, said, why):
    parked = ended(arbiter, "say", said)
    assert parked.error.type == "InvalidAnswer"
    assert why in parked.error.message


def test_an_answer_without_end_is_cut_off(arbiter):
    parked = ended(arbiter, "flood")
    assert parked.error.type == "AnswerTooLong"
    eventually(lambda: arbiter.stats().running_here == 0)


def test_a_result_over_the_limit_is_refused(arbiter):
    parked = ended(arbiter, "much", 270_000)
    assert parked.error.type == "InvalidResult"


def test_a_program_need_not_listen(arbiter):
    done = ended(arbiter, "deaf", payload="x" * 200_000)
    assert done.result == "I did not listen"


def test_much_is_told_and_heard_at_the_same_time(arbiter):
    payload = "ü" * 20_000
    assert ended(arbiter, "echo", payload=payload).result["payload"] == payload


def test_a_program_that_is_not_there_fails_the_attempt(arbiter):
    arbiter.command_agent("tool", ["/no/such/program"], kinds="work", retry=ONCE)
    arbiter.start()
    parked = arbiter.wait(arbiter.submit("work").task_id, 10)
    assert parked.error.type == "FileNotFoundError"
    assert parked.error.message.startswith("/no/such/program cannot be started")


def test_a_time_limit_kills_the_program_and_all_it_started(arbiter, tmp_path):
    told = tmp_path / "pid"
    parked = ended(arbiter, "stay", told, limits=Limits(start_to_close=1.5))
    assert (parked.error.kind, parked.error.type) == ("timeout", "start_to_close")
    wait_for_end_of(pid_told(told))
    wait_for_end_of(int((tmp_path / "pid.child").read_text()))
    eventually(lambda: arbiter.stats().running_here == 0)


def test_its_own_time_limit_kills_it_too(arbiter, tmp_path):
    told = tmp_path / "pid"
    parked = ended(arbiter, "stay", told, timeout_seconds=1.5)
    assert parked.error.type == "TimedOut"
    wait_for_end_of(pid_told(told))
    wait_for_end_of(int((tmp_path / "pid.child").read_text()))


def test_a_cancel_kills_the_program_and_all_it_started(arbiter, tmp_path):
    told = tmp_path / "pid"
    arbiter.command_agent("tool", program("stay", told), kinds="work")
    arbiter.start()
    task_id = arbiter.submit("work").task_id
    pid = pid_told(told)
    assert arbiter.cancel(task_id).status == "cancelled"
    wait_for_end_of(pid)
    wait_for_end_of(int((tmp_path / "pid.child").read_text()))
    eventually(lambda: arbiter.stats().running_here == 0)


def test_a_program_that_minds_may_tidy_up(arbiter, tmp_path):
    told = tmp_path / "pid"
    arbiter.command_agent("tool", program("mind", told), kinds="work")
    arbiter.start()
    task_id = arbiter.submit("work").task_id
    pid = pid_told(told)
    arbiter.suspend(task_id)
    wait_for_end_of(pid)
    assert (tmp_path / "pid.minded").read_text() == "goodbye"


def test_what_a_program_leaves_behind_holds_up_nobody_and_is_killed(arbiter, tmp_path):
    left = tmp_path / "left"
    assert ended(arbiter, "leave_a_child", left).result == "left one behind"
    wait_for_end_of(int(left.read_text()))


def test_a_stopping_worker_gives_the_task_back_and_ends_the_program(connected, tmp_path):
    told, first, second = tmp_path / "pid", connected(), connected()
    first.command_agent("tool", program("stay", told), kinds="work")
    first.start()
    task_id = first.submit("work").task_id
    pid = pid_told(told)
    first.stop(drain=0)
    wait_for_end_of(pid)
    assert second.status(task_id).status == "queued"


def test_programs_run_side_by_side(arbiter, tmp_path):
    arbiter.command_agent("tool", program("echo"), kinds="work", concurrency=4)
    arbiter.start()
    tasks = [arbiter.submit("work", number).task_id for number in range(20)]
    assert [arbiter.wait(task, 30).result["payload"] for task in tasks] == list(range(20))


def test_it_is_registered_with_how_it_is_reached(arbiter):
    arbiter.command_agent("tool", ["reviewer", "--json"], kinds="work", directory="/srv")
    arbiter.start()
    facts = arbiter.core.run(lambda service: service.store.log.read(0, 10))
    (registered,) = [each.fact for each in facts if each.fact.topic == "agent.registered"]
    assert registered.transport == "subprocess"
    assert (registered.reached_by.command, registered.reached_by.directory) == (
        ("reviewer", "--json"),
        "/srv",
    )


@pytest.mark.parametrize(
    ("command", "options", "said"),
    [
        ("prog --json", {}, "command: 'prog --json' is one string, and no shell takes it apart"),
        ([], {}, "command: there is no program"),
        (["prog", 7], {}, "command[1]: 7 is no argument"),
        (["prog", "a\0b"], {}, "command[1]:"),
        (["prog"], {"directory": ""}, "directory: '' is no text"),
        (["prog"], {"timeout_seconds": 0}, "timeout_seconds: 0 is no time to wait"),
        (["prog"], {"timeout_seconds": float("nan")}, "timeout_seconds: nan is no time to wait"),
    ],
)
def test_what_cannot_be_meant_is_refused_before_anything_starts(arbiter, command, options, said):
    with pytest.raises(InvalidInput) as no:
        arbiter.command_agent("tool", command, kinds="work", **options)
    assert str(no.value).startswith(said)
    assert "\n" not in str(no.value)
    assert not arbiter.core.agents
