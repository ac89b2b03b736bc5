"""What is not as usual, and what was not: one row for each agent, kind and type."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

import msgspec

from arbiter.domain import facts as f
from arbiter.domain.anomalies import Anomaly, evolve
from arbiter.projections.base import Batch, Projection, View


class AnomaliesChange(msgspec.Struct, frozen=True):
    """The facts about each anomaly, in their order."""

    facts: Mapping[UUID, Sequence[f.AnomalyFact]]

    def after(self, stood: Mapping[UUID, Anomaly]) -> Mapping[UUID, Anomaly]:
        """Return how the anomalies of the change stand then; only these."""
        told: dict[UUID, Anomaly] = {}
        for anomaly_id, facts in self.facts.items():
            anomaly = stood.get(anomaly_id)
            for fact in facts:
                anomaly = evolve(anomaly, fact)
            assert anomaly is not None, "an anomaly of a change has a fact"
            told[anomaly_id] = anomaly
        return told


class AnomaliesView(View[AnomaliesChange]):
    """How each anomaly stands."""


class Anomalies(Projection[AnomaliesChange]):
    """Keeps how each anomaly stands."""

    name = "anomalies_v1"

    def fold(self, batch: Batch) -> AnomaliesChange:
        """Gather the facts about anomalies."""
        told: dict[UUID, list[f.AnomalyFact]] = {}
        for recorded in batch.recorded:
            fact = recorded.fact
            if isinstance(fact, f.AnomalyFact):
                told.setdefault(fact.anomaly_id, []).append(fact)
        return AnomaliesChange(told)
