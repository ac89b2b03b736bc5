"""What is not as usual about an agent at a kind: raised, made worse, resolved.

What is usual when an anomaly is raised stands in its fact, and it is resolved against that: a baseline that
follows the numbers would else call bad ones usual while it stands, and so resolve it. Only when it has stood
as long as a baseline holds is it asked whether it is what is usual by now.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Literal, NamedTuple
from uuid import UUID, uuid5

import msgspec

from arbiter.domain import facts as f
from arbiter.domain.facts.anomalies import AnomalyFact, AnomalyType, Severity
from arbiter.domain.performance import NOW, POINT_MINUTES
from arbiter.domain.trends import REFRESHED_EVERY, Point

ANOMALIES = UUID("6f0d0a52-5d0b-5b42-9d2c-6f6f5d3d5a05")
"""The namespace of anomalies: the id of one follows from agent, kind and type."""

HOLDS = timedelta(minutes=POINT_MINUTES * REFRESHED_EVERY)
"""How long a baseline holds."""

SEVERITIES: tuple[Severity, ...] = ("medium", "high", "critical")


class Anomaly(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One type of anomaly of one agent at one kind, and whether it stands."""

    id: UUID
    agent: str
    kind: str
    type: AnomalyType
    version: int = 0
    stands: bool = False
    severity: Severity = "medium"
    value: float = 0.0
    usual: float = 0.0
    """What was usual when it was raised."""

    raised_at: datetime | None = None
    resolved_at: datetime | None = None
    reason: str | None = None
    """Why it was resolved."""


class Rule(NamedTuple):
    """When an anomaly of a type stands; values and what is usual are compared as they are told."""

    value: Callable[[Point], float | None]
    fires: Callable[[float, float], bool]
    is_over: Callable[[float, float], bool]
    severity: Callable[[float, float], Severity]


def _points(more: float, less: float) -> float:
    """Return a difference of shares in percentage points, without the noise of the last bits."""
    return round(100 * (more - less), 9)


RULES: dict[AnomalyType, Rule] = {
    "latency_spike": Rule(
        value=lambda point: point.p95_ms,
        fires=lambda value, usual: value > 2 * usual,
        is_over=lambda value, usual: value <= 1.2 * usual,
        severity=lambda value, _: "critical" if value > 5000 else "high",
    ),
    "accuracy_drop": Rule(
        value=lambda point: point.quality,
        fires=lambda value, usual: _points(usual, value) > 15,
        is_over=lambda value, usual: _points(usual, value) < 5,
        severity=lambda value, usual: "critical" if _points(usual, value) > 20 else "high",
    ),
    "error_rate_increase": Rule(
        value=lambda point: point.error_rate,
        fires=lambda value, usual: _points(value, usual) > 10,
        is_over=lambda value, usual: _points(value, usual) < 2,
        severity=lambda value, usual: "critical" if _points(value, usual) > 25 else "medium",
    ),
}


def anomaly_id(agent: str, kind: str, type_: AnomalyType) -> UUID:
    """Return the id of an anomaly, the same each time it comes."""
    return uuid5(ANOMALIES, f"{agent}\x1f{kind}\x1f{type_}")


def unknown(agent: str, kind: str) -> Sequence[Anomaly]:
    """Return the anomalies there may be of an agent at a kind, none of which ever stood."""
    return [
        Anomaly(id=anomaly_id(agent, kind, type_), agent=agent, kind=kind, type=type_)
        for type_ in RULES
    ]


def answer(
    anomaly: Anomaly, now: Point, usual: Point | None, *, at: datetime
) -> f.AnomalyRaised | f.AnomalyResolved | None:
    """Tell what follows from how the agent does now, and did usually; None while nothing does."""
    rule = RULES[anomaly.type]
    value, common = rule.value(now), None if usual is None else rule.value(usual)
    if value is None:
        return None
    if anomaly.stands:
        return _resolved(anomaly, rule, value, common, at) or _worse(anomaly, rule, value, now, at)
    if common is None or not rule.fires(value, common):
        return None
    return _raised(anomaly, rule.severity(value, common), (value, common), now, at)


def _resolved(
    anomaly: Anomaly, rule: Rule, value: float, common: float | None, at: datetime
) -> f.AnomalyResolved | None:
    if rule.is_over(value, anomaly.usual):
        return _over(anomaly, value, anomaly.usual, at, "recovered")
    stood = anomaly.raised_at is not None and at - anomaly.raised_at >= HOLDS
    if stood and common is not None and not rule.fires(value, common):
        return _over(anomaly, value, common, at, "usual_now")
    return None


def _worse(
    anomaly: Anomaly, rule: Rule, value: float, now: Point, at: datetime
) -> f.AnomalyRaised | None:
    severity = rule.severity(value, anomaly.usual)
    if not rule.fires(value, anomaly.usual) or SEVERITIES.index(severity) <= SEVERITIES.index(
        anomaly.severity
    ):
        return None
    return _raised(anomaly, severity, (value, anomaly.usual), now, at)


def _raised(
    anomaly: Anomaly, severity: Severity, told: tuple[float, float], now: Point, at: datetime
) -> f.AnomalyRaised:
    value, common = told
    return f.AnomalyRaised(
        anomaly_id=anomaly.id,
        version=anomaly.version + 1,
        at=at,
        agent=anomaly.agent,
        kind=anomaly.kind,
        type=anomaly.type,
        severity=severity,
        value=value,
        usual=common,
        attempts=now.attempts,
        window_seconds=NOW.length.total_seconds(),
    )


def _over(
    anomaly: Anomaly,
    value: float,
    common: float,
    at: datetime,
    reason: Literal["recovered", "usual_now"],
) -> f.AnomalyResolved:
    return f.AnomalyResolved(
        anomaly_id=anomaly.id,
        version=anomaly.version + 1,
        at=at,
        agent=anomaly.agent,
        kind=anomaly.kind,
        type=anomaly.type,
        value=value,
        usual=common,
        reason=reason,
    )


def evolve(anomaly: Anomaly | None, happened: AnomalyFact) -> Anomaly:
    """Remember one fact. Replay calls this: it never refuses."""
    was = anomaly or Anomaly(
        id=happened.anomaly_id, agent=happened.agent, kind=happened.kind, type=happened.type
    )
    match happened:
        case f.AnomalyRaised(severity=severity):
            return msgspec.structs.replace(
                was,
                version=happened.version,
                stands=True,
                severity=severity,
                value=happened.value,
                usual=happened.usual,
                raised_at=was.raised_at if was.stands else happened.at,
                resolved_at=None,
                reason=None,
            )
        case f.AnomalyResolved(reason=reason):
            return msgspec.structs.replace(
                was,
                version=happened.version,
                stands=False,
                value=happened.value,
                resolved_at=happened.at,
                reason=reason,
            )
        case _:
            return was
