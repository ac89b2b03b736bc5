"""The projections to run, listed once."""

from __future__ import annotations

from typing import Any

from arbiter.projections.agent_performance import AgentPerformance
from arbiter.projections.agent_records import AgentRecords
from arbiter.projections.anomalies import Anomalies
from arbiter.projections.audit_trail import AuditTrail
from arbiter.projections.base import Projection
from arbiter.projections.breakers import Breakers
from arbiter.projections.failure_patterns import FailurePatterns
from arbiter.projections.queue_depth import QueueDepth
from arbiter.projections.stats import Stats
from arbiter.projections.task_board import TaskBoard

PROJECTIONS: tuple[Projection[Any], ...] = (
    QueueDepth(),
    TaskBoard(),
    Stats(),
    AuditTrail(),
    AgentRecords(),
    Breakers(),
    FailurePatterns(),
    AgentPerformance(),
    Anomalies(),
)
