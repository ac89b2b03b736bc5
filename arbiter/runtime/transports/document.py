"""What an agent outside is told about a task: one JSON document."""

from __future__ import annotations

import orjson

from arbiter.runtime.running import AsyncRunningTask


def document(task: AsyncRunningTask, *, callback_url: str | None = None) -> bytes:
    """Tell a task, its attempt and, where it may answer later, where to."""
    told = {
        "task_id": task.id,
        "attempt_id": task.attempt_id,
        "attempt": task.attempt,
        "run": task.run,
        "kind": task.kind,
        "queue": task.queue,
        "tenant": task.tenant,
        "agent": task.agent,
        "payload": task.payload,
        "checkpoint": task.last_checkpoint,
        "deadline": task.deadline,
        "traceparent": task.trace,
    }
    if callback_url is not None:
        told["callback_url"] = callback_url
    return orjson.dumps(told, option=orjson.OPT_UTC_Z)
