"""A submission carries the trace it was made in, up to the handler."""

from opentelemetry.sdk.trace import TracerProvider

from arbiter.testing import in_memory


def test_the_handler_sees_the_trace_of_the_submission():
    tracer = TracerProvider().get_tracer("test")
    with in_memory() as arbiter:

        @arbiter.agent("traced", kinds={"trace"})
        def tell(task):
            return task.trace

        with tracer.start_as_current_span("asking") as span:
            submitted = arbiter.submit("trace")
        arbiter.start()
        told = arbiter.wait(submitted.task_id, timeout=10).result
    assert format(span.get_span_context().trace_id, "032x") in told


def test_outside_a_trace_there_is_nothing_to_carry():
    with in_memory() as arbiter:
        submitted = arbiter.submit("untraced", any_kind=True)
        assert arbiter.history(submitted.task_id)[0].fact.trace is None
