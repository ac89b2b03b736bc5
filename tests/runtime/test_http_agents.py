"""Services behind HTTP as agents: a real server, from the submission to the result."""

from __future__ import annotations

import json
import socket
from datetime import UTC, datetime
from itertools import count

import pytest

from arbiter import Limits, RetryPolicy
from arbiter.application.remote.signature import verify
from arbiter.domain.errors import InvalidInput, Unavailable
from tests.support.eventually import eventually
from tests.support.services import LATER, Reply, answer, serving

ONCE = RetryPolicy(max_attempts=1)
AGAIN = RetryPolicy(max_attempts=2, initial=0.01)
TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


def ended(arbiter, behave, payload=None, *, retry=ONCE, **options):
    """The one task of an agent that is such a service, when its run is over, and the service."""
    submission = {name: options.pop(name) for name in ("limits", "trace") if name in options}
    with serving(behave) as service:
        arbiter.http_agent("remote", service.url, kinds="work", retry=retry, **options)
        arbiter.start()
        task_id = arbiter.submit("work", payload, **submission).task_id
        return arbiter.wait(task_id, 20), service


def test_a_service_is_told_the_task_and_its_answer_is_the_result(arbiter):
    done, service = ended(
        arbiter, lambda heard: answer(heard.told["payload"]), {"path": "ä/b.py"}, trace=TRACE
    )
    assert (done.status, done.result) == ("completed", {"path": "ä/b.py"})
    (heard,) = service.heard
    told = {name: heard.told[name] for name in ("attempt", "run", "kind", "agent")}
    assert told == {"attempt": 1, "run": 1, "kind": "work", "agent": "remote"}
    assert heard.headers["Idempotency-Key"] == heard.told["attempt_id"]
    assert heard.headers["Arbiter-Task"] == str(done.task_id)
    assert heard.headers["traceparent"] == heard.told["traceparent"] == TRACE
    assert "callback_url" not in heard.told
    assert heard.headers["Arbiter-Signature"] is None


def test_a_request_is_signed_with_the_secret(arbiter):
    _, service = ended(arbiter, lambda _: answer(1), secret="hush")
    (heard,) = service.heard
    signature = heard.headers["Arbiter-Signature"]
    verify("hush", heard.told["attempt_id"], heard.body, signature, at=datetime.now(UTC))


def test_the_secret_may_stand_in_the_environment_and_never_in_a_fact(arbiter, monkeypatch):
    monkeypatch.setenv("REMOTE_SECRET", "hush-hush")
    _, service = ended(arbiter, lambda _: answer(1), secret_env="REMOTE_SECRET")
    assert service.heard[0].headers["Arbiter-Signature"] is not None
    facts = arbiter.core.run(lambda service: service.store.log.read(0, 100))
    assert not [each for each in facts if "hush-hush" in repr(each)]
    (registered,) = [each.fact for each in facts if each.fact.topic == "agent.registered"]
    assert (registered.transport, registered.reached_by.secret_env) == ("http", "REMOTE_SECRET")


def test_a_missing_secret_is_refused_before_anything_starts(arbiter):
    with pytest.raises(InvalidInput, match="secret_env: the environment has no variable NO_SUCH"):
        arbiter.http_agent("remote", "http://here", kinds="work", secret_env="NO_SUCH")


def test_usage_and_quality_are_recorded(arbiter):
    reply = answer("done", quality=0.75, usage={"tokens": 7, "cost": 0.5})
    done, _ = ended(arbiter, lambda _: reply)
    facts = {story.fact.topic: story.fact for story in arbiter.history(done.task_id)}
    assert facts["task.usage_reported"].tokens == 7
    assert (facts["task.completed"].quality, facts["task.completed"].cost) == (0.75, 0.5)


def test_an_empty_answer_is_none(arbiter):
    done, _ = ended(arbiter, lambda _: Reply(204))
    assert (done.status, done.result) == ("completed", None)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 410, 422, 301, 307])
def test_a_refusal_ends_the_run(arbiter, status):
    parked, service = ended(
        arbiter,
        lambda _: Reply(status, b"we do not do that", {"Location": "http://elsewhere/"}),
        retry=RetryPolicy(max_attempts=9),
    )
    assert (parked.status, parked.attempt, len(service.heard)) == ("failed", 1, 1)
    assert (parked.error.kind, parked.error.type) == ("refused", f"HTTP{status}")
    assert parked.error.detail == "we do not do that"


@pytest.mark.parametrize("status", [500, 502, 503, 408, 425, 429])
def test_a_fault_is_retried_by_the_policy(arbiter, status):
    parked, service = ended(arbiter, lambda _: Reply(status), retry=AGAIN)
    assert (parked.status, parked.attempt, len(service.heard)) == ("failed", 2, 2)
    assert (parked.error.kind, parked.error.type) == ("exception", f"HTTP{status}")


def test_a_refusal_in_words_is_quoted(arbiter):
    said = {"error": {"type": "NotSupported", "message": "no Rust here"}}
    parked, _ = ended(arbiter, lambda _: Reply(422, said), retry=RetryPolicy(max_attempts=9))
    assert (parked.error.kind, parked.error.type, parked.error.message) == (
        "refused",
        "NotSupported",
        "no Rust here",
    )


def test_an_error_in_an_answer_fails_the_attempt(arbiter):
    said = {"error": {"type": "Overloaded", "message": "later"}}
    parked, service = ended(arbiter, lambda _: Reply(200, said), retry=AGAIN)
    assert (parked.error.type, len(service.heard)) == ("Overloaded", 2)


@pytest.mark.parametrize(
    ("body", "type_", "why"),
    [
        (b"<html>", "InvalidAnswer", "not JSON"),
        (b"", "InvalidAnswer", "not JSON"),
        (b'{"results": 1}', "InvalidAnswer", "unknown field `results`"),
        (b'{"result": "' + b"x" * 400_000 + b'"}', "AnswerTooLong", "more than 327,680 bytes"),
    ],
)
def test_what_is_no_answer_fails_the_attempt_and_says_why(arbiter, body, type_, why):
    parked, _ = ended(arbiter, lambda _: Reply(200, body))
    assert parked.error.type == type_
    assert why in parked.error.message


def test_a_connection_that_is_cut_fails_the_attempt_and_is_not_sent_again(arbiter):
    cut = Reply(200, b"{", {"Content-Length": "100", "Connection": "close"})
    parked, service = ended(arbiter, lambda _: cut)
    assert (parked.error.type, len(service.heard)) == ("RemoteProtocolError", 1)


def test_an_idempotent_service_is_asked_again_with_the_same_key(arbiter):
    calls = count(1)
    done, service = ended(
        arbiter,
        lambda _: Reply(503) if next(calls) < 3 else answer("third time lucky"),
        idempotent=True,
    )
    assert (done.status, done.result, done.attempt) == ("completed", "third time lucky", 1)
    assert len({heard.headers["Idempotency-Key"] for heard in service.heard}) == 1
    assert len(service.heard) == 3


def test_a_service_that_is_not_there_fails_the_attempt(arbiter):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound, not listening: nobody else takes it
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        arbiter.http_agent("remote", url, kinds="work", retry=ONCE)
        arbiter.start()
        parked = arbiter.wait(arbiter.submit("work").task_id, 20)
    assert parked.error.type == "ConnectError"
    assert parked.error.message.startswith(url)


def test_a_request_that_never_arrived_is_sent_again(arbiter):
    """The service comes up after the first try was refused."""
    with socket.socket() as place:
        place.bind(("127.0.0.1", 0))
        port = place.getsockname()[1]
    arbiter.http_agent("remote", f"http://127.0.0.1:{port}", kinds="work", retry=ONCE)
    arbiter.start()
    task_id = arbiter.submit("work").task_id
    eventually(lambda: arbiter.status(task_id).status == "running")
    with socket.create_server(("127.0.0.1", port)) as late:
        late.settimeout(10)
        connection, _ = late.accept()
        with connection:
            connection.recv(65536)
            body = json.dumps({"result": "late"}).encode()
            head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
            connection.sendall(head.encode() + body)
            done = arbiter.wait(task_id, 10)
    assert (done.status, done.result, done.attempt) == ("completed", "late", 1)


def test_a_slow_answer_is_a_timeout_of_the_attempt(arbiter):
    with serving() as service:
        arbiter.http_agent("remote", service.url, kinds="work", retry=ONCE, timeout_seconds=0.3)
        arbiter.start()
        parked = arbiter.wait(arbiter.submit("work").task_id, 10)
    assert (parked.error.type, parked.error.message) == (
        "TimedOut",
        f"{service.url} did not answer within 0.3 s",
    )


@pytest.mark.parametrize("how", ["cancel", "limit"])
def test_a_request_ends_with_its_attempt(arbiter, how):
    limits = Limits(start_to_close=0.5) if how == "limit" else Limits()
    with serving() as service:
        arbiter.http_agent("remote", service.url, kinds="work", retry=ONCE)
        arbiter.start()
        task_id = arbiter.submit("work", limits=limits).task_id
        service.next()
        if how == "cancel":
            arbiter.cancel(task_id)
        eventually(lambda: arbiter.stats().running_here == 0)
        service.may_answer.set()
    assert arbiter.status(task_id).status in ("cancelled", "failed")


def test_a_callback_without_a_secret_or_a_listener_is_refused(arbiter):
    parked, _ = ended(arbiter, lambda _: LATER)
    assert (parked.error.kind, parked.error.type) == ("refused", "NoCallback")
    assert "needs a secret" in parked.error.message


def test_a_callback_without_a_listener_is_refused(arbiter):
    parked, _ = ended(arbiter, lambda _: LATER, secret="hush")
    assert "needs a callback_url, or a callback_listen" in parked.error.message


def test_an_agent_has_no_more_tasks_than_it_may_over_all_workers(connected):
    with serving() as service:
        workers = [connected(), connected()]
        for worker in workers:
            worker.http_agent("remote", service.url, kinds="work", concurrency=2)
            worker.start()
        tasks = [workers[0].submit("work", number).task_id for number in range(6)]
        assert {service.next().told["task_id"] for _ in range(2)} <= set(map(str, tasks))
        eventually(lambda: [worker.core.agents[0].free for worker in workers] == [0, 0])
        assert len(service.heard) == 2
        service.may_answer.set()
        for task in tasks:
            assert workers[0].wait(task, 20).status == "completed"


def test_what_could_not_be_noted_is_not_sent_and_costs_no_attempt(arbiter):
    async def away_once(service):
        admit, refused = service.store.remote.admit, []

        async def admits(attempt, most):
            if not refused:
                refused.append(attempt)
                raise Unavailable("database: away")
            return await admit(attempt, most)

        service.store.remote.admit = admits

    with serving(lambda _: answer("done")) as service:
        arbiter.http_agent("remote", service.url, kinds="work", retry=ONCE)
        arbiter.start()
        arbiter.core.run(away_once)
        task_id = arbiter.submit("work").task_id
        assert arbiter.wait(task_id, 10).result == "done"
    assert len(service.heard) == 1
    topics = [story.fact.topic for story in arbiter.history(task_id)]
    assert "task.released" in topics
    assert "task.attempt_failed" not in topics


def test_who_does_not_answer_its_probe_gets_no_task_until_it_does(arbiter, monkeypatch):
    from arbiter.runtime.transports import probing

    monkeypatch.setattr(probing, "ASK_SECONDS", 0.05)
    monkeypatch.setattr(probing, "ASK_AGAIN_SECONDS", 0.05)
    with serving(lambda _: answer("well")) as service:
        service.is_well = False
        url = f"{service.url}/health"
        arbiter.http_agent("remote", service.url, kinds="work", health_url=url)
        arbiter.start()
        (agent,) = arbiter.core.agents
        eventually(lambda: agent.slots == 0)
        assert not arbiter.agents.show("remote").live
        task_id = arbiter.submit("work").task_id
        service.is_well = True
        assert arbiter.wait(task_id, 10).result == "well"
        assert arbiter.agents.show("remote").live


def test_bad_urls_are_refused_before_anything_starts(arbiter):
    for url in ("", "here", "ftp://here", "http://ann:pw@here"):
        with pytest.raises(InvalidInput) as no:
            arbiter.http_agent("remote", url, kinds="work")
        assert no.value.field == "url"
    assert not arbiter.core.agents
