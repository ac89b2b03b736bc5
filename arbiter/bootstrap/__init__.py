"""The composition root: settings in, an Arbiter out."""

from __future__ import annotations

from typing import Any

from arbiter.bootstrap.core import Core, merged
from arbiter.bootstrap.door import Arbiter
from arbiter.settings import Settings


def connect(dsn: str | None = None, *, settings: Settings | None = None, **values: Any) -> Arbiter:
    """Return an Arbiter on the PostgreSQL of `dsn`, or on an embedded one that starts at first use.

    Single settings may be given by name: `connect(concurrency=4)`. The environment is read only where you
    say so: `connect(settings=Settings.from_env(os.environ))`. Nothing is started before first use, and
    mistakes of the database show there. Raises InvalidInput.
    """
    return Arbiter(Core(merged(settings, dsn, values)))


__all__ = ["Arbiter", "Core", "connect", "merged"]
