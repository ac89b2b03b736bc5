"""A whole Arbiter in memory does what the one on PostgreSQL does."""

from arbiter import RetryPolicy, Status
from arbiter.testing import in_memory


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
