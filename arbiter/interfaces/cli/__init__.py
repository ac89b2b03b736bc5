"""The command line: every verb of the library, readable and as JSON."""

from arbiter.interfaces.cli.app import main

__all__ = ["main"]
