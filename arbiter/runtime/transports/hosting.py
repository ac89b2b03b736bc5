"""Makes the handler that reaches an agent, from how it is reached."""

from __future__ import annotations

from collections.abc import Mapping

from arbiter.domain.errors import InvalidInput
from arbiter.domain.facts import Transport
from arbiter.runtime.transports.command import CommandAgent
from arbiter.runtime.transports.remote import Outbound


def handler_of(
    transport: Transport,
    *,
    concurrency: int,
    environment: Mapping[str, str] | None = None,
) -> Outbound:
    """Return the handler; the transport has been checked. Raises InvalidInput."""
    match transport.type:
        case "subprocess":
            return CommandAgent(transport, concurrency=concurrency, environment=environment)
        case other:
            raise InvalidInput(
                "transport.type",
                f"{other!r} is reached by no handler that could be made",
                "declare a function with @arbiter.agent(…)",
            )
