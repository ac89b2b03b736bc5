from __future__ import annotations

import pytest

from arbiter.interfaces.bench.ground import Ground


@pytest.fixture
def ground(database) -> Ground:
    """A database of one's own, on which every part lays out a schema of its own."""
    return Ground(database.dsn)
