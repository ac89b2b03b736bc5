"""What agents outside have to do is counted when it may have changed, and not with every append."""

from __future__ import annotations

from uuid import UUID

from arbiter.domain.facts import Transport
from arbiter.runtime.hosted import HostedAgent, Roster, profile
from arbiter.runtime.transports.occupancy import NEWS_SECONDS, Occupancy
from arbiter.testing.builders import NOON
from arbiter.testing.scheduler import VirtualScheduler


class Attempts:
    """Two attempts are under way elsewhere."""

    def __init__(self):
        self.asked = 0

    async def elsewhere(self, agents, incarnation):
        self.asked += 1
        return dict.fromkeys(agents, 2)


async def test_appends_that_come_together_are_one_look():
    reached_by = Transport(type="http", url="http://here")
    agent = HostedAgent(
        profile("remote", "work", at=NOON, concurrency=3, reached_by=reached_by), print
    )
    attempts, scheduler = Attempts(), VirtualScheduler()
    counting = Occupancy(
        Roster({"remote": agent}, 3),
        attempts,
        scheduler,
        me=lambda: UUID(int=1),
        freed=lambda: None,
    )
    counting.start()
    await scheduler.advance(0.001)
    assert (attempts.asked, agent.slots) == (1, 1)
    for _ in range(20):
        counting.news()
        await scheduler.advance(NEWS_SECONDS / 20)
    await scheduler.advance(0.001)
    assert attempts.asked == 2
    await counting.stop()
