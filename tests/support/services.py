"""A real HTTP server on this machine: what an agent outside is, from Arbiter's side."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import SimpleQueue
from types import MappingProxyType
from typing import Any, NamedTuple
from urllib.parse import urlsplit

PATIENCE = 15.0


class Heard(NamedTuple):
    """A request that came."""

    path: str
    headers: Any
    body: bytes

    @property
    def told(self) -> Any:
        return json.loads(self.body)


class Reply(NamedTuple):
    """A response that is given."""

    status: int = 200
    body: Any = None
    headers: Mapping[str, str] = MappingProxyType({})


Behave = Callable[[Heard], Reply]


def answer(result: Any, **more: Any) -> Reply:
    """Answer at once."""
    return Reply(200, {"result": result, **more})


LATER = Reply(202)


class Service:
    """An agent behind HTTP; keeps what it heard."""

    def __init__(self, behave: Behave | None) -> None:
        self.heard: list[Heard] = []
        self.begun: SimpleQueue[Heard] = SimpleQueue()
        self.may_answer = threading.Event()
        self.behave, self.is_well = behave or self.wait, True
        service = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = -1
            disable_nagle_algorithm = True

            def do_POST(self) -> None:
                length = int(self.headers["content-length"])
                body = self.rfile.read(length)
                if len(body) < length:  # who sent it was killed meanwhile
                    return
                heard = Heard(self.path, self.headers, body)
                service.heard.append(heard)
                service.begun.put(heard)
                self._reply(service.behave(heard))

            def do_GET(self) -> None:
                self._reply(Reply(200 if service.is_well else 503))

            def _reply(self, reply: Reply) -> None:
                body = reply.body
                if not isinstance(body, bytes):
                    body = b"" if body is None else json.dumps(body).encode()
                self.send_response(reply.status)
                for name, value in reply.headers.items():
                    self.send_header(name, value)
                if "Content-Length" not in reply.headers:
                    self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                if body:
                    self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._thread.start()

    def next(self) -> Heard:
        """Return the next request."""
        return self.begun.get(timeout=PATIENCE)

    def wait(self, _: Heard) -> Reply:
        """Answer when the test lets it."""
        self.may_answer.wait(PATIENCE)
        return answer("at last")

    def close(self) -> None:
        self.may_answer.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@contextmanager
def serving(behave: Behave | None = None) -> Iterator[Service]:
    """Serve until the test is over; without a behaviour, answer when the test lets it."""
    service = Service(behave)
    try:
        yield service
    finally:
        service.close()


def post(url: str, body: bytes, **headers: str) -> tuple[int, Any]:
    """Send something as an agent outside would; return the status and the JSON."""
    parts = urlsplit(url)
    connection = HTTPConnection(parts.hostname or "", parts.port, timeout=PATIENCE)
    try:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request("POST", parts.path, body, named)
        response = connection.getresponse()
        return response.status, json.loads(response.read())
    finally:
        connection.close()
