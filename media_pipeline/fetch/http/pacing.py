"""Answers that end when the host sends too slowly, for too long, or more than it said.

What belongs here: the guards below every buffer and every decoder, for plain and TLS sockets alike.
What does not: connecting (:mod:`media_pipeline.fetch.http.connections`), and what an answer means.
"""

from __future__ import annotations

import http
import http.client
import io
import socket
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from urllib3.util.wait import wait_for_read

from media_pipeline.model import MediaPipelineError

_DEFAULT_WINDOW_SECONDS = 30.0

MOST_INTERIM_ANSWERS = 20
"""1xx before the answer itself (RFC 9110, section 15.2). A host that sends more of them never answers."""


class TooSlowError(MediaPipelineError, OSError):
    """The host sends, but too slowly. An OSError, so that urllib3 closes the connection."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast an answer must come, from its first byte on."""

    lowest_speed: int
    """Bytes a second over each window, which is as long as the time-out between two reads."""
    longest_seconds: float
    """One answer in all: a host just above the lowest speed would hold a worker for a day."""


class BodyTooLongError(MediaPipelineError, OSError):
    """The host sends on after the end that its Content-Length named."""


class PacedStream(io.RawIOBase):
    """A socket's byte stream that raises TooSlowError when less comes through than the pace asks for."""

    def __init__(self, raw: Any, pace: Pace, window_seconds: float) -> None:
        super().__init__()
        self._raw = raw
        self._pace = pace
        self._window_seconds = window_seconds
        self._answer_began: float | None = None
        self._window_began = 0.0
        self._window_bytes = 0
        self._has_ended = False

    def end(self) -> None:
        """Read no more: what buffers hold above is all that came."""
        self._has_ended = True

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int | None:
        count: int | None = 0 if self._has_ended else self._raw.readinto(buffer)
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
            if self._window_bytes < self._pace.lowest_speed * elapsed:
                raise TooSlowError(f"the host sent {self._window_bytes} bytes in {elapsed:.0f} s")
            self._window_began, self._window_bytes = now, 0
        if now - self._answer_began > self._pace.longest_seconds:
            raise TooSlowError(f"the answer took longer than {self._pace.longest_seconds:.0f} s")


class PacedResponse(http.client.HTTPResponse):
    """A response that reads its status line, headers and body through a PacedStream."""

    def __init__(self, pace: Pace, sock: socket.socket, *rest: Any, **named: Any) -> None:
        super().__init__(sock, *rest, **named)
        window = sock.gettimeout() or _DEFAULT_WINDOW_SECONDS
        self._socket = sock
        self._stream = PacedStream(self.fp.detach(), pace, window)
        self.fp: io.BufferedReader = io.BufferedReader(self._stream)

    def _read_status(self) -> tuple[str, int, str]:
        """The status line of the answer itself: http.client passes over 100 alone, not over 103 and its like."""
        itself: Any = super()
        read: Callable[[], tuple[str, int, str]] = itself._read_status
        for _ in range(MOST_INTERIM_ANSWERS):
            version, status, reason = read()
            if not 100 <= status < 200 or status == http.HTTPStatus.SWITCHING_PROTOCOLS:
                return version, status, reason
            http.client.parse_headers(self.fp)
        raise http.client.BadStatusLine(f"more than {MOST_INTERIM_ANSWERS} interim answers")

    def _close_conn(self) -> None:
        """Called at the body's end, with a length of 0 where the host named one."""
        goes_on = self.length == 0 and not self.isclosed() and self._goes_on()
        super()._close_conn()  # pyright: ignore[reportUnknownMemberType, reportAttributeAccessIssue]
        if goes_on:
            raise BodyTooLongError("the body goes on after the end that its Content-Length names")

    def _goes_on(self) -> bool:
        """Whether more has come by now. What comes later is no answer either: urllib3 drops such a connection."""
        self._stream.end()
        if self.fp.peek(1):
            return True
        if isinstance(self._socket, ssl.SSLSocket):
            return self._socket.pending() > 0
        return wait_for_read(self._socket, 0) and bool(self._socket.recv(1, socket.MSG_PEEK))
