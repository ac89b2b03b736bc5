"""An orchestrator over a test's store, and submissions as callers make them."""

from __future__ import annotations

from typing import Any

from arbiter.application.door import submission
from arbiter.application.kinds import KnownKinds
from arbiter.application.orchestrator import Orchestrator
from arbiter.bootstrap.core import new_id
from arbiter.domain.commands import Submit
from arbiter.testing.contracts.given import KIND


def orchestrator(store: Any) -> Orchestrator:
    return Orchestrator(
        log=store.log,
        ready=store.ready,
        clock=store.clock,
        kinds=KnownKinds(store.directory),
        new_id=new_id,
        chance=lambda: 0.5,
    )


def a_submission(kind: str = KIND, payload: Any = None, **options: Any) -> Submit:
    return submission(kind, payload, **options)
