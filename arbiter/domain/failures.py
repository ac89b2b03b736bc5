"""Failure patterns: errors that differ only in their details are one, and many of one raise an alert."""

from __future__ import annotations

import hashlib
import re
from datetime import datetime, timedelta
from functools import lru_cache
from uuid import UUID, uuid5

import msgspec
from msgspec.structs import replace

from arbiter.domain import facts as f

PATTERNS = UUID("6f6a4d5e-3c0b-5b43-9d2f-1f0a7c3f9b11")
"""The namespace of the ids of patterns."""

LONGEST_MESSAGE = 2_000
"""Characters of a message that are looked at."""

LONGEST_PATTERN = 300

_AGENTS_LIMITS = frozenset({"start_to_close", "heartbeat", "callback"})
"""The limits that time the agent's own work; the others time waiting as well."""

_SHAPES = (
    ("<url>", r"\b[a-z][a-z0-9+.-]{1,15}://[^\s'\"`<>]+"),
    ("<text>", r"\"[^\"\n]*\"|`[^`\n]*`|(?<!\w)'[^'\n]*'(?!\w)|“[^”\n]*”|«[^»\n]*»"),
    (
        "<time>",
        r"\b\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?(?:Z\b|[+-]\d\d:?\d\d\b)?)?",
    ),
    ("<id>", r"\b[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\b|\b0x[0-9a-f]+\b"),
    ("<address>", r"\b\d{1,3}(?:\.\d{1,3}){3}(?::\d+)?\b"),
    ("<path>", r"(?<![\w<>/])(?:[a-z]:\\|\\\\|\.{0,2}/|~/)(?:[^\s'\"`:;,()<>]*[^\s'\"`:;,()<>.])"),
    ("<id>", r"\b(?=[0-9a-f]*\d)(?=[0-9a-f]*[a-f])[0-9a-f]{7,64}\b"),
    ("<n>", r"(?<![\w.])[+-]?\d+(?:[.,_]\d+)*(?:e[+-]?\d+)?|\d+"),
)
_DIFFERS = re.compile("|".join(f"({shape})" for _, shape in _SHAPES), re.IGNORECASE | re.ASCII)
_NAMES = tuple(name for name, _ in _SHAPES)


GIVEN_BACK = "Drained"
"""The type of error of an only attempt that its worker could not finish before it stopped."""

_TRANSPORTS = frozenset(
    {
        *("ConnectError", "ConnectTimeout", "ProxyError", "RemoteProtocolError", "TimedOut"),
        *("ReadError", "ReadTimeout", "WriteError", "WriteTimeout", "CloseError"),
        *("HTTP502", "HTTP503", "HTTP504"),
    }
)
"""The types of error that say nothing of the agent's work: it was not reached, or did not answer."""


def blames_agent(error: f.Failure) -> bool:
    """Tell whether an attempt's error counts against its agent: not a lost worker, not a long wait."""
    match error.kind:
        case "worker_lost":
            return False
        case "exception" if error.type == GIVEN_BACK:
            return False
        case "timeout":
            return error.type in _AGENTS_LIMITS
        case _:
            return True


def blames_transport(error: f.Failure) -> bool:
    """Tell whether an error counts against the way to the agent: whoever is behind it was not reached."""
    return error.kind == "exception" and error.type in _TRANSPORTS


def verdict(error: f.Failure) -> tuple[bool | None, bool | None]:
    """Tell what an error says of the agent's success, and of whether it was reached; None for nothing."""
    if blames_transport(error):
        return False, False
    return (False, True) if blames_agent(error) else (None, None)


@lru_cache(maxsize=4096)
def normalised(message: str) -> str:
    """Return a message without what differs from time to time: numbers, ids, paths, quotes, moments."""
    told = _DIFFERS.sub(lambda found: _NAMES[(found.lastindex or 1) - 1], message[:LONGEST_MESSAGE])
    return " ".join(told.split())[:LONGEST_PATTERN]


class Pattern(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What errors of one fingerprint have in common."""

    agent: str
    kind: str
    type: str
    pattern: str

    @property
    def fingerprint(self) -> str:
        """16 hexadecimal digits (64 bits) that name it, the same in every process and version."""
        told = msgspec.json.encode([self.agent, self.kind, self.type, self.pattern])
        return hashlib.sha256(told).hexdigest()[:16]


def pattern_of(error: f.Failure, agent: str) -> Pattern:
    """Tell which pattern an agent's error belongs to; what no table can hold is replaced."""
    message, kind_of = error.message, error.type
    if "\0" in message or "\0" in kind_of:
        message, kind_of = message.replace("\0", "\ufffd"), kind_of.replace("\0", "\ufffd")
    return Pattern(agent=agent, kind=error.kind, type=kind_of, pattern=normalised(message))


KEPT = 100
"""Moments a watch remembers; no policy may ask for more."""

EXAMPLES = 5
LONGEST_EXAMPLE = 500


class AlertPolicy(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """When a pattern is worth an alert; all times in seconds."""

    times: int = 3
    window_seconds: float = 300.0
    quiet_seconds: float = 300.0
    """How long after an alert the same pattern raises no other."""

    def __post_init__(self) -> None:
        """Refuse, as a ValueError, numbers that make no sense."""
        if not 1 <= self.times <= KEPT:
            raise ValueError(f"times: must be from 1 to {KEPT}")
        if not 0 < self.window_seconds < float("inf"):
            raise ValueError("window_seconds: must be a time above 0")
        if not 0 <= self.quiet_seconds < float("inf"):
            raise ValueError("quiet_seconds: must be a time")


DEFAULT_ALERTS = AlertPolicy()


class Example(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One failure of a pattern, as it happened."""

    task_id: UUID
    at: datetime
    task_kind: str
    message: str


class Watch(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What is known of one pattern."""

    id: UUID
    pattern: Pattern
    version: int = 0
    seen: int = 0
    first: datetime | None = None
    last: datetime | None = None
    recent: tuple[datetime, ...] = ()
    """When it was seen lately, oldest first; at most KEPT moments."""

    task_kinds: dict[str, int] = {}
    """How often, by the kind of the task that failed."""

    examples: tuple[Example, ...] = ()
    """The latest, oldest first."""

    alerted_at: datetime | None = None


def new_watch(pattern: Pattern) -> Watch:
    """Return the watch over a pattern that was never seen."""
    return Watch(id=uuid5(PATTERNS, pattern.fingerprint), pattern=pattern)


def seen(watch: Watch, example: Example) -> Watch:
    """Count one more failure of the pattern."""
    at, kind = example.at, example.task_kind
    return replace(
        watch,
        seen=watch.seen + 1,
        first=at if watch.first is None else min(watch.first, at),
        last=at if watch.last is None else max(watch.last, at),
        recent=tuple(sorted((*watch.recent, at))[-KEPT:]),
        task_kinds={**watch.task_kinds, kind: watch.task_kinds.get(kind, 0) + 1},
        examples=(*watch.examples, example)[-EXAMPLES:],
    )


def answer(watch: Watch, policy: AlertPolicy, *, at: datetime) -> f.FailureAlerted | None:
    """Tell whether the pattern is worth an alert now; None where it is not."""
    begins = at - timedelta(seconds=policy.window_seconds)
    within = [moment for moment in watch.recent if begins < moment <= at]
    if len(within) < policy.times or not _may_alert(watch, policy, at):
        return None
    return f.FailureAlerted(
        pattern_id=watch.id,
        version=watch.version + 1,
        at=at,
        fingerprint=watch.pattern.fingerprint,
        agent=watch.pattern.agent,
        kind=watch.pattern.kind,
        type=watch.pattern.type,
        pattern=watch.pattern.pattern,
        count=len(within),
        since=within[0],
        window_seconds=policy.window_seconds,
        task_id=watch.examples[-1].task_id if watch.examples else None,
    )


def evolve(watch: Watch, alert: f.FailureAlerted) -> Watch:
    """Remember an alert. Replay calls this: it never refuses."""
    return replace(watch, version=alert.version, alerted_at=alert.at)


def _may_alert(watch: Watch, policy: AlertPolicy, at: datetime) -> bool:
    if watch.alerted_at is None:
        return True
    return at - watch.alerted_at >= timedelta(seconds=policy.quiet_seconds)
