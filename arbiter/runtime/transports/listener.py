"""A small HTTP listener in the worker: where agents outside send their answers."""

from __future__ import annotations

import asyncio
import importlib
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, NamedTuple
from uuid import UUID

import orjson

from arbiter.application.answers import Reported
from arbiter.application.remote.signature import HEADER
from arbiter.domain.errors import (
    ArbiterError,
    AttemptFenced,
    BadSignature,
    InvalidInput,
    Unavailable,
    UnknownAttempt,
)

log = logging.getLogger(__name__)

PATIENCE_SECONDS = 10.0
"""How long a request may take to come in, and a connection may be idle."""

MOST_CONNECTIONS = 200
PIECE = 64 * 1024
ANYWHERE = frozenset({"0.0.0.0", "[::]"})  # noqa: S104 - looked for, never bound by itself

STATUS_OF: dict[type[ArbiterError], int] = {
    InvalidInput: 400,
    BadSignature: 401,
    UnknownAttempt: 404,
    AttemptFenced: 409,
    Unavailable: 503,
}
TITLES = {
    200: "OK",
    400: "Bad Request",
    401: "Unauthorized",
    404: "Not Found",
    405: "Method Not Allowed",
    408: "Request Timeout",
    409: "Conflict",
    413: "Content Too Large",
    500: "Internal Server Error",
    503: "Service Unavailable",
}

Report = Callable[[UUID, bytes, str | None], Awaitable[Reported]]
"""Takes in an answer, with its signature."""


class Refused(Exception):
    """A request that is none of ours."""

    def __init__(self, status: int, detail: str) -> None:
        """Say why."""
        self.status, self.detail = status, detail
        super().__init__(detail)


class _Request(NamedTuple):
    method: str
    path: str
    signature: str | None
    body: bytes


class Listener:
    """Takes POST …/attempts/<attempt id>, checks nothing by itself, and answers with what became of it."""

    def __init__(self, address: str, report: Report, *, most: int, url: str | None = None) -> None:
        """Listen to nobody yet; `most` bounds a body. Raises InvalidInput where the extra is missing."""
        self._h11 = _h11()
        self._host, _, port = address.rpartition(":")
        self._port, self._url = int(port), url
        if self._port > 65535:
            raise InvalidInput("callback_listen", f"{self._port} is no port", "0 to 65535")
        if url is None and self._host in ANYWHERE:
            raise InvalidInput(
                "callback_url",
                f"nobody can tell how agents reach {address}",
                "give the URL under which they do",
            )
        self._report, self._most = report, most
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.Task[Any]] = set()

    @property
    def url(self) -> str:
        """Where agents send their answers to."""
        return self._url or f"http://{self._host}:{self._port}"

    async def open(self) -> None:
        """Listen. Raises InvalidInput where the address cannot be had."""
        try:
            self._server = await asyncio.start_server(
                self._serve, self._host.strip("[]"), self._port, limit=PIECE
            )
        except OSError as no:
            raise InvalidInput(
                "callback_listen",
                f"{self._host}:{self._port} cannot be listened on: {no.strerror or no}",
                "another address, or port 0",
            ) from None
        self._port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """Listen no more; who is being answered gets the answer."""
        if self._server is None:
            return
        self._server.close()
        if self._connections:
            _, late = await asyncio.wait(self._connections, timeout=1.0)
            for each in late:
                each.cancel()
        self._server = None

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None, "a connection is served in a task"
        self._connections.add(task)
        try:
            with suppress(ConnectionError, TimeoutError):
                await self._talk(reader, writer)
        except Exception:
            log.exception("a callback could not be served")
        finally:
            self._connections.discard(task)
            writer.close()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one request after the other, until the agent leaves or says something that is none."""
        h11 = self._h11
        connection = h11.Connection(h11.SERVER, max_incomplete_event_size=16 * 1024)
        while True:
            try:
                async with asyncio.timeout(PATIENCE_SECONDS):
                    request = await self._read(connection, reader, writer)
                if request is None:
                    return
                status, told = await self._answered(request)
            except Refused as no:
                status, told = no.status, _problem(no.status, "refused", no.detail)
            except h11.RemoteProtocolError as no:
                status = no.error_status_hint or 400
                told = _problem(status, "bad_request", str(no))
            await self._write(connection, writer, status, told)
            if self._server is None or connection.our_state is not h11.DONE:
                return
            if connection.their_state is not h11.DONE:
                return
            connection.start_next_cycle()

    async def _read(
        self, connection: Any, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> _Request | None:
        h11, head, body = self._h11, None, bytearray()
        while True:
            event = connection.next_event()
            match event:
                case h11.NEED_DATA:
                    if connection.they_are_waiting_for_100_continue:
                        go_on = h11.InformationalResponse(status_code=100, headers=[])
                        writer.write(connection.send(go_on))
                    connection.receive_data(await reader.read(PIECE))
                case h11.Request():
                    head = event
                    if len(self._connections) > MOST_CONNECTIONS:
                        raise Refused(503, f"more than {MOST_CONNECTIONS} callbacks at a time")
                case h11.Data():
                    body += event.data
                    if len(body) > self._most:
                        raise Refused(413, f"the answer has more than {self._most:,} bytes")
                case h11.EndOfMessage():
                    assert head is not None, "a message begins with its head"
                    return _request(head, bytes(body))
                case _:  # it has left
                    return None

    async def _answered(self, request: _Request) -> tuple[int, dict[str, Any]]:
        attempt_id = _attempt_of(request)
        try:
            done = await self._report(attempt_id, request.body, request.signature)
        except ArbiterError as no:
            status = STATUS_OF.get(type(no), 409)
            return status, _problem(status, no.code, str(no))
        except Exception:
            log.exception("a callback failed")
            return 500, _problem(500, "internal", "the answer was not taken in; send it again")
        return 200, {
            "task_id": done.task_id,
            "attempt_id": done.attempt_id,
            "status": done.status,
            "repeated": done.repeated,
        }

    async def _write(
        self, connection: Any, writer: asyncio.StreamWriter, status: int, told: dict[str, Any]
    ) -> None:
        h11, body = self._h11, orjson.dumps(told)
        if connection.our_state not in {h11.IDLE, h11.SEND_RESPONSE}:
            return
        kind = "application/json" if status == 200 else "application/problem+json"
        headers = [("content-type", kind), ("content-length", str(len(body)))]
        if status != 200:
            headers.append(("connection", "close"))
        response = h11.Response(
            status_code=status, headers=headers, reason=TITLES.get(status, "Refused")
        )
        writer.write(connection.send(response))
        writer.write(connection.send(h11.Data(data=body)))
        writer.write(connection.send(h11.EndOfMessage()))
        async with asyncio.timeout(PATIENCE_SECONDS):
            await writer.drain()


def _request(head: Any, body: bytes) -> _Request:
    signature = next(
        (value for name, value in head.headers if name == HEADER.lower().encode()), None
    )
    return _Request(
        method=head.method.decode(),
        path=head.target.decode("ascii", "replace").partition("?")[0],
        signature=None if signature is None else signature.decode("ascii", "replace"),
        body=body,
    )


def _attempt_of(request: _Request) -> UUID:
    """Read which attempt a request is about; a proxy in front may have put its own path before ours."""
    before, _, last = request.path.rpartition("/")
    if not before.endswith("/attempts"):
        raise Refused(404, "there is nothing here but …/attempts/<attempt id>")
    if request.method != "POST":
        raise Refused(405, "an answer is sent by POST")
    try:
        return UUID(last)
    except ValueError:
        raise Refused(404, f"{last!r} is no attempt id") from None


def _problem(status: int, code: str, detail: str) -> dict[str, Any]:
    return {
        "type": "about:blank",
        "title": TITLES.get(status, "Refused"),
        "status": status,
        "code": code,
        "detail": detail,
    }


def _h11() -> Any:
    try:
        return importlib.import_module("h11")
    except ImportError:
        raise InvalidInput(
            "callback_listen",
            "listening needs the extra http",
            "pip install 'arbiter-orchestrator[http]'",
        ) from None
