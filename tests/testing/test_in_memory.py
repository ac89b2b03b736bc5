"""A whole Arbiter in memory does what the one on PostgreSQL does."""

from arbiter import RetryPolicy, Status
from arbiter.testing import in_memory
from tests.support.eventually import eventually


def test_a_task_lives_its_whole_life_without_a_database():
    with in_memory() as arbiter:

        @arbiter.agent("doubler", kinds={"double"})
        def double(task):
            return task.payload * 2

        submitted = arbiter.submit("double", 21)
        arbiter.start()
        assert arbiter.wait(submitted.task_id, timeout=10).result == 42
        topics = [story.fact.topic for story in arbiter.history(submitted.task_id)]
        assert topics == [
            "task.submitted",
            "task.validated",
            "task.routed",
            "task.started",
            "task.completed",
        ]


def test_a_failing_task_is_tried_again_and_then_parked():
    with in_memory() as arbiter:

        @arbiter.agent("broken", kinds={"break"}, retry=RetryPolicy(max_attempts=2, initial=0.01))
        def fail(task):
            raise ValueError(f"attempt {task.attempt}")

        submitted = arbiter.submit("break")
        arbiter.start()
        task = arbiter.wait(submitted.task_id, timeout=10)
        assert task.status is Status.FAILED
        assert task.error is not None
        assert task.error.message == "attempt 2"


def test_an_agent_that_fails_gets_no_tasks_until_its_breaker_is_closed():
    with in_memory(breaker_failures=2, breaker_open_seconds=600) as arbiter:
        well = []

        @arbiter.agent("moody", kinds={"mood"}, retry=RetryPolicy(max_attempts=1))
        def moody(task):
            if not well:
                raise ValueError("not today")
            return "fine"

        arbiter.start()
        for _ in range(2):
            arbiter.wait(arbiter.submit("mood").task_id, timeout=10)
        eventually(lambda: [each.state for each in arbiter.breakers.list()] == ["open"])
        waiting = arbiter.submit("mood").task_id
        deferred = eventually(
            lambda: [
                story.fact.reason
                for story in arbiter.history(waiting)
                if story.fact.topic == "task.deferred"
            ]
        )
        assert deferred == ["every agent able to do it gets no tasks now: moody (breaker open)"]
        well.append(True)
        arbiter.breakers.close("moody")
        assert arbiter.wait(waiting, timeout=10).result == "fine"
