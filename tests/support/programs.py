"""Small programs that agents are: what each does is its first argument."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any


def program(name: str, *arguments: object) -> list[str]:
    """The command that runs one of these programs."""
    return [sys.executable, __file__, name, *map(str, arguments)]


def _say(**answer: Any) -> None:
    sys.stdout.write(json.dumps(answer))


def _told() -> dict[str, Any]:
    told: dict[str, Any] = json.load(sys.stdin)
    return told


def _tell_pid(place: str) -> None:
    told = Path(place)
    told.with_suffix(".new").write_text(str(os.getpid()))
    told.with_suffix(".new").rename(told)


def echo() -> None:
    """Answer with everything it was told."""
    _say(result=_told())


def environment() -> None:
    """Answer with its environment and its directory."""
    _say(result={"environment": dict(os.environ), "directory": str(Path.cwd())})


def used() -> None:
    """Tell what it has used."""
    _say(result="done", usage={"files": 3, "tokens": 100, "cost": 0.25})


def fail(kind: str, retry: str = "yes") -> None:
    """Tell an error."""
    _say(error={"type": kind, "message": "no such file", "retry": retry == "yes"})


def leave(code: str) -> None:
    """End with an exit code, and say why on standard error."""
    sys.stderr.write("x" * 100_000 + "\nthe disk is full\n")
    sys.exit(int(code))


def die() -> None:
    """End by a signal."""
    os.kill(os.getpid(), signal.SIGKILL)


def say(text: str) -> None:
    """Write something to standard output."""
    sys.stdout.write(text)


def much(size: str) -> None:
    """Answer with so much text."""
    _say(result="x" * int(size))


def flood() -> None:
    """Write without end."""
    while True:
        sys.stdout.write("x" * 65536)


def deaf() -> None:
    """Answer without reading what it was given."""
    sys.stdin.close()
    _say(result="I did not listen")


def once(place: str) -> None:
    """Fail the first time, and answer the second."""
    told = _told()
    if told["attempt"] == 1:
        sys.exit(1)
    _say(result={"attempt": told["attempt"], "place": place})


def stay(place: str) -> None:
    """Start a program, tell who both are, and stay until made to end; SIGTERM does not impress it."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    Path(f"{place}.child").write_text(str(child.pid))
    _tell_pid(place)
    time.sleep(60)


def stay_once(place: str) -> None:
    """Tell who it is and stay the first time, and answer the second; end with the worker's pipe."""
    told = _told()
    if told["attempt"] > 1:
        _say(result=told["attempt"])
        return
    _tell_pid(place)
    for _ in range(600):
        time.sleep(0.1)
        sys.stderr.write(".")
        sys.stderr.flush()


def leave_a_child(place: str) -> None:
    """Answer and end, and leave behind a program that holds the streams open."""
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    Path(place).write_text(str(child.pid))
    _say(result="left one behind")


def mind(place: str) -> None:
    """Stay until told to end, then write down that it was told."""

    def end(*_: object) -> None:
        Path(f"{place}.minded").write_text("goodbye")
        sys.exit(0)

    signal.signal(signal.SIGTERM, end)
    _tell_pid(place)
    time.sleep(60)


if __name__ == "__main__":
    globals()[sys.argv[1]](*sys.argv[2:])
