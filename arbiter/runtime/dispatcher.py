"""The worker's hot path: claims tasks, routes and starts them, and writes how they ended, turn by turn.

Two lanes take turns over shared state, each with one statement in flight, so that Python works while
PostgreSQL commits. A turn leaves at once when no other is under way; the second one leaves when there is
a batch worth it or something has waited for 5 ms.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter, deque
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from uuid import UUID

from arbiter.application.orchestrator import Orchestrator
from arbiter.application.payloads import PAYLOAD_LIMIT
from arbiter.application.ports import (
    Assignment,
    Breakers,
    Claimed,
    Clock,
    Log,
    ReadyQueue,
    Scheduler,
    Turn,
    Turned,
    Wanted,
)
from arbiter.domain.errors import Unavailable
from arbiter.domain.facts.lifecycle import TaskFact
from arbiter.domain.routing import Router
from arbiter.domain.task import let_in, remember
from arbiter.runtime.attempts import LAST_WORDS_SECONDS, Attempts, Ended
from arbiter.runtime.doubts import Doubts
from arbiter.runtime.executor import Isolated
from arbiter.runtime.hosted import Roster
from arbiter.runtime.loop import Loop
from arbiter.runtime.permits import Permits
from arbiter.runtime.placing import NOTHING, Begun, Claims, Placed, Placing
from arbiter.runtime.seen_here import SeenHere
from arbiter.runtime.sharing import Sharing

log = logging.getLogger(__name__)

LANES = 2
WORTH_A_TURN = 50
MOST_IN_A_TURN = 500
FLUSH_SECONDS = 0.005
POLL_SECONDS = 30.0
QUICK_HANDLER_SECONDS = 0.02
"""Claiming ahead of free slots pays for handlers quicker than this; slower ones would sit on tasks."""

CLAIM_KEPT_SECONDS = 1.0
"""A claimed task that finds no slot for so long is offered to others again."""

FRESH = 2
"""The version of a task that was submitted and let in, and nothing else: its first fact tells it whole."""


class Dispatcher:
    """Keeps the slots of one worker incarnation busy."""

    def __init__(
        self,
        *,
        incarnation: UUID,
        orchestrator: Orchestrator,
        log: Log,
        ready: ReadyQueue,
        breakers: Breakers,
        clock: Clock,
        scheduler: Scheduler,
        router: Router,
        roster: Roster,
        sharing: Sharing,
        queues: tuple[str, ...],
        isolated: Isolated,
        seen: SeenHere,
        lost: Callable[[], object],
        poll_seconds: float = POLL_SECONDS,
        result_limit: int = PAYLOAD_LIMIT,
    ) -> None:
        """Nothing is claimed yet. `lost` is called when the incarnation turns out to be lost."""
        self.incarnation = incarnation
        self._orchestrator, self._log, self._ready = orchestrator, log, ready
        self._clock, self._scheduler, self._sharing = clock, scheduler, sharing
        self._roster, self._queues, self._lost = roster, queues, lost
        roster.freed = self.something_is_ready
        self._poll_seconds = poll_seconds
        self._permits, self._seen = Permits(breakers, incarnation), seen
        self._attempts = Attempts(
            incarnation=incarnation,
            orchestrator=orchestrator,
            log=log,
            ready=ready,
            clock=clock,
            scheduler=scheduler,
            roster=roster,
            isolated=isolated,
            result_limit=result_limit,
            changed=self._changed,
            seen=seen,
        )
        self._doubts = Doubts(
            incarnation,
            self._attempts,
            log,
            ready,
            clock,
            is_turning=lambda: self._turning > 0,
        )
        self._share = min(MOST_IN_A_TURN, -(-roster.slots // LANES))
        """What one turn begins or claims at most: one lane that took all would leave the other nothing."""

        self._placing = Placing(
            incarnation,
            orchestrator=orchestrator,
            router=router,
            roster=roster,
            neighbours=sharing.neighbours,
        )
        self._claimed = Claims()
        self._claiming = 0
        self._turning = 0
        self._news = 1
        self._news_seen = 0
        self._looked = clock.monotonic()
        self._draining = False
        self._settled = asyncio.Event()
        self._loops = [
            Loop("first lane", self.run_once, scheduler),
            *(
                Loop(f"lane {lane}", self._run_when_woken, scheduler)
                for lane in range(2, LANES + 1)
            ),
        ]
        self._looking = Loop("what others gave us", self._look, scheduler)

    @property
    def running(self) -> int:
        """How many handlers run."""
        return len(self._attempts.running)

    @property
    def is_busy(self) -> bool:
        """Something runs, has been claimed, or is about to be written."""
        resting = self._sharing.resting
        return bool(self._attempts.is_busy or self._claimed or resting or self._turning)

    @property
    def is_in_doubt(self) -> bool:
        """A turn was lost lately, and may have done something we do not know."""
        return self._doubts.are_any

    # -- what others tell it

    def start(self) -> None:
        """Begin to claim."""
        for loop in (*self._loops, self._looking):
            loop.start()

    def something_is_ready(self) -> None:
        """A task may be claimable that was not before."""
        self._news += 1
        self._wake()

    def something_was_given(self) -> None:
        """Another worker may have given us tasks."""
        self._looking.wake()

    async def _look(self) -> float | None:
        """Take in what others gave us, give back what found no slot; say when to look again."""
        if await self._sharing.look():
            self._wake()
        pause = await self._sharing.give_back()
        return self._poll_seconds if pause is None else min(pause, self._poll_seconds)

    async def recheck(self) -> None:
        """Compare what runs here with what the log says runs here."""
        await self._doubts.recheck()

    def _changed(self) -> None:
        if self._draining:
            self._settled.set()
        self._wake()

    def _wake(self) -> None:
        for lane in self._loops:
            lane.wake()

    # -- when to take a turn

    async def run_once(self) -> float | None:
        """Take one turn, if there is anything to do; say when to look again."""
        pause = self._pause()
        if pause > 0:
            return min(pause, await self._give_back())
        self._turning += 1
        try:
            await self._turn()
        finally:
            self._turning -= 1
            self._changed()
        return 0.0

    async def _run_when_woken(self) -> float | None:
        """Take one turn; looking without having been told is the first lane's business."""
        pause = await self.run_once()
        return None if pause is not None and pause >= self._poll_seconds else pause

    def _pause(self) -> float:
        """Seconds until a turn is worth it; 0 for now."""
        now = self._clock.monotonic()
        if now - self._looked >= self._poll_seconds:
            self._looked = now
            self._news += 1  # a ring may have been missed
        ended, startable = self._attempts.ended, self._startable()
        appetite = self._appetite() if self._news != self._news_seen else 0
        if not self._turning:
            if ended or startable or appetite > 0:
                return 0.0
            return self._poll_seconds
        if max(len(ended), startable, appetite) >= WORTH_A_TURN:
            return 0.0
        if ended:
            return max(0.0, ended[0].since + FLUSH_SECONDS - now)
        return self._poll_seconds

    def _startable(self) -> int:
        """How many tasks of ours may find a slot; none is begun any more while draining."""
        if self._draining:
            return 0
        startable = self._placing.placeable(self._claimed)
        return startable + self._sharing.startable(self._placing.has_slot)

    def _appetite(self) -> int:
        """How many tasks to claim now."""
        if self._draining:
            return 0
        have = len(self._claimed) + self._claiming
        if self._claims_ahead():
            return self._roster.ahead - have
        return self._roster.takers - have

    def _claims_ahead(self) -> bool:
        if self._attempts.typical_seconds >= QUICK_HANDLER_SECONDS:
            return False
        oldest = self._attempts.oldest
        return oldest is None or self._clock.monotonic() - oldest.begun < 2 * QUICK_HANDLER_SECONDS

    async def _give_back(self) -> float:
        """Offer again what was claimed and found no slot; say when to look again."""
        if not self._claimed:
            return self._poll_seconds
        now = self._clock.monotonic()
        kept = [pair for pair in self._claimed if now - pair[1] >= CLAIM_KEPT_SECONDS]
        if kept:
            gone = {task.id for task, _ in kept}
            self._claimed = deque(pair for pair in self._claimed if pair[0].id not in gone)
            try:
                await self._ready.unclaim(self.incarnation, list(gone))
            except BaseException:
                self._claimed.extend(kept)
                raise
        oldest = min((since for _, since in self._claimed), default=now)
        return oldest + CLAIM_KEPT_SECONDS - now

    # -- the turn

    async def _turn(self) -> None:
        seen = self._news
        placed = self._begin(self._clock.now())
        if placed.given:
            self._attempts.reporter.insist(partial(self._share_out, placed.given))
        begun: Sequence[Begun] = placed.begun
        if placed.probing:
            begun = await self._permitted(placed)
        ended = self._ended()
        total = max(0, min(self._appetite(), self._share))
        wanted = (
            self._roster.wanted(self._queues, total, ahead=self._claims_ahead()) if total else []
        )
        if not (ended or begun or wanted):
            return
        turned = await self._take(ended, begun, wanted, total)
        if not turned.alive:
            self._give_up(begun)
            self._lost()
            return
        if wanted and _all_taken(wanted, turned.claimed, total):
            self._news_seen = max(self._news_seen, seen)
        if turned.refused:  # cancelled, suspended or reaped meanwhile
            self._attempts.ended_too_late(
                each for each in ended if each.fact.task_id in turned.refused
            )
            self._give_up([each for each in begun if each.task.id in turned.refused])
            begun = [each for each in begun if each.task.id not in turned.refused]
        for each in begun:
            self._attempts.begin(each.execution)
        try:
            await self._take_in(turned.claimed)
        except BaseException:
            unread = [each.task_id for each in turned.claimed]
            self._attempts.reporter.insist(partial(self._ready.unclaim, self.incarnation, unread))
            raise

    async def _permitted(self, placed: Placed) -> list[Begun]:
        """Keep what may begin: who is tried out needs a permit; what gets none waits again."""
        asking = placed.probing
        refused = set(asking) - await self._permits.take(
            each for each in placed.begun if each.task.id in asking
        )
        if refused:
            self._give_up([each for each in placed.begun if each.task.id in refused])
            self._claimed.extendleft(reversed([asking[task_id] for task_id in refused]))
        for each in placed.begun:
            if each.task.id in asking and each.task.id not in refused:
                self._seen.began(each.execution.agent.breakers, each.task.id)
        return [each for each in placed.begun if each.task.id not in refused]

    async def _take(
        self,
        ended: Sequence[Ended],
        begun: Sequence[Begun],
        wanted: Sequence[Wanted],
        total: int,
    ) -> Turned:
        """Take the turn; one that nobody answers for leaves nothing in doubt."""
        if wanted:
            self._looked = self._clock.monotonic()
        self._claiming += total
        try:
            return await self._ready.turn(
                Turn(
                    incarnation=self.incarnation,
                    finished=[each.fact for each in ended],
                    begun=[each.beginning for each in begun],
                    wanted=wanted,
                    total=total if wanted else 0,
                )
            )
        except BaseException:
            self._attempts.ended.extendleft(reversed(ended))
            self._give_up(begun)
            self._attempts.reporter.insist(partial(self._recover, [each.task.id for each in begun]))
            raise
        finally:
            self._sharing.begun(each.task.id for each in begun)
            self._claiming -= total

    async def _recover(self, begun: Sequence[UUID]) -> None:
        await self._doubts.recover(begun, self._claimed.clear)
        self.something_is_ready()
        self.something_was_given()

    def _ended(self) -> list[Ended]:
        ended = self._attempts.ended
        taken = [ended.popleft() for _ in range(min(len(ended), MOST_IN_A_TURN))]
        # Where a lost turn made us run an attempt again, two results of it may have come: the first counts.
        first: dict[UUID, Ended] = {}
        for each in taken:
            first.setdefault(each.fact.task_id, each)
        return list(first.values())

    def _begin(self, now: datetime) -> Placed:
        """Start what rests with us, then route claimed tasks, while there are free slots."""
        if self._draining:
            return NOTHING
        since = self._clock.monotonic()
        resting = self._sharing.take(self._placing.has_slot, self._share)
        begun = self._placing.start(resting, at=now, since=since)
        placed = self._placing.place(self._claimed, self._share - len(begun), at=now, since=since)
        return placed._replace(begun=[*begun, *placed.begun]) if begun else placed

    async def _share_out(self, given: Sequence[Assignment]) -> None:
        """Let others have what was routed to their agents; what stays with us is offered again."""
        try:
            stays = await self._sharing.give(given)
        except Unavailable:
            raise  # it is tried again
        except Exception:
            await self._ready.unclaim(self.incarnation, [each.task.id for each in given])
            raise
        if stays:
            await self._ready.unclaim(self.incarnation, stays)

    def _give_up(self, begun: Sequence[Begun]) -> None:
        """Free the slots of what was not to begin."""
        for each in begun:
            self._roster.let_go(each.execution.agent)

    async def _take_in(self, claimed: Sequence[Claimed]) -> None:
        """Remember the claimed tasks whole: a fresh one from its submission, others from their stream."""
        older = [each.task_id for each in claimed if each.version != FRESH]
        streams = await self._log.streams(older) if older else {}
        now = self._clock.monotonic()
        for each in claimed:
            if each.version == FRESH:
                task = let_in(each.first)
            else:
                facts = [
                    fact for fact in streams.get(each.task_id, ()) if isinstance(fact, TaskFact)
                ]
                known = remember(facts)
                if known is None or known.version != each.version:
                    continue  # it moved on: its row is no longer ours
                task = known
            self._claimed.append((task, now))

    # -- the end

    async def give_back_given(self) -> int:
        """Give back what others have given us and what has not begun; say how many."""
        await self._sharing.look()
        return await self._sharing.give_back_all()

    async def drain(self, seconds: float, hurry: asyncio.Event) -> int:
        """Stop claiming, let handlers finish, give back the rest; say how many were given back."""
        self._draining = True
        claimed = [task.id for task, _ in self._claimed]
        self._claimed.clear()
        if claimed:
            await self._ready.unclaim(self.incarnation, claimed)
        await self._quiet(seconds, hurry)
        for loop in (*self._loops, self._looking):
            await loop.stop()
        while self._attempts.ended:
            await self._turn()
        released = self._attempts.release_all()
        try:
            released += await self.give_back_given()
        except Unavailable as away:
            log.warning("what others gave us cannot be given back, they will rescue it: %s", away)
        await self._quiet(0.0 if hurry.is_set() else 1.0, hurry)
        await self._attempts.reporter.finish(LAST_WORDS_SECONDS)
        return released

    async def abandon(self) -> None:
        """The incarnation is lost: stop every handler, report nothing."""
        self._draining = True
        self._claimed.clear()
        self._attempts.abandon()
        for loop in (*self._loops, self._looking):
            self._attempts.reporter.insist(loop.stop)

    async def _quiet(self, seconds: float, hurry: asyncio.Event) -> None:
        """Wait until nothing runs and nothing is unsaid, at most so long, not at all in a hurry."""
        over = asyncio.Event()

        def end() -> None:
            over.set()
            self._settled.set()

        alarm = self._scheduler.call_later(seconds, end)
        hurried = asyncio.ensure_future(_then(hurry, end))
        try:
            while self._has_unsaid() and not over.is_set():
                self._settled.clear()
                self._wake()
                await self._settled.wait()
        finally:
            alarm.cancel()
            hurried.cancel()

    def _has_unsaid(self) -> bool:
        return bool(self._attempts.is_busy or self._attempts.reporter.is_busy or self._turning)


async def _then(event: asyncio.Event, call: Callable[[], object]) -> None:
    await event.wait()
    call()


def _all_taken(wanted: Sequence[Wanted], claimed: Sequence[Claimed], total: int) -> bool:
    """Tell whether a claim came back with less than it asked for, of every kind: nothing is left."""
    if len(claimed) >= total:
        return False
    asked: Counter[str] = Counter()
    for each in wanted:
        asked[each.kind] += each.how_many
    got = Counter(each.first.kind for each in claimed)
    return all(got[kind] < how_many for kind, how_many in asked.items())
