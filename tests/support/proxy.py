"""A stretch of network between a client and its PostgreSQL that can be cut at a chosen moment."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Literal

from psycopg.conninfo import conninfo_to_dict, make_conninfo

COMMAND_COMPLETE, READY = ord("C"), ord("Z")
Moment = Literal["before", "during", "after", "never"]
"""The next statement is cut off before it reaches the server, while it runs, or after its commit; or it is
not cut off, but gets no answer either."""


class Link:
    """One client's way to the server and back."""

    def __init__(self, client: asyncio.StreamWriter, server: asyncio.StreamWriter) -> None:
        self.client, self.server = client, server
        self.cut: Moment | None = None
        self.committed = asyncio.Event()
        self._rest = b""
        self._completed = False

    async def there(self, piece: bytes) -> None:
        if self.cut != "before":
            self.server.write(piece)
            await self.server.drain()

    async def back(self, piece: bytes) -> None:
        if self.cut is None:
            self.client.write(piece)
            await self.client.drain()
            return
        for kind in self._kinds(piece):
            self._completed |= kind == COMMAND_COMPLETE
            if self._completed and kind == READY:
                self.committed.set()

    def _kinds(self, piece: bytes) -> list[int]:
        """Tell the kinds of the server's messages, however they are cut into pieces."""
        found, self._rest = [], self._rest + piece
        while len(self._rest) >= 5:
            end = 1 + int.from_bytes(self._rest[1:5], "big")
            if len(self._rest) < end:
                break
            found.append(self._rest[0])
            self._rest = self._rest[end:]
        return found


class Proxy:
    """Passes everything on until it is told to cut the next statement off, or to be away."""

    def __init__(self, server_dsn: str) -> None:
        self._server = conninfo_to_dict(server_dsn)
        self._cut: Moment | None = None
        self._meanwhile: Callable[[], Awaitable[object]] | None = None
        self._words = b""
        self._running: set[asyncio.Task[None]] = set()
        self._away = False
        self.cuts = 0
        self.refused = 0
        self.dsn = ""

    def cut(
        self,
        moment: Moment,
        meanwhile: Callable[[], Awaitable[object]] | None = None,
        *,
        of: bytes = b"",
    ) -> None:
        """Cut the next statement, with these words, off; `meanwhile` happens before its client notices."""
        self._cut, self._meanwhile, self._words = moment, meanwhile, of

    def leave(self) -> None:
        """Cut every connection, and refuse new ones."""
        self._away = True
        for running in self._running:
            running.cancel()

    def come_back(self) -> None:
        self._away = False

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[Proxy]:
        listening = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        here = {"host": "127.0.0.1", "port": listening.sockets[0].getsockname()[1]}
        plain = {"sslmode": "disable", "gssencmode": "disable"}
        self.dsn = make_conninfo(**(self._server | here | plain))
        try:
            yield self
        finally:
            listening.close()
            self.leave()
            await asyncio.gather(*self._running, return_exceptions=True)

    async def _accept(self, client: asyncio.StreamReader, back: asyncio.StreamWriter) -> None:
        if self._away:
            self.refused += 1
            back.close()
            return
        running = asyncio.current_task()
        self._running.add(running)
        with suppress(ConnectionError, asyncio.CancelledError):
            await self._pass_on(client, back)
        self._running.discard(running)

    async def _pass_on(self, client: asyncio.StreamReader, back: asyncio.StreamWriter) -> None:
        server, there = await self._connect()
        link = Link(back, there)
        answering = asyncio.create_task(_pump(server, link.back))
        answering.add_done_callback(lambda _: back.close())
        cutting: asyncio.Task[None] | None = None

        async def on(piece: bytes) -> None:
            nonlocal cutting
            if self._cut is not None and self._words in piece:
                link.cut, self._cut = self._cut, None
                cutting = asyncio.create_task(self._cut_off(link, self._meanwhile))
            await link.there(piece)

        try:
            await _pump(client, on)
            if cutting is not None:
                await cutting
                if link.cut == "during":  # the server does not notice, and goes on
                    await answering
        finally:
            answering.cancel()
            for side in (back, there):
                side.close()

    async def _cut_off(self, link: Link, meanwhile: Callable[[], Awaitable[object]] | None) -> None:
        if link.cut == "after":
            await link.committed.wait()
        if meanwhile is not None:
            await meanwhile()
        self.cuts += 1
        if link.cut != "never":
            link.client.close()

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        host, port = str(self._server.get("host", "")), self._server.get("port", 5432)
        if host.startswith("/"):
            return await asyncio.open_unix_connection(f"{host}/.s.PGSQL.{port}")
        return await asyncio.open_connection(host or "127.0.0.1", int(port))


async def _pump(source: asyncio.StreamReader, sink: Callable[[bytes], Awaitable[None]]) -> None:
    while piece := await source.read(1 << 16):
        await sink(piece)
