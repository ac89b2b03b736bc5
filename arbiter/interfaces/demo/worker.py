"""A worker of the demo: hosts the reviewers until the demo lets it go."""

from __future__ import annotations

import logging
import os
import sys
from typing import TextIO

from arbiter import Limits, RetryPolicy, Settings, connect
from arbiter.application.routing import Routing
from arbiter.interfaces.demo.contest import PRICE
from arbiter.interfaces.demo.reviewers import REVIEWERS, warm_up
from arbiter.interfaces.demo.tools import require_tools
from arbiter.runtime.collector import settle

QUEUE = "demo"
CONCURRENCY = 4
"""Of the worker and of each agent: all who are able have free slots, so that the router has a choice."""

ROUTING = Routing(reward="utility", price=PRICE)
"""Whatever is usual here: the demo tells how its own routing learns."""

READY = "ready"


def serve(settings: Settings, until: TextIO) -> None:
    """Work until the other end of `until` is closed, however that comes about."""
    require_tools()
    arbiter = connect(settings=settings.model_copy(update={"routing": ROUTING}))
    for name, reviewer in REVIEWERS.items():
        arbiter.agent(
            name,
            kinds={reviewer.kind},
            languages=("python",),
            concurrency=CONCURRENCY,
            retry=RetryPolicy(max_attempts=4),
            limits=Limits(start_to_close=60),
        )(reviewer.review)
    warm_up()
    arbiter.start()
    settle()
    print(READY, flush=True)
    until.read()
    arbiter.stop(drain=5)


def main() -> None:
    """Take the settings from the environment, the word to stop from standard input."""
    logging.basicConfig(level=logging.ERROR)
    logging.getLogger("stevedore").setLevel(
        logging.CRITICAL
    )  # plug-ins of bandit that nobody needs
    serve(Settings.from_env(os.environ), sys.stdin)
    sys.stdout.flush()
    os._exit(0)  # a reviewer that is stuck in a thread keeps nobody


if __name__ == "__main__":
    main()
