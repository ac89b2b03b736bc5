"""Whether a failed attempt is tried again, and after how long."""

from __future__ import annotations

from typing import Literal

import msgspec

Backoff = Literal["linear", "exponential", "constant"]
Response = Literal["retry", "fail", "hold"]


class RetryPolicy(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """How often and how soon a task is attempted again; all times in seconds."""

    max_attempts: int = 3
    """Attempts in all, the first included; 1 means at most once."""

    backoff: Backoff = "exponential"
    initial: float = 1.0
    cap: float = 30.0
    jitter: float = 0.5
    """Share of the delay that chance may add or take away: 0.5 is plus or minus 50 %."""

    on: dict[str, Response] = {}
    """What to do about an error type (its class name); other types are retried."""

    def delay(self, attempt: int, chance: float) -> float:
        """Seconds to wait after this attempt (from 1), with chance in [0, 1) deciding the jitter."""
        match self.backoff:
            case "linear":
                base = self.initial * attempt
            case "exponential":
                base = self.initial * 2.0 ** min(attempt - 1, 60)
            case "constant":
                base = self.initial
        return min(base, self.cap) * (1.0 + self.jitter * (2.0 * chance - 1.0))

    def response(self, error_type: str) -> Response:
        """What this error type calls for, before attempts are counted."""
        return self.on.get(error_type, "retry")


DEFAULT_RETRY = RetryPolicy()
