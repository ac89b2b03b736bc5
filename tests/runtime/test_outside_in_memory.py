"""Programs and services as agents of an Arbiter without a database."""

from __future__ import annotations

from datetime import UTC, datetime

from arbiter import sign
from arbiter.testing import in_memory
from tests.support.programs import program
from tests.support.services import LATER, answer, serving


def test_programs_and_services_work_without_a_database():
    def behave(heard):
        return LATER if heard.told["payload"] == "later" else answer("now")

    with serving(behave) as service, in_memory(callback_listen="127.0.0.1:0") as arbiter:
        arbiter.command_agent("tool", program("much", 3), kinds="tool")
        arbiter.http_agent("remote", service.url, kinds="service", secret="hush", concurrency=1)
        arbiter.start()
        assert arbiter.wait(arbiter.submit("tool").task_id, 15).result == "xxx"
        assert arbiter.wait(arbiter.submit("service").task_id, 15).result == "now"
        service.next()
        for _ in range(3):  # one place, taken and left again
            task_id = arbiter.submit("service", "later").task_id
            told = service.next().told
            said = {"result": told["task_id"]}
            signature = sign("hush", told["attempt_id"], said, at=datetime.now(UTC))
            arbiter.report(told["attempt_id"], said, signature=signature)
            assert arbiter.wait(task_id, 15).result == str(task_id)
