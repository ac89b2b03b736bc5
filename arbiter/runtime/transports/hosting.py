"""Makes the handler that reaches an agent, from how it is reached."""

from __future__ import annotations

import os
from collections.abc import Mapping

from arbiter.domain.errors import InvalidInput
from arbiter.domain.facts import Transport
from arbiter.runtime.transports.command import CommandAgent
from arbiter.runtime.transports.http import HttpAgent
from arbiter.runtime.transports.remote import Outbound


def handler_of(
    transport: Transport,
    *,
    concurrency: int,
    environment: Mapping[str, str] | None = None,
    secret: str | None = None,
) -> Outbound:
    """Return the handler; the transport has been checked. Raises InvalidInput.

    A secret that is not given is looked for where the transport says.
    """
    match transport.type:
        case "subprocess":
            return CommandAgent(transport, concurrency=concurrency, environment=environment)
        case "http":
            known = secret if secret is not None else secret_of(transport)
            return HttpAgent(transport, concurrency=concurrency, secret=known)
        case other:
            raise InvalidInput(
                "transport.type",
                f"{other!r} is reached by no handler that could be made",
                "declare a function with @arbiter.agent(…)",
            )


def secret_of(transport: Transport) -> str | None:
    """Return the secret shared with an agent, where there is one. Raises InvalidInput if it is missing."""
    if transport.secret_env is None:
        return None
    secret = os.environ.get(transport.secret_env)
    if not secret:
        raise InvalidInput(
            "secret_env",
            f"the environment has no variable {transport.secret_env}",
            "set it to the secret that the agent knows, too",
        )
    return secret
