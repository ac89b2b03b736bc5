"""The keepers a worker runs beside its dispatching: what they are, from the settings."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from arbiter.application.ports import Clock, Scheduler
from arbiter.runtime.alert_keeper import AlertKeeper
from arbiter.runtime.anomaly_keeper import AnomalyKeeper
from arbiter.runtime.breaker_keeper import BreakerKeeper
from arbiter.runtime.keeper import POLL_SECONDS, POLL_WITHOUT_BELL_SECONDS, Keeper
from arbiter.runtime.seen_here import SeenHere
from arbiter.runtime.store import Store
from arbiter.runtime.worker import Background
from arbiter.settings import Settings


def keepers(
    settings: Settings, clock: Clock, scheduler: Scheduler
) -> Callable[[Store, SeenHere], Sequence[Background]]:
    """Tell how to build the keepers over an open store."""

    def build(store: Store, seen: SeenHere) -> Sequence[Background]:
        views = store.views
        breakers = BreakerKeeper(
            store.breakers, views.breakers, seen, clock, settings.breaker_policy
        )
        alerts = AlertKeeper(store.log, views.failures, clock, settings.alert_policy)
        poll = POLL_SECONDS if store.hears else POLL_WITHOUT_BELL_SECONDS
        keeper = partial(Keeper, bell=store.bell, scheduler=scheduler, poll_seconds=poll)
        moving = keeper("breaker keeper", breakers.run_once, {"counts", "agents"})
        seen.news = moving.soon
        return [
            moving,
            keeper("alert keeper", alerts.run_once, {"counts"}),
            AnomalyKeeper(views, store.log, clock=clock, scheduler=scheduler),
        ]

    return build
