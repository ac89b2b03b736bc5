"""Whether an agent may have new work, as somebody said; how busy it is shows elsewhere."""

from __future__ import annotations

from enum import StrEnum


class AgentStatus(StrEnum):
    """Where an agent stands."""

    AVAILABLE = "available"
    BUSY = "busy"
    """It has enough to do, and may have more."""

    OFFLINE = "offline"
    MAINTENANCE = "maintenance"
    DRAINING = "draining"
    """It finishes what it has."""

    RETIRED = "retired"

    @property
    def takes_work(self) -> bool:
        """An agent of this status may be given a new task."""
        return self in TAKES_WORK


TAKES_WORK = frozenset({AgentStatus.AVAILABLE, AgentStatus.BUSY})

GIVEN = frozenset(AgentStatus) - {AgentStatus.RETIRED}
"""What an agent can be given; *retired* is reached by retiring."""
