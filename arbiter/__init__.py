"""Arbiter decides which agent does which task, under which rules, and can prove it afterwards."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # the same names for type checkers, and for the import contracts, which read this
    from arbiter.application.answers import Redriven, Reported, Story, Submitted, TaskView
    from arbiter.application.remote.signature import sign
    from arbiter.application.views import TaskFilter
    from arbiter.bootstrap import Arbiter, connect
    from arbiter.domain.errors import ArbiterError
    from arbiter.domain.limits import Limits
    from arbiter.domain.retry import RetryPolicy
    from arbiter.domain.status import Status
    from arbiter.runtime.listeners import Event
    from arbiter.runtime.running import AsyncRunningTask, RunningTask, Stopping
    from arbiter.settings import Settings
else:
    # The database driver and pydantic take longer to import than `arbiter --help` may take: a name
    # brings what it needs at its first use.
    HOMES = {
        "Arbiter": "arbiter.bootstrap",
        "ArbiterError": "arbiter.domain.errors",
        "AsyncRunningTask": "arbiter.runtime.running",
        "Event": "arbiter.runtime.listeners",
        "Limits": "arbiter.domain.limits",
        "Redriven": "arbiter.application.answers",
        "Reported": "arbiter.application.answers",
        "RetryPolicy": "arbiter.domain.retry",
        "RunningTask": "arbiter.runtime.running",
        "Settings": "arbiter.settings",
        "Status": "arbiter.domain.status",
        "Stopping": "arbiter.runtime.running",
        "Story": "arbiter.application.answers",
        "Submitted": "arbiter.application.answers",
        "TaskFilter": "arbiter.application.views",
        "TaskView": "arbiter.application.answers",
        "connect": "arbiter.bootstrap",
        "sign": "arbiter.application.remote.signature",
    }

    def __getattr__(name: str) -> Any:
        """Import a public name at its first use."""
        if name not in HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        found = globals()[name] = getattr(import_module(HOMES[name]), name)
        return found

    def __dir__() -> list[str]:
        """Tell the public names, imported or not."""
        return sorted({*globals(), *__all__})


__version__ = "0.1.0"

__all__ = [
    "Arbiter",
    "ArbiterError",
    "AsyncRunningTask",
    "Event",
    "Limits",
    "Redriven",
    "Reported",
    "RetryPolicy",
    "RunningTask",
    "Settings",
    "Status",
    "Stopping",
    "Story",
    "Submitted",
    "TaskFilter",
    "TaskView",
    "connect",
    "sign",
]
