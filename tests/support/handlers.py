"""Handlers that run in a process of their own: importable by name, speaking through files."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path


def tell_pid(task):
    """Write down who we are; the file named by the payload appears whole."""
    told = Path(task.payload)
    told.with_suffix(".new").write_text(str(os.getpid()))
    told.with_suffix(".new").rename(told)


def stay(task):
    """Listen to nobody for a minute."""
    tell_pid(task)
    time.sleep(60)


def stay_with_a_child(task):
    """Start a program, and wait for it."""
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    Path(f"{task.payload}.child").write_text(str(child.pid))
    tell_pid(task)
    child.wait()


def stay_once(task):
    """Stay in the first attempt, end in the second."""
    if task.attempt == 1:
        task.checkpoint({"half": True})
        stay(task)
    return {"attempt": task.attempt, "before": task.last_checkpoint}


def stay_until_third(task):
    """Stay, as long as nobody says stop, in the first two attempts."""
    while task.attempt < 3 and not task.stopping:
        time.sleep(0.01)
    return os.getpid()


def echo(task):
    return {"payload": task.payload, "pid": os.getpid(), "attempt": task.attempt}


async def aecho(task):
    await task.checkpoint({"seen": task.payload})
    await task.report_usage(tokens=7)
    return os.getpid()


def note(task):
    task.checkpoint({"page": task.attempt})
    task.report_usage(files=1, lines=20, cost=0.5)
    task.heartbeat()
    raise ValueError(f"page {task.attempt}")


def note_too_much(task):
    task.checkpoint("x" * 300_000)


def die(task):
    os.kill(os.getpid(), signal.SIGKILL)


def leave(task):
    sys.exit(3)


def return_nothing_json(task):
    return {1, 2}


def return_what_cannot_cross(task):
    return lambda: None


def beat_then_stay(task):
    for _ in range(5):
        task.heartbeat()
        time.sleep(0.05)
    stay(task)


def reports_quality(task):
    task.report_quality(0.75)
    task.report_usage(cost=2.5)
