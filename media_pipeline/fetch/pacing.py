"""Connections that give up on a host that sends too slowly, in the headers as in the body.

What belongs here: the guards on time and speed, below every buffer and every decoder, for plain and TLS sockets alike.
What does not: which host is asked and what its answer means.
"""

from __future__ import annotations

import http.client
import io
import socket
import time
from typing import Any

from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection

from media_pipeline.model import MediaPipelineError

LOWEST_SPEED = 1_000
"""Bytes a second that a host must keep up, from its first byte on, over each time-out long window."""

LONGEST_ANSWER_SECONDS = 3600.0
"""One answer may take this long in all: a host just above the lowest speed would hold a worker for a day."""

_DEFAULT_WINDOW_SECONDS = 30.0


class TooSlowError(MediaPipelineError, OSError):
    """The host sends, but too slowly. An OSError, so that urllib3 closes the connection."""


class PacedStream(io.RawIOBase):
    """A socket's byte stream that raises TooSlowError when less than LOWEST_SPEED comes through."""

    def __init__(self, raw: Any, window_seconds: float) -> None:
        super().__init__()
        self._raw = raw
        self._window_seconds = window_seconds
        self._answer_began: float | None = None
        self._window_began = 0.0
        self._window_bytes = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int | None:
        count: int | None = self._raw.readinto(buffer)
        if count:
            self._account(count)
        return count

    def close(self) -> None:
        self._raw.close()
        super().close()

    def _account(self, count: int) -> None:
        now = time.monotonic()
        if self._answer_began is None:
            self._answer_began = self._window_began = now
        self._window_bytes += count
        elapsed = now - self._window_began
        if elapsed >= self._window_seconds:
            if self._window_bytes < LOWEST_SPEED * elapsed:
                raise TooSlowError(f"the host sent {self._window_bytes} bytes in {elapsed:.0f} s")
            self._window_began, self._window_bytes = now, 0
        if now - self._answer_began > LONGEST_ANSWER_SECONDS:
            raise TooSlowError(f"the answer took longer than {LONGEST_ANSWER_SECONDS:.0f} s")


class PacedResponse(http.client.HTTPResponse):
    """A response that reads its status line, headers and body through a PacedStream."""

    def __init__(
        self, sock: socket.socket, debuglevel: int = 0, method: str | None = None, url: str | None = None
    ) -> None:
        super().__init__(sock, debuglevel, method, url)
        window = sock.gettimeout() or _DEFAULT_WINDOW_SECONDS
        self.fp: io.BufferedReader = io.BufferedReader(PacedStream(self.fp.detach(), window))


class PacedHTTPConnection(HTTPConnection):
    """A connection that paces its responses and remembers which address it reached."""

    response_class = PacedResponse
    remote_address: str | None = None

    def connect(self) -> None:
        super().connect()
        self.remote_address = self.sock.getpeername()[0]


class PacedHTTPSConnection(HTTPSConnection):
    """The same over TLS."""

    response_class = PacedResponse
    remote_address: str | None = None

    def connect(self) -> None:
        super().connect()
        self.remote_address = self.sock.getpeername()[0]


class PacedHTTPConnectionPool(HTTPConnectionPool):
    """A pool of paced connections."""

    ConnectionCls = PacedHTTPConnection  # pyright: ignore[reportAssignmentType]


class PacedHTTPSConnectionPool(HTTPSConnectionPool):
    """A pool of paced TLS connections."""

    ConnectionCls = PacedHTTPSConnection  # pyright: ignore[reportAssignmentType]
