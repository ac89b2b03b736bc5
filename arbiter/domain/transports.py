"""What a transport must be, so that a worker can reach the agent with it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from arbiter.domain.errors import InvalidInput
from arbiter.domain.facts.transports import CALLBACK_SECONDS, Transport

TYPES = ("in_process", "subprocess", "http")
LONGEST_SECONDS = 365 * 86400.0
LONGEST_URL = 2000


def subprocess(
    command: Sequence[str],
    *,
    directory: str | None = None,
    timeout_seconds: float | None = None,
) -> Transport:
    """Reach an agent by running a program for each attempt. Raises InvalidInput."""
    return checked(
        Transport(
            type="subprocess",
            command=_command(command),
            directory=directory,
            timeout_seconds=timeout_seconds,
        )
    )


def http(
    url: str,
    *,
    health_url: str | None = None,
    secret_env: str | None = None,
    timeout_seconds: float | None = None,
    callback_seconds: float = CALLBACK_SECONDS,
    idempotent: bool = False,
) -> Transport:
    """Reach an agent by a POST for each attempt. Raises InvalidInput."""
    return checked(
        Transport(
            type="http",
            url=url,
            health_url=health_url,
            secret_env=secret_env,
            timeout_seconds=timeout_seconds,
            callback_seconds=callback_seconds,
            idempotent=idempotent,
        )
    )


def checked(transport: Transport) -> Transport:
    """Return a transport that can be used. Raises InvalidInput."""
    match transport.type:
        case "in_process":
            _unused(transport, "command", "directory", "url", "health_url", "secret_env")
        case "subprocess":
            _command(transport.command)
            _unused(transport, "url", "health_url", "secret_env", "idempotent")
            _text("directory", transport.directory)
        case "http":
            _url("url", transport.url, is_needed=True)
            _url("health_url", transport.health_url)
            _text("secret_env", transport.secret_env)
            _unused(transport, "command", "directory")
        case other:
            raise InvalidInput(
                "transport.type", f"{other!r} is not supported", f"one of {', '.join(TYPES)}"
            )
    if transport.timeout_seconds is not None:
        _seconds("timeout_seconds", transport.timeout_seconds)
    _seconds("callback_seconds", transport.callback_seconds)
    return transport


def _command(command: Any) -> tuple[str, ...]:
    if isinstance(command, str):
        raise InvalidInput(
            "command",
            f"{command!r} is one string, and no shell takes it apart",
            'give the program and its arguments as a list, as in ["prog", "--json"]',
        )
    words = tuple(command) if isinstance(command, Sequence) else ()
    if not words or not words[0]:
        raise InvalidInput("command", "there is no program", 'give a list, as in ["prog"]')
    for place, word in enumerate(words):
        if not isinstance(word, str) or "\0" in word:
            raise InvalidInput(
                f"command[{place}]", f"{word!r} is no argument", "text without U+0000"
            )
    return words


def _url(field: str, url: Any, *, is_needed: bool = False) -> None:
    if url is None and not is_needed:
        return
    expected = "give one like https://agents.example/reviewer"
    if not isinstance(url, str) or not url or len(url) > LONGEST_URL or not url.isprintable():
        raise InvalidInput(field, f"{url!r} is no URL", expected)
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError as wrong:
        raise InvalidInput(field, f"{url!r} is no URL: {wrong}", expected) from None
    if parts.scheme not in ("http", "https") or not host or " " in url:
        raise InvalidInput(field, f"{url!r} is no http or https URL", expected)
    if parts.username or parts.password:
        raise InvalidInput(
            field, "holds a user name or password, which facts keep for ever", "use secret_env"
        )
    if parts.fragment:
        raise InvalidInput(field, f"{url!r} has a fragment, which is never sent", "leave out the #")


def _text(field: str, text: Any) -> None:
    if text is not None and (not isinstance(text, str) or not text or "\0" in text):
        raise InvalidInput(field, f"{text!r} is no text", "leave it out, or give one")


def _seconds(field: str, seconds: Any) -> None:
    is_number = isinstance(seconds, int | float) and not isinstance(seconds, bool)
    if not is_number or not math.isfinite(seconds) or not 0 < seconds <= LONGEST_SECONDS:
        raise InvalidInput(
            field, f"{seconds!r} is no time to wait", "seconds, from 0.001 to a year"
        )


def _unused(transport: Transport, *fields: str) -> None:
    for field in fields:
        if getattr(transport, field):
            raise InvalidInput(
                f"transport.{field}", f"means nothing for {transport.type}", "leave it out"
            )
