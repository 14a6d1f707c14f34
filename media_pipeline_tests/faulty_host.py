"""A web server on loopback that serves what a test registers, and misbehaves where it is told to.

    with FaultyHost() as host:
        url = host.serve("/a.jpg", JPEG, fault=busy_twice)

``host.address`` is what MEDIA_ALLOWED_HOSTS needs, ``host.requests`` is what it was asked.
A fault is a function that takes the exchange and answers in place of the host.
"""

from __future__ import annotations

import gzip
import socket
import ssl
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

from media_pipeline_tests.patience import wait_for

JPEG = bytes.fromhex("ffd8ffe000104a46494600010100000100010000") + bytes(range(256)) * 40 + b"\xff\xd9"
"""Looks like a JPEG from the outside; nothing decodes it."""

HTML = b"<!doctype html><title>Log in</title><p>Please log in to continue."


@dataclass(slots=True)
class SeenRequest:
    path: str
    headers: dict[str, str]
    status: int = 0
    """0 as long as, or if, there is no answer."""


@dataclass(slots=True)
class Page:
    body: bytes
    mime_type: str
    fault: Fault | None
    turns: int = 0
    headers: dict[str, str] = field(default_factory=dict)


class Exchange:
    """One request and the means to answer it."""

    def __init__(self, handler: BaseHTTPRequestHandler, page: Page, turn: int, seen: SeenRequest) -> None:
        self.handler = handler
        self.page = page
        self.turn = turn
        """From 1: how often this path was asked."""
        self._seen = seen

    def reply(self, status: int, body: bytes = b"", **headers: str) -> None:
        """A proper answer. Header names are written with underscores."""
        self.begin(status, Content_Length=str(len(body)), **headers)
        self.send(body)

    def begin(self, status: int, **headers: str) -> None:
        self._seen.status = status
        self.handler.send_response(status)
        sent = {"Content-Type": self.page.mime_type, **self.page.headers}
        sent.update((name.replace("_", "-"), value) for name, value in headers.items())
        for name, value in sent.items():
            self.handler.send_header(name, value)
        self.handler.end_headers()

    def send(self, data: bytes) -> None:
        self.handler.wfile.write(data)
        self.handler.wfile.flush()

    def hang_up(self) -> None:
        self.handler.close_connection = True

    def serve(self) -> None:
        """The registered body, as it should be."""
        self.reply(200, self.page.body)


Fault = Callable[[Exchange], None]


GATE_SECONDS = 600
"""Only ends a test that would hang."""


class Gate:
    """A fault that answers once the test lets it; whatever still waits at the end of ``with`` is answered then."""

    def __init__(self) -> None:
        self.waiting = threading.Semaphore(0)
        """Released by each request that comes to the gate."""
        self._changed = threading.Condition()
        self._openings = 0
        self._stays_open = False

    def __call__(self, exchange: Exchange) -> None:
        self.waiting.release()
        with self._changed:
            before = self._openings
            self._changed.wait_for(lambda: self._stays_open or self._openings > before, GATE_SECONDS)
        exchange.serve()

    def let_in(self) -> None:
        """Answer what is waiting; what comes later waits again."""
        with self._changed:
            self._openings += 1
            self._changed.notify_all()

    def open(self) -> None:
        """Answer from now on."""
        with self._changed:
            self._stays_open = True
            self._changed.notify_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.open()


def status(code: int, **headers: str) -> Fault:
    """Always this status, with these headers."""
    return lambda exchange: exchange.reply(code, b"no", **headers)


def first(times: int, fault: Fault) -> Fault:
    """Misbehave so many times, then serve."""
    return lambda exchange: fault(exchange) if exchange.turn <= times else exchange.serve()


def redirect(target: str, code: int = 302) -> Fault:
    return status(code, Location=target)


def cut(exchange: Exchange) -> None:
    """Hang up in the middle of the body."""
    exchange.begin(200, Content_Length=str(len(exchange.page.body)))
    exchange.send(exchange.page.body[: len(exchange.page.body) // 2])
    exchange.hang_up()


def ranged(exchange: Exchange) -> None:
    """Serve the rest of the body where Range asks for it, and If-Range names the version that the page was given."""
    page, asked = exchange.page, exchange.handler.headers
    version, body = page.headers.get("ETag") or page.headers.get("Last-Modified"), page.body
    start = int(asked.get("Range", "bytes=0-").removeprefix("bytes=").partition("-")[0])
    if "Range" not in asked or asked.get("If-Range", version) != version:
        exchange.serve()
    elif start >= len(body):
        exchange.reply(416, b"", Content_Range=f"bytes */{len(body)}")
    else:
        exchange.reply(206, body[start:], Content_Range=f"bytes {start}-{len(body) - 1}/{len(body)}")


def cut_then(times: int, fault: Fault) -> Fault:
    """Hang up in the middle of the body so many times, then answer otherwise."""
    return lambda exchange: cut(exchange) if exchange.turn <= times else fault(exchange)


def reset(exchange: Exchange) -> None:
    """Hang up without an answer."""
    exchange.hang_up()


def promises_more(exchange: Exchange) -> None:
    """A Content-Length that is 4 KB too long."""
    exchange.begin(200, Content_Length=str(len(exchange.page.body) + 4096))
    exchange.send(exchange.page.body)
    exchange.hang_up()


def promises_less(exchange: Exchange) -> None:
    """A Content-Length that is 4 KB too short."""
    exchange.begin(200, Content_Length=str(len(exchange.page.body) - 4096))
    exchange.send(exchange.page.body)


def endless(exchange: Exchange) -> None:
    """The body, then zeros until the client hangs up."""
    exchange.begin(200, Connection="close")
    exchange.send(exchange.page.body)
    while True:
        exchange.send(bytes(65536))


def drip(seconds: float) -> Fault:
    """A byte of the body every so many seconds."""

    def answer(exchange: Exchange) -> None:
        exchange.begin(200, Content_Length=str(len(exchange.page.body)))
        for byte in exchange.page.body:
            exchange.send(bytes([byte]))
            time.sleep(seconds)

    return answer


def drip_headers(seconds: float) -> Fault:
    """Headers without end, a byte every so many seconds."""

    def answer(exchange: Exchange) -> None:
        exchange.send(b"HTTP/1.1 200 OK\r\nX-Slow: ")
        while True:
            exchange.send(b"a")
            time.sleep(seconds)

    return answer


def silent(seconds: float) -> Fault:
    """Say nothing for so many seconds."""

    def answer(exchange: Exchange) -> None:
        time.sleep(seconds)
        exchange.hang_up()

    return answer


def gzipped(exchange: Exchange) -> None:
    """Compress although nobody asked for it."""
    exchange.reply(200, gzip.compress(exchange.page.body), Content_Encoding="gzip")


def gzip_bomb(exchange: Exchange) -> None:
    """The body and 64 MB of zeros in some 64 KB."""
    exchange.reply(200, gzip.compress(exchange.page.body + bytes(64_000_000)), Content_Encoding="gzip")


class FaultyHost:
    """The server. Start it with ``with``; every page lives until the end."""

    def __init__(self) -> None:
        self._pages: dict[str, Page] = {}
        self._lock = threading.Lock()
        self.requests: list[SeenRequest] = []
        self._server = _Server(("127.0.0.1", 0), self._handler())
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def address(self) -> str:
        """``127.0.0.1:<port>``."""
        return f"127.0.0.1:{self._server.server_address[1]}"

    def url(self, path: str) -> str:
        return f"http://{self.address}{path}"

    def speak_tls(self, context: ssl.SSLContext) -> None:
        """From now on only TLS, with the context's certificate."""
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)

    def serve(
        self,
        path: str,
        body: bytes = JPEG,
        *,
        mime_type: str = "image/jpeg",
        fault: Fault | None = None,
        **headers: str,
    ) -> str:
        """Register a page and get its URL. Header names are written with underscores."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self._pages[path] = Page(body, mime_type, fault, headers=named)
        return self.url(path)

    def settle(self) -> None:
        """Wait until what processes have sent that have ended since is counted: it may still lie in the sockets."""
        accepted = self._server.accepted
        # It is accepted after all those that wait already.
        with socket.create_connection(("127.0.0.1", self._server.server_port)):
            pass
        wait_for(lambda: self._server.accepted > accepted and not self._server.busy)

    def asked(self, path: str) -> list[SeenRequest]:
        """The requests for one path, in their order."""
        return [request for request in self.requests if request.path == path]

    def _answer(self, handler: BaseHTTPRequestHandler) -> None:
        with self._lock:
            page = self._pages.get(handler.path) or Page(b"", "text/plain", status(404))
            page.turns += 1
            seen = SeenRequest(handler.path, dict(handler.headers))
            self.requests.append(seen)
            exchange = Exchange(handler, page, page.turns, seen)
        try:
            (page.fault or Exchange.serve)(exchange)
        except OSError:
            exchange.hang_up()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        host = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_GET(self) -> None:
                host._answer(self)

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
                pass

        return Handler


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128
    block_on_close = False
    accepted = 0
    busy = 0
    """Connections that are open."""
    _counting = threading.Lock()

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._counting:
            self.accepted += 1
            self.busy += 1
        super().process_request(request, client_address)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            with self._counting:
                self.busy -= 1

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that hang up are the point of many a test."""
