"""What another strategy would have earned, estimated from the log of decisions.

The values live here and are light; `arbiter.application.evaluation.evaluate` needs numpy, which the
extra `arbiter-orchestrator[evaluation]` brings, so import it where it is used.
"""

from __future__ import annotations

from arbiter.application.evaluation.logged import (
    LoggedCandidate,
    LoggedDecision,
    Policy,
)
from arbiter.application.evaluation.report import Estimate, Evaluation
from arbiter.application.evaluation.support import NoSupport

__all__ = [
    "Estimate",
    "Evaluation",
    "LoggedCandidate",
    "LoggedDecision",
    "NoSupport",
    "Policy",
]
