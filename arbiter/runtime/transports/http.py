"""An agent behind HTTP: one POST per attempt, answered at once or by a callback."""

from __future__ import annotations

import asyncio
import importlib
import ssl
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

from msgspec.structs import replace

from arbiter.application.payloads import PAYLOAD_LIMIT, clean_text
from arbiter.application.ports import RemoteAttempt
from arbiter.application.remote.answer import ROOM, Answer, read_answer
from arbiter.application.remote.signature import HEADER, sign
from arbiter.domain import facts as f
from arbiter.domain.errors import InvalidInput, Unavailable
from arbiter.runtime.execution import Declined, HandedOver
from arbiter.runtime.isolation import HandlerFailed
from arbiter.runtime.running import AsyncRunningTask
from arbiter.runtime.transports.document import document
from arbiter.runtime.transports.remote import Surroundings, deliver

if TYPE_CHECKING:  # an extra: it is imported when an agent of this sort is declared
    import httpx

CONNECT_SECONDS = 10.0
PROBE_SECONDS = 5.0
ANSWER_SECONDS = 300.0
"""How long a request may wait where the transport does not say."""

AGAIN_AFTER = (0.1, 0.4, 1.6)
"""Seconds before a request that did no harm is sent again."""

SHOWN = 2_000
"""Characters of a response that are kept with an error."""

OK, ACCEPTED, EMPTY = 200, 202, 204
NOT_NOW = frozenset({408, 425, 429})
"""Refusals that say nothing of the work: another attempt may do."""

PASSING = frozenset({502, 503, 504})
"""What a proxy answers for an agent that is away."""


class Said(NamedTuple):
    """A response, read as far as it may go."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    is_too_long: bool


class HttpAgent:
    """Sends each attempt to its agent, signed, and takes in the answer that comes with the response.

    Sent again is only what cannot be done twice: a request that never reached the agent, or any, where
    the agent does the work of one Idempotency-Key once.
    """

    def __init__(self, transport: f.Transport, *, concurrency: int, secret: str | None) -> None:
        """Connect to nobody yet. Raises InvalidInput where the extra is missing."""
        self._httpx = _httpx()
        assert transport.url is not None, "it was checked"
        self._transport, self._url = transport, transport.url
        self._concurrency, self.secret = concurrency, secret
        self._most = PAYLOAD_LIMIT + ROOM
        self._trust: ssl.SSLContext | bool = False
        if urlsplit(transport.url).scheme == "https":
            self._trust = ssl.create_default_context()
        self._around: Surroundings | None = None
        self._client: httpx.AsyncClient | None = None

    def bind(self, around: Surroundings) -> None:
        """Take over what the hosting worker knows."""
        self._around, self._most = around, around.result_limit + ROOM
        limit = self._transport.timeout_seconds or ANSWER_SECONDS
        self._client = self._httpx.AsyncClient(
            verify=self._trust,
            follow_redirects=False,
            timeout=self._httpx.Timeout(limit, connect=min(limit, CONNECT_SECONDS), pool=None),
            limits=self._httpx.Limits(max_connections=None, max_keepalive_connections=20),
            headers={"User-Agent": "arbiter", "Accept": "application/json"},
        )

    async def close(self) -> None:
        """Let go of idle connections."""
        if self._client is not None:
            await self._client.aclose()
            self._client = None

    @property
    def has_health(self) -> bool:
        """It can be asked for a sign of life."""
        return self._transport.health_url is not None

    async def probe(self) -> str | None:
        """Ask for a sign of life; return why there is none, or nothing."""
        assert self._client is not None, "an agent is bound before it is asked"
        try:
            async with asyncio.timeout(PROBE_SECONDS):
                response = await self._client.get(self._transport.health_url or "")
        except TimeoutError:
            return f"nothing within {PROBE_SECONDS:g} s"
        except self._httpx.HTTPError as error:
            return str(error) or type(error).__name__
        return None if response.is_success else f"it answered {response.status_code}"

    async def __call__(self, task: AsyncRunningTask) -> Any:
        """Return what the agent answers, or that it answers later."""
        around = self._around
        assert around is not None, "an agent is bound before its first task"
        attempt = RemoteAttempt(
            attempt_id=task.attempt_id,
            task_id=task.id,
            agent=task.agent,
            queue=task.queue,
            sent_at=around.now(),
        )
        # Noted before it is sent: the callback may come before the response.
        try:
            is_admitted = await around.attempts.admit(attempt, self._concurrency)
        except (
            Unavailable
        ) as away:  # nothing was sent: that tells nothing of the agent, and costs nothing
            return Declined(f"it could not be noted that agent {task.agent} has it: {away}")
        if not is_admitted:
            return Declined(f"agent {task.agent} has {self._concurrency} tasks, as many as it may")
        where_to = around.callback_url(task.attempt_id) if self.secret is not None else None
        said = await self._in_time(task, document(task, callback_url=where_to), around)
        if said.status == ACCEPTED:
            return self._handed_over(where_to)
        return await deliver(task, self._answer(said))

    async def _in_time(self, task: AsyncRunningTask, body: bytes, around: Surroundings) -> Said:
        limit = self._transport.timeout_seconds or ANSWER_SECONDS
        try:
            async with asyncio.timeout(limit):
                return await self._insist(task, body, around)
        except TimeoutError:
            message = f"{self._url} did not answer within {limit:g} s"
            raise HandlerFailed(_failure("TimedOut", message)) from None
        except self._httpx.HTTPError as error:
            message = f"{self._url}: {error or type(error).__name__}"
            raise HandlerFailed(_failure(type(error).__name__, message)) from None

    async def _insist(self, task: AsyncRunningTask, body: bytes, around: Surroundings) -> Said:
        for pause in AGAIN_AFTER:
            try:
                said = await self._send(task, body, around)
            except self._httpx.TransportError as error:
                if not self._may_repeat(error):
                    raise
            else:
                if said.status not in PASSING or not self._transport.idempotent:
                    return said
            await asyncio.sleep(pause)
        return await self._send(task, body, around)

    def _may_repeat(self, error: Exception) -> bool:
        never_arrived = isinstance(error, self._httpx.ConnectError | self._httpx.ConnectTimeout)
        return never_arrived or self._transport.idempotent

    async def _send(self, task: AsyncRunningTask, body: bytes, around: Surroundings) -> Said:
        assert self._client is not None, "an agent is bound before its first task"
        headers = {
            "Content-Type": "application/json",
            "Idempotency-Key": str(task.attempt_id),
            "Arbiter-Task": str(task.id),
            "Arbiter-Attempt": str(task.attempt_id),
        }
        if task.trace is not None:
            headers["traceparent"] = task.trace
        if self.secret is not None:
            headers[HEADER] = sign(self.secret, task.attempt_id, body, at=around.now())
        request = self._client.build_request("POST", self._url, content=body, headers=headers)
        response = await self._client.send(request, stream=True)
        try:
            return await self._read(response)
        finally:
            await response.aclose()

    async def _read(self, response: httpx.Response) -> Said:
        body = bytearray()
        async for piece in response.aiter_bytes():
            body += piece
            if len(body) > self._most:
                return Said(response.status_code, response.headers, bytes(body), True)
        return Said(response.status_code, response.headers, bytes(body), False)

    # -- what was said

    def _handed_over(self, where_to: str | None) -> HandedOver:
        if where_to is not None:
            return HandedOver(self._transport.callback_seconds)
        lacks = "a secret" if self.secret is None else "a callback_url, or a callback_listen"
        message = f"{self._url} answered 202, but a callback needs {lacks} in the settings"
        raise HandlerFailed(_failure("NoCallback", message, kind="refused"))

    def _answer(self, said: Said) -> Answer:
        if said.is_too_long:
            message = f"{self._url} answered with more than {self._most:,} bytes"
            raise HandlerFailed(_failure("AnswerTooLong", message))
        if said.status == EMPTY:
            return Answer()
        if said.status == OK:
            try:
                return read_answer(said.body)
            except InvalidInput as no:
                message = f"{self._url}: {no}"
                raise HandlerFailed(_failure("InvalidAnswer", message, _shown(said))) from None
        raise HandlerFailed(self._refusal(said))

    def _refusal(self, said: Said) -> f.Failure:
        """Tell an error status; an agent that explains itself is quoted."""
        is_final = 300 <= said.status < 500 and said.status not in NOT_NOW
        told = _told(said)
        if told is not None:
            return replace(told, kind="refused") if is_final else told
        where = said.headers.get("location") if 300 <= said.status < 400 else None
        beside = f", which leads to {where} and is not followed" if where else ""
        message = f"{self._url} answered {said.status}{beside}"
        kind: f.FailureKind = "refused" if is_final else "exception"
        return _failure(f"HTTP{said.status}", message, _shown(said), kind=kind)


def _told(said: Said) -> f.Failure | None:
    try:
        return read_answer(said.body).error
    except InvalidInput:
        return None


def _shown(said: Said) -> str:
    return said.body[: 4 * SHOWN].decode("utf-8", "replace")[:SHOWN]


def _failure(
    type_: str, message: str, detail: str = "", *, kind: f.FailureKind = "exception"
) -> f.Failure:
    return f.Failure(kind=kind, type=type_, message=clean_text(message), detail=clean_text(detail))


def _httpx() -> Any:
    try:
        return importlib.import_module("httpx")
    except ImportError:
        raise InvalidInput(
            "transport.type",
            "http needs the extra of that name",
            "pip install 'arbiter-orchestrator[http]'",
        ) from None
