"""Attempts that agents outside answer later: handed over, reported, fenced, given up."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from arbiter import Limits, RetryPolicy, sign
from arbiter.domain.errors import (
    AttemptFenced,
    BadSignature,
    InvalidInput,
    UnknownAttempt,
)
from tests.support.eventually import eventually
from tests.support.services import LATER, answer, post, serving

ONCE = RetryPolicy(max_attempts=1)
AGAIN = RetryPolicy(max_attempts=2, initial=0.01)
SECRET = "hush"
DONE = {"result": "done"}


@pytest.fixture
def service():
    with serving(lambda _: LATER) as service:
        yield service


@pytest.fixture
def hosting(connected, service):
    """An Arbiter that hosts the service and listens."""

    def hosting(**options):
        arbiter = connected(callback_listen="127.0.0.1:0")
        options = {"kinds": "work", "secret": SECRET, "retry": ONCE, **options}
        arbiter.http_agent("remote", service.url, **options)
        arbiter.start()
        return arbiter

    return hosting


def now():
    return datetime.now(UTC)


def outside(arbiter, service, **options):
    """A task that the service has; returns its id and what the service was told."""
    task_id = arbiter.submit("work", **options).task_id
    heard = service.next()
    eventually(lambda: "task.handed_over" in topics(arbiter, task_id))
    return task_id, heard.told


def topics(arbiter, task_id):
    return [story.fact.topic for story in arbiter.history(task_id)]


def report(arbiter, told, said=DONE, *, secret=SECRET, at=None, attempt=None):
    attempt_id = attempt or told["attempt_id"]
    signature = sign(secret, attempt_id, said, at=at or now())
    return arbiter.report(attempt_id, said, signature=signature)


def sent(told, said=DONE, *, secret=SECRET):
    body = json.dumps(said).encode()
    signature = sign(secret, told["attempt_id"], body, at=now())
    return post(told["callback_url"], body, Arbiter_Signature=signature)


def test_an_attempt_is_handed_over_and_its_callback_ends_the_run(hosting, service):
    arbiter = hosting()
    task_id, told = outside(arbiter, service, payload={"n": 1})
    assert arbiter.status(task_id).status == "running"
    assert arbiter.stats().running_here == 0
    status, body = sent(told, {"result": {"n": 2}, "quality": 0.5, "usage": {"cost": 0.25}})
    assert (status, body["status"], body["repeated"]) == (200, "completed", False)
    done = arbiter.wait(task_id, 5)
    assert (done.status, done.result, done.attempt) == ("completed", {"n": 2}, 1)
    assert topics(arbiter, task_id)[-4:] == [
        "task.started",
        "task.handed_over",
        "task.usage_reported",
        "task.completed",
    ]
    completed = arbiter.history(task_id)[-1].fact
    assert (completed.quality, completed.cost) == (0.5, 0.25)


def test_the_library_takes_a_report_too_from_any_process_that_knows_the_secret(
    hosting, service, connected, monkeypatch
):
    monkeypatch.setenv("REMOTE_SECRET", SECRET)
    arbiter = hosting(secret=None, secret_env="REMOTE_SECRET")
    task_id, told = outside(arbiter, service)
    reported = report(connected(), told)
    assert (reported.task_id, reported.status, reported.repeated) == (task_id, "completed", False)
    assert arbiter.wait(task_id, 5).result == "done"


def test_the_cost_is_the_agent_s_where_the_report_names_none(hosting, service):
    arbiter = hosting(cost_per_task=0.125)
    task_id, told = outside(arbiter, service)
    report(arbiter, told)
    assert arbiter.history(task_id)[-1].fact.cost == 0.125


def test_an_error_fails_the_attempt(hosting, service):
    arbiter = hosting()
    task_id, told = outside(arbiter, service)
    status, body = sent(told, {"error": {"type": "Broken", "message": "no disk"}})
    assert (status, body["status"]) == (200, "failed")
    assert arbiter.status(task_id).error.message == "no disk"


def test_the_same_report_again_changes_nothing(hosting, service):
    arbiter = hosting(retry=AGAIN)
    for said in (DONE, {"error": {"type": "Broken", "retry": False}}):
        task_id, told = outside(arbiter, service)
        first, again = report(arbiter, told, said), report(arbiter, told, said)
        assert (first.repeated, again.repeated, again.status) == (False, True, first.status)
        before = arbiter.history(task_id)
        assert sent(told, said)[1]["repeated"]
        assert arbiter.history(task_id) == before


def test_another_report_for_an_attempt_that_is_over_is_fenced(hosting, service):
    arbiter = hosting()
    task_id, told = outside(arbiter, service)
    report(arbiter, told)
    before = arbiter.history(task_id)
    for other in ({"result": "other"}, {"error": {"type": "Broken"}}):
        with pytest.raises(AttemptFenced):
            report(arbiter, told, other)
        assert sent(told, other)[0] == 409
    assert arbiter.history(task_id) == before


def test_a_wrong_signature_is_refused_and_nothing_written(hosting, service):
    arbiter = hosting()
    task_id, told = outside(arbiter, service)
    before = arbiter.history(task_id)
    attempt_id = told["attempt_id"]
    for wrong in (
        "",
        "v1=abc",
        sign("another", attempt_id, DONE, at=now()),
        sign(SECRET, uuid4(), DONE, at=now()),
        sign(SECRET, attempt_id, {"result": "other"}, at=now()),
        sign(SECRET, attempt_id, DONE, at=now() - timedelta(hours=1)),
    ):
        with pytest.raises(BadSignature) as no:
            arbiter.report(attempt_id, DONE, signature=wrong)
        assert "\n" not in str(no.value)
    assert sent(told, secret="another")[0] == 401
    assert post(told["callback_url"], b'{"result": 1}')[0] == 401
    assert arbiter.history(task_id) == before
    assert arbiter.status(task_id).status == "running"


def test_without_a_known_secret_no_report_is_taken(hosting, service, connected):
    arbiter = hosting()
    _, told = outside(arbiter, service)
    with pytest.raises(BadSignature, match="no secret of agent remote is known here"):
        report(connected(), told)


def test_an_unknown_attempt_is_refused(hosting, service):
    arbiter = hosting()
    with pytest.raises(UnknownAttempt):
        report(arbiter, {}, attempt=uuid4())
    with pytest.raises(InvalidInput, match="attempt_id: 'me' is no id"):
        arbiter.report("me", DONE, signature="t=1,v1=" + "0" * 64)
    _, told = outside(arbiter, service)
    told["callback_url"] = told["callback_url"].rpartition("/")[0] + f"/{uuid4()}"
    assert sent(told)[0] == 404


def test_what_is_no_answer_is_refused_and_may_be_sent_again(hosting, service):
    arbiter = hosting()
    task_id, told = outside(arbiter, service)
    for said in ({}, {"result": 1, "mood": 2}, {"result": "x" * 300_000}):
        with pytest.raises(InvalidInput):
            report(arbiter, told, said)
        status, problem = sent(told, said)
        assert (status, problem["code"]) == (400, "invalid_input")
        assert problem["detail"].startswith("answer")
    report(arbiter, told)
    assert arbiter.status(task_id).status == "completed"


def test_the_callback_of_an_old_attempt_is_refused(hosting, service):
    arbiter = hosting(retry=AGAIN, callback_seconds=0.2)
    task_id, first = outside(arbiter, service)
    second = service.next().told
    assert (first["attempt"], second["attempt"]) == (1, 2)
    with pytest.raises(AttemptFenced):
        report(arbiter, first)
    assert sent(first)[0] == 409
    eventually(lambda: arbiter.status(task_id).status == "failed")


def test_silence_is_a_timeout_of_the_attempt(hosting, service):
    arbiter = hosting(callback_seconds=0.2)
    task_id, _ = outside(arbiter, service)
    parked = arbiter.wait(task_id, 10)
    assert (parked.status, parked.error.kind, parked.error.type) == (
        "failed",
        "timeout",
        "callback",
    )
    assert parked.error.message == "the callback limit passed, and agent remote did not answer"


def test_the_attempt_s_own_limit_counts_outside_as_well(hosting, service):
    arbiter = hosting()
    task_id, _ = outside(arbiter, service, limits=Limits(start_to_close=0.5))
    assert arbiter.wait(task_id, 10).error.type == "start_to_close"


def test_a_cancelled_task_takes_no_report(hosting, service):
    arbiter = hosting()
    task_id, told = outside(arbiter, service)
    assert arbiter.cancel(task_id).status == "cancelled"
    with pytest.raises(AttemptFenced):
        report(arbiter, told)


def test_a_suspended_task_goes_on_with_another_attempt(hosting, service):
    arbiter = hosting()
    task_id, first = outside(arbiter, service)
    arbiter.suspend(task_id)
    arbiter.resume(task_id)
    second = service.next().told
    with pytest.raises(AttemptFenced):
        report(arbiter, first)
    eventually(lambda: topics(arbiter, task_id).count("task.handed_over") == 2)
    report(arbiter, second)
    assert arbiter.wait(task_id, 5).attempt == 2


def test_a_callback_that_comes_before_the_response_ends_the_run(connected):
    """The service reports first, and only then says that it will."""
    arbiter = connected(callback_listen="127.0.0.1:0")

    def hasty(heard):
        assert sent(heard.told)[0] == 200
        return LATER

    with serving(hasty) as service:
        arbiter.http_agent("remote", service.url, kinds="work", secret=SECRET)
        arbiter.start()
        task_id = arbiter.submit("work").task_id
        assert arbiter.wait(task_id, 10).result == "done"
        eventually(lambda: arbiter.stats().running_here == 0)
    assert topics(arbiter, task_id)[-1] == "task.completed"


def test_a_worker_that_leaves_does_not_cost_what_is_outside(hosting, service, connected):
    first = hosting()
    task_id, told = outside(first, service)
    first.stop(drain=0)
    second = connected()
    assert second.status(task_id).status == "running"
    second.http_agent("remote", service.url, kinds="work", secret=SECRET)
    report(second, told)
    done = second.status(task_id)
    assert (done.status, done.attempt) == ("completed", 1)


def test_what_is_outside_counts_as_what_the_agent_has(hosting, service):
    arbiter = hosting(concurrency=2)
    tasks = [arbiter.submit("work", number).task_id for number in range(5)]
    told = [service.next().told for _ in range(2)]
    eventually(lambda: all("task.handed_over" in topics(arbiter, task_id) for task_id in tasks[:2]))
    eventually(lambda: arbiter.core.agents[0].slots == 0)
    assert len(service.heard) == 2
    while told:
        report(arbiter, told.pop())
        if len(service.heard) < len(tasks) or not service.begun.empty():
            told.append(service.next().told)
    for task_id in tasks:
        assert arbiter.wait(task_id, 10).status == "completed"


def test_another_worker_learns_what_is_outside(hosting, service, connected):
    first = hosting(concurrency=1)
    _, told = outside(first, service)
    second = connected(callback_listen="127.0.0.1:0")
    second.http_agent("remote", service.url, kinds="work", secret=SECRET, concurrency=1)
    second.start()
    eventually(lambda: second.core.agents[0].slots == 0)
    task_id = second.submit("work").task_id
    report(second, told)
    later = service.next().told
    assert later["task_id"] == str(task_id)
    eventually(lambda: "task.handed_over" in topics(second, task_id))
    report(second, later)


def test_a_direct_answer_and_a_callback_share_one_agent(hosting, service):
    arbiter = hosting()
    service.behave = lambda heard: answer("now") if heard.told["payload"] == "now" else LATER
    assert arbiter.wait(arbiter.submit("work", "now").task_id, 10).result == "now"
    service.next()
    task_id, told = outside(arbiter, service)
    report(arbiter, told)
    assert arbiter.status(task_id).result == "done"


def test_nothing_else_is_served(hosting, service):
    arbiter = hosting()
    _, told = outside(arbiter, service)
    place = told["callback_url"].partition("/attempts")[0]
    assert post(f"{place}/", b"{}")[0] == 404
    assert post(f"{place}/attempts/me", b"{}")[0] == 404
    assert post(told["callback_url"], b"x" * 400_000)[0] == 413
    report(arbiter, told)


def test_an_address_that_cannot_be_had_is_refused_at_the_start(hosting, connected, service):
    arbiter = hosting()
    _, told = outside(arbiter, service)
    taken = told["callback_url"].partition("//")[2].partition("/")[0]
    second = connected(callback_listen=taken)
    second.http_agent("remote", service.url, kinds="work", secret=SECRET)
    with pytest.raises(InvalidInput, match=r"callback_listen: .* cannot be listened on"):
        second.start()
    report(arbiter, told)


@pytest.mark.parametrize("address", ["8080", "here", "a b:80", "http://here:80", "here:port"])
def test_an_address_must_be_one(connected, address):
    with pytest.raises(InvalidInput, match="callback_listen"):
        connected(callback_listen=address)


def test_an_address_that_means_anywhere_needs_a_url(connected, service):
    arbiter = connected(callback_listen="0.0.0.0:0")
    arbiter.http_agent("remote", service.url, kinds="work", secret=SECRET)
    with pytest.raises(InvalidInput, match="callback_url: nobody can tell"):
        arbiter.start()


def test_an_attempt_that_runs_here_is_no_remote_one(connected):
    arbiter = connected()
    arbiter.agent("here", kinds="work")(lambda task: str(task.attempt_id))
    arbiter.start()
    attempt_id = arbiter.wait(arbiter.submit("work").task_id, 5).result
    with pytest.raises(UnknownAttempt):
        report(arbiter, {}, attempt=attempt_id)
