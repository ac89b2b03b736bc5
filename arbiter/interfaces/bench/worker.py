"""A worker in a process of its own, as a user would run one; it says on a pipe how far it is.

One line of JSON tells it where and how; then it obeys `start` and `memory`, one word a line, until the
pipe is closed.
"""

from __future__ import annotations

import logging
import os
import sys
import time
from typing import Any, TextIO

import msgspec

from arbiter import AsyncRunningTask, connect
from arbiter.interfaces.bench.resident import resident_bytes
from arbiter.interfaces.bench.workload import AGENT, KIND
from arbiter.runtime.collector import settle


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """Where to work, and after how many tasks to say so."""

    dsn: str
    schema: str
    concurrency: int
    tell_after: int = 0
    agents: int = 1
    """Agents of the one kind, who share the slots."""

    routing: str | None = None
    """The strategy, if not the usual one."""


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """One line of what a worker says."""

    word: str
    """open | started | executed | memory"""

    resident: int = 0
    """Bytes of memory it occupies."""

    cpu: float = 0.0
    """Seconds of CPU it has used."""


def work(order: Order, words: TextIO) -> None:
    """Host the agent that does nothing."""
    executed = 0
    strategy: dict[str, Any] = {} if order.routing is None else {"routing": order.routing}
    arbiter = connect(order.dsn, schema=order.schema, concurrency=order.concurrency, **strategy)

    async def nothing(_: AsyncRunningTask) -> None:
        nonlocal executed
        executed += 1
        if executed == order.tell_after:
            say("executed")

    slots = -(-order.concurrency // order.agents)
    for name in names(order.agents):
        arbiter.agent(name, kinds={KIND}, concurrency=slots)(nothing)
    arbiter.views.lag()  # opens its connections
    settle()  # as `arbiter worker` does
    say("open")
    for word in words:
        match word.strip():
            case "start":
                arbiter.start()
                say("started")
            case "memory":
                say("memory")
    arbiter.stop(drain=0)


def names(agents: int) -> list[str]:
    """Name the agents: the only one as ever, several by number."""
    return [AGENT] if agents == 1 else [f"{AGENT}-{number}" for number in range(agents)]


def say(word: str) -> None:
    """Say how far we are, and what that has taken."""
    said = msgspec.json.encode(Said(word=word, resident=resident_bytes(), cpu=time.process_time()))
    os.write(sys.stdout.fileno(), said + b"\n")


def main() -> None:
    """Take the order, then words, from standard input."""
    logging.basicConfig(level=logging.WARNING)
    work(msgspec.json.decode(sys.stdin.readline(), type=Order), sys.stdin)


if __name__ == "__main__":
    main()
