"""Refusals: a log that cannot tell what a strategy would have earned is not made to."""

from __future__ import annotations

from typing import ClassVar

from arbiter.domain.errors import ArbiterError


class NoSupport(ArbiterError):
    """The log lacks the decisions from which this strategy could be judged."""

    code: ClassVar[str] = "no_support"

    def __init__(self, agent: str, kind: str, reason: str) -> None:
        """Name the agent and the kind for which the log is silent, and why."""
        self.agent, self.kind, self.reason = agent, kind, reason
        super().__init__(f"agent {agent!r}, kind {kind!r}: {reason}")
