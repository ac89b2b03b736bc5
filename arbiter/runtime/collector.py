"""The garbage collector in a process that does nothing but work off tasks."""

from __future__ import annotations

import gc

YOUNG, MIDDLE, OLD = 20_000, 20, 50


def settle() -> None:
    """Leave what was imported alone, and look for cycles less often; for worker processes only.

    Facts and tasks cannot form cycles and are not tracked; the rest of a turn is gone when it ends.
    A drain of no-op tasks spends about a tenth of its Python time less (docs/benchmarks.md).
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG, MIDDLE, OLD)
