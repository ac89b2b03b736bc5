"""Batches from lives, for tests of pure folds."""

from arbiter.application.ports import Recorded
from arbiter.projections.base import Batch


def recorded(*lives, first=1):
    """Put whole lives behind each other into a log."""
    facts = [fact for life in lives for fact in life.facts]
    return [Recorded(fact, position) for position, fact in enumerate(facts, first)]


def batch_of(*lives):
    return Batch(recorded(*lives), {})


def batches_of(log, size):
    """Cut a log into batches, each knowing what those before it left behind."""
    known = {}
    for begin in range(0, len(log), size):
        batch = Batch(log[begin : begin + size], known)
        yield batch
        known = {**known, **batch.lines}
