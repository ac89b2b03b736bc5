"""Runs the supervisor without the rest of Arbiter: executed as a file, never imported.

Importing `arbiter` brings libraries that take longer to load than PostgreSQL takes to start, and
that would stay in the supervisor's memory; so empty packages stand in for the ones above this
folder.
"""

import sys
from pathlib import Path
from types import ModuleType

HERE = Path(__file__).resolve().parent

if __name__ == "__main__":
    for name, folder in (("arbiter", HERE.parents[1]), ("arbiter.infrastructure", HERE.parent)):
        package = ModuleType(name)
        package.__path__ = [str(folder)]
        sys.modules[name] = package

    from arbiter.infrastructure.embedded.supervisor import main

    main(sys.argv[1:])
