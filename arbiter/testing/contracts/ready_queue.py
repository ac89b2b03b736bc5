"""What every ready queue promises, all of it."""

from __future__ import annotations

from arbiter.testing.contracts.able import AbleContract
from arbiter.testing.contracts.claiming import ClaimingContract
from arbiter.testing.contracts.room import RoomContract
from arbiter.testing.contracts.stopping import StoppingContract
from arbiter.testing.contracts.turning import TurningContract
from arbiter.testing.contracts.waiting import WaitingContract


class ReadyQueueContract(
    ClaimingContract,
    RoomContract,
    TurningContract,
    WaitingContract,
    StoppingContract,
    AbleContract,
):
    """The live tasks, as dispatch sees them."""
