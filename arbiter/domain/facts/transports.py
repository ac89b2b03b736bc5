"""How an agent is reached, as its facts keep it: never a secret, only where one is found."""

from __future__ import annotations

from typing import Literal

from arbiter.domain.facts.parts import Part

TransportType = Literal["in_process", "subprocess", "http"]

CALLBACK_SECONDS = 3600.0
"""How long a remote agent has for its callback, where no time limit of the task says less."""


class Transport(Part, frozen=True, kw_only=True):
    """How a worker hands a task to an agent that is not a function of its own process."""

    type: TransportType
    command: tuple[str, ...] = ()
    """The program and its arguments, as they are: no shell reads them."""

    directory: str | None = None
    """Where the program runs; the worker's own directory by default."""

    url: str | None = None
    health_url: str | None = None
    """Answers 2xx while the agent is able to work."""

    secret_env: str | None = None
    """The environment variable that holds the secret both sides sign with."""

    timeout_seconds: float | None = None
    """How long one request may wait for its answer; the attempt's own deadline bounds it, too."""

    callback_seconds: float = CALLBACK_SECONDS
    idempotent: bool = False
    """The agent does the work of one Idempotency-Key once: a request may be sent again."""
