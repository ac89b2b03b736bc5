"""What all suites share: the store under test, and a way to tell what happened before."""

from __future__ import annotations

import pytest

from arbiter.testing.contracts.given import Given
from arbiter.testing.contracts.store import Store


class Contract:
    """A suite: an adapter's tests subclass it and give the store."""

    @pytest.fixture
    def store(self) -> Store:
        """Give a new, empty store."""
        raise NotImplementedError

    @pytest.fixture
    def given(self, store: Store) -> Given:
        """Tell what has happened before."""
        return Given(store)
