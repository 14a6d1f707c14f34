"""A web server on loopback that stands in for the media hosts of the platforms.

What belongs here: bodies by URL, and the count of requests. What does not: which media there are (``sample``).
A medium is asked for as ``http://127.0.0.1:<port>/https://pbs.twimg.com/…``.
"""

from __future__ import annotations

import hashlib
import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self, cast


@dataclass(frozen=True, slots=True)
class Answer:
    """What the host says to one URL."""

    body: bytes
    mime_type: str
    """As declared, which need not be true."""


class MediaHost:
    """Serves these answers by URL and 404 for any other. Runs as long as the ``with`` that it is used in."""

    def __init__(self, answers: Mapping[str, Answer]) -> None:
        self.answers = answers
        self._requests: Counter[str] = Counter()
        self._lock = threading.Lock()
        self._server = _Server(self)

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), name="media-host", daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def address(self) -> str:
        """``127.0.0.1:<port>``, as MEDIA_ALLOWED_HOSTS takes it."""
        return f"127.0.0.1:{self._server.server_address[1]}"

    @property
    def template(self) -> str:
        """The way here for every URL, as MEDIA_FETCH_VIA takes it."""
        return f"http://{self.address}/{{url}}"

    def requests(self) -> Mapping[str, int]:
        """How often each URL was asked for."""
        with self._lock:
            return dict(self._requests)

    def answer_to(self, url: str) -> Answer | None:
        """Count a request, and look up its answer."""
        with self._lock:
            self._requests[url] += 1
        return self.answers.get(url)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, host: MediaHost) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.host = host


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 30
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        answer = cast("_Server", self.server).host.answer_to(self.path.removeprefix("/"))
        if answer is None:
            self._send(404, Answer(b"Not Found", "text/plain"))
        else:
            self._send(200, answer)

    def _send(self, status: int, answer: Answer) -> None:
        self.send_response(status)
        self.send_header("Content-Type", answer.mime_type)
        self.send_header("Content-Length", str(len(answer.body)))
        if status == 200:
            self.send_header("ETag", f'"{hashlib.md5(answer.body, usedforsecurity=False).hexdigest()}"')
        self.end_headers()
        self.wfile.write(answer.body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Requests are counted, not printed."""
