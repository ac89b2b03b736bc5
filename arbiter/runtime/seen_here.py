"""What this worker has seen of its agents since their breakers moved: known at once; the views follow."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from arbiter.domain.breaker import (
    DEFAULT_POLICY,
    Breaker,
    Policy,
    State,
    answer,
    ended,
    new_breaker,
    routed,
)
from arbiter.domain.facts import BreakerOpened


class SeenHere:
    """Counts this worker's own attempts as the views count everybody's."""

    def __init__(self, policy: Policy = DEFAULT_POLICY) -> None:
        """Nothing was seen yet."""
        self._policy = policy
        self._stands: Mapping[str, Breaker] = {}
        self._here: dict[str, Breaker] = {}
        self.news: Callable[[], object] = lambda: None
        """Called when something may follow from what was seen."""

        self.shut: Callable[[str], object] = lambda _: None
        """Called with the name of a breaker that is to open: no need to wait until everybody knows."""

    def adopt(self, stands: Mapping[str, Breaker]) -> Mapping[str, Breaker]:
        """Take in how the breakers stand; what was seen before one moved is forgotten. Returns the rest."""
        self._stands = stands
        self._here = {
            name: breaker
            for name, breaker in self._here.items()
            if breaker.version == self._standing(name).version
        }
        return dict(self._here)

    def began(self, breakers: Sequence[str], task_id: UUID) -> None:
        """A probe began under these breakers."""
        for name in breakers:
            self._here[name] = routed(self._of(name), task_id)

    def ended(
        self,
        breakers: Sequence[str],
        task_id: UUID,
        *,
        success: bool | None,
        reached: bool | None,
        at: datetime,
    ) -> None:
        """An attempt ended: the first breaker is its agent's own, others are of the way to it."""
        own, *through = breakers
        self._end(own, task_id, success, at)
        for name in through:
            self._end(name, task_id, reached, at)

    def _end(self, name: str, task_id: UUID, success: bool | None, at: datetime) -> None:
        before = self._of(name)
        after = ended(before, task_id, success=success, at=at)
        if after is before:
            return
        self._here[name] = after
        follows = None if success else answer(after, self._policy, at=at)
        if isinstance(follows, BreakerOpened):
            self.shut(name)
        if follows is not None or after.state is State.HALF_OPEN:
            self.news()

    def _of(self, name: str) -> Breaker:
        return self._here.get(name) or self._standing(name)

    def _standing(self, name: str) -> Breaker:
        return self._stands.get(name) or new_breaker(name)
