"""The question what another strategy would have earned, for both doors."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import datetime

from arbiter.application.evaluation.asked import question
from arbiter.application.evaluation.judging import Judgement, judged, read_choices
from arbiter.bootstrap.core import Core
from arbiter.bootstrap.verbs import Work
from arbiter.domain.record import Reward
from arbiter.runtime.service import Service


class EvaluationVerbs:
    """Judges strategies by the log."""

    def __init__(self, core: Core) -> None:
        """Start nothing."""
        self._core = core

    def evaluate(
        self,
        strategy: str,
        *,
        since: datetime,
        kind: str | None = None,
        reward: Reward = "success",
        price: float = 1.0,
        parameters: Mapping[str, object] | None = None,
    ) -> Work[Judgement]:
        """Estimate from the log what a strategy would have earned, decision by decision.

        `kind` may be a pattern; `price` is what one unit of cost takes from the reward `utility`. Where the
        log cannot tell, the verdict is a refusal that names the agent. Raises InvalidInput, ExtraMissing.
        """
        asked = question(
            strategy, since=since, kind=kind, reward=reward, price=price, parameters=parameters
        )

        async def evaluate(service: Service) -> Judgement:
            found = await read_choices(service.store.log, asked)
            return await asyncio.to_thread(judged, found, asked)

        return evaluate
