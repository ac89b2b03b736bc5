"""`python -m arbiter` is the command `arbiter`."""

from __future__ import annotations

from arbiter.interfaces.cli import main

if __name__ == "__main__":  # a handler's own process imports this module, too
    main()
