"""Arbiter decides which agent does which task, under which rules, and can prove it afterwards."""

from arbiter.application.answers import Redriven, Story, Submitted, TaskView
from arbiter.application.views import TaskFilter
from arbiter.bootstrap import Arbiter, connect
from arbiter.domain.errors import ArbiterError
from arbiter.domain.limits import Limits
from arbiter.domain.retry import RetryPolicy
from arbiter.domain.status import Status
from arbiter.runtime.listeners import Event
from arbiter.runtime.running import AsyncRunningTask, RunningTask, Stopping
from arbiter.settings import Settings

__version__ = "0.1.0"

__all__ = [
    "Arbiter",
    "ArbiterError",
    "AsyncRunningTask",
    "Event",
    "Limits",
    "Redriven",
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
]
