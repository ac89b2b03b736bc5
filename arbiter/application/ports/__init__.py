"""What Arbiter needs from the outside: each port is one need, kept by every adapter's contract suite."""

from arbiter.application.ports.assignments import (
    ASSIGNED_WORD,
    Assignment,
    Assignments,
    Elsewhere,
)
from arbiter.application.ports.bell import STOP_WORD, Bell, Word, words_of
from arbiter.application.ports.breakers import Breakers, Probe
from arbiter.application.ports.decisions import Entry, Recorded, entry, entry_of
from arbiter.application.ports.dispatch import (
    Beginning,
    Claimed,
    ReadyQueue,
    Swept,
    Turn,
    Turned,
    Unroutable,
    Wanted,
)
from arbiter.application.ports.hosting import (
    AGENT_LIMIT,
    Around,
    Beat,
    BeatStep,
    Directory,
    Leases,
    LiveWorker,
    Presence,
)
from arbiter.application.ports.knowledge import Standing, Standings, Statuses
from arbiter.application.ports.log import Log
from arbiter.application.ports.queues import Queues, QueueState
from arbiter.application.ports.records import Learnt, Records
from arbiter.application.ports.remote import RemoteAttempt, RemoteAttempts
from arbiter.application.ports.time import Clock, Handle, Scheduler

__all__ = [
    "AGENT_LIMIT",
    "ASSIGNED_WORD",
    "STOP_WORD",
    "Around",
    "Assignment",
    "Assignments",
    "Beat",
    "BeatStep",
    "Beginning",
    "Bell",
    "Breakers",
    "Claimed",
    "Clock",
    "Directory",
    "Elsewhere",
    "Entry",
    "Handle",
    "Learnt",
    "Leases",
    "LiveWorker",
    "Log",
    "Presence",
    "Probe",
    "QueueState",
    "Queues",
    "ReadyQueue",
    "Recorded",
    "Records",
    "RemoteAttempt",
    "RemoteAttempts",
    "Scheduler",
    "Standing",
    "Standings",
    "Statuses",
    "Swept",
    "Turn",
    "Turned",
    "Unroutable",
    "Wanted",
    "Word",
    "entry",
    "entry_of",
    "words_of",
]
