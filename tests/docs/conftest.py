from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def reader(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment of a reader who has just installed Arbiter: an empty home.

    The only setting keeps the embedded server in that home; as root it would be in /var/lib.
    """
    home = tmp_path_factory.mktemp("reader")
    mine = {name: value for name, value in os.environ.items() if not name.startswith("ARBITER_")}
    return mine | {
        "HOME": str(home),
        "XDG_DATA_HOME": str(home / "data"),
        "XDG_STATE_HOME": str(home / "state"),
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
        "ARBITER_EMBEDDED_DIR": str(home / "arbiter"),
        "NO_COLOR": "1",
    }
