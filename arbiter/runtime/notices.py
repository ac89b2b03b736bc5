"""Tells listeners how this orchestrator does: started, stopped, stats, health, performance."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from fnmatch import fnmatchcase
from typing import Any

from arbiter.application.ports import Clock, Scheduler
from arbiter.application.views import Stats
from arbiter.runtime.listeners import Ear, Event
from arbiter.runtime.loop import Loop

TOPICS = tuple(
    f"orchestrator.{name}" for name in ("started", "stopped", "stats", "health", "performance")
)


class Notices:
    """Not facts: nobody needs them tomorrow."""

    def __init__(
        self,
        clock: Clock,
        scheduler: Scheduler,
        stats: Callable[[], Awaitable[tuple[Stats, int]]],
        seconds: float,
    ) -> None:
        """`stats` answers with the stats of the last minutes and the tasks running here."""
        self._clock, self._stats = clock, stats
        self._seconds = seconds
        self._ears: dict[int, tuple[str, Ear]] = {}
        self._next = 0
        self._loop = Loop("notices", self.run_once, scheduler)

    @staticmethod
    def concerns(pattern: str) -> bool:
        """Tell whether a pattern matches any notice."""
        return any(fnmatchcase(topic, pattern) for topic in TOPICS)

    def listen(self, pattern: str, ear: Ear) -> Callable[[], None]:
        """Tell a listener every later notice whose topic matches; returns the way out."""
        self._next += 1
        number = self._next
        self._ears[number] = (pattern, ear)
        return lambda: self._ears.pop(number, None) and None

    def start(self) -> None:
        """Say that the orchestrator has started, and go on telling."""
        self.say("orchestrator.started", {})
        self._loop.start()

    async def stop(self) -> None:
        """Say that it has stopped."""
        await self._loop.stop()
        self.say("orchestrator.stopped", {})

    def say(self, topic: str, data: dict[str, Any]) -> None:
        """Tell all who listen for this topic."""
        event = Event(topic=topic, at=self._clock.now(), data=data)
        for pattern, ear in list(self._ears.values()):
            if fnmatchcase(topic, pattern):
                ear.hear([event])

    async def run_once(self) -> float:
        """Tell stats, health and performance, if anybody listens."""
        if self._ears:
            stats, running = await self._stats()
            queued = stats.statuses.get("queued", 0)
            self.say(
                "orchestrator.stats",
                {
                    "queued": queued,
                    "running": stats.statuses.get("running", 0),
                    "completed": stats.completed,
                    "failed": stats.failed,
                    "throughput_per_minute": stats.throughput_per_minute,
                },
            )
            self.say(
                "orchestrator.health",
                {"status": "healthy", "running_here": running, "queued": queued},
            )
            self.say(
                "orchestrator.performance",
                {
                    "latency_ms": {
                        "p50": stats.latency_ms.p50,
                        "p95": stats.latency_ms.p95,
                        "p99": stats.latency_ms.p99,
                    },
                    "retries": stats.retries,
                    "worker_lost": stats.worker_lost,
                },
            )
        return self._seconds
