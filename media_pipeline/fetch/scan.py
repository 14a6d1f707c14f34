"""Asking clamd whether a file is infected, through its INSTREAM command: clamd needs no access to the file.

What belongs here: clamd's protocol, and the rule that what clamd didn't call clean isn't. What does not: what becomes
of an infected file.

The libraries on PyPI were looked at: clamd and pyClamd are left since 2014 and 2017; clamav-client is kept, but is
GPL, holds its connection in the object (one thread), and gives an empty answer out as no finding.
"""

from __future__ import annotations

import re
import socket
import time
from pathlib import Path
from urllib.parse import urlsplit

from media_pipeline.model import MediaPipelineError
from media_pipeline.settings import Settings

ANSWER_SECONDS = 150.0
"""For a file to be sent and judged. clamd itself gives up a file after its MaxScanTime, 120 s by default."""

_CHUNK_BYTES = 1 << 17
_ANSWER_BYTES = 4096
"""More than any answer of clamd's is long."""
_FOUND = re.compile(r"stream: (.+) FOUND")
_LIMIT_PREFIX = "Heuristics.Limits.Exceeded"
"""Names that clamd, with AlertExceedsMax, gives to what it did not scan to the end."""


class ScannerError(MediaPipelineError):
    """clamd did not say whether the file is clean, so it must not be taken as that.

    To do: See to clamd's log and limits, and run again: the file is not stored before it was scanned.
    """


class ScannerUnavailable(ScannerError):
    """There is no clamd to ask: what goes for one file goes for all.

    To do: Start clamd, or correct CLAMD_URL, and run again.
    """


class Scanner:
    """A clamd under ``tcp://host:port`` or ``unix:///path``. Safe for threads: each question is a connection."""

    def __init__(self, url: str, connect_seconds: float, answer_seconds: float = ANSWER_SECONDS) -> None:
        self._url = url
        self._connect_seconds = connect_seconds
        self._answer_seconds = answer_seconds

    def ping(self) -> None:
        """Raise ScannerUnavailable unless clamd answers, as soon as a connection must be there."""
        with self._connected() as connection:
            try:
                answer = self._asked(connection, b"zPING\0", None, self._connect_seconds)
            except ScannerError as error:
                raise self._unavailable(str(error)) from error
        if answer != "PONG":
            raise self._unavailable(f"what listens there is no clamd, it answers {answer[:80]!r}")

    def scan(self, path: Path) -> str | None:
        """The name of the infection, or None for a clean file.

        Raises ScannerError when clamd doesn't say: it can't be reached (ScannerUnavailable), the file exceeds one of
        its limits, it answers with an error, with nonsense or not in time; OSError when the file can't be read.
        """
        with self._connected() as connection:
            answer = self._asked(connection, b"zINSTREAM\0", path, self._answer_seconds)
        if answer == "stream: OK":
            return None
        if "size limit exceeded" in answer:
            raise self._too_large(path)
        found = _FOUND.fullmatch(answer)
        if found is None:
            raise ScannerError(f"{self._url} could not scan {path.name}: {answer[:200]!r}")
        if found[1].startswith(_LIMIT_PREFIX):
            raise ScannerError(f"{self._url} did not scan {path.name} to its end: raise clamd's limit ({found[1]})")
        return found[1]

    def _connected(self) -> socket.socket:
        target = urlsplit(self._url)
        try:
            if target.scheme == "tcp":
                return socket.create_connection((target.hostname, target.port), self._connect_seconds)
            connection = socket.socket(socket.AF_UNIX)
            try:
                connection.settimeout(self._connect_seconds)
                connection.connect(target.path)
            except OSError:
                connection.close()
                raise
        except OSError as error:
            raise self._unavailable(str(error)) from error
        return connection

    def _unavailable(self, why: str) -> ScannerUnavailable:
        return ScannerUnavailable(f"CLAMD_URL: {self._url} is not reachable ({why}): start clamd or empty the setting")

    def _asked(self, connection: socket.socket, command: bytes, path: Path | None, seconds: float) -> str:
        """Send a command, and a file where one is given; return the answer."""
        deadline = time.monotonic() + seconds
        try:
            _send(connection, command, deadline)
            refused = path is not None and not _send_file(connection, path, deadline)
            answer = _received(connection, deadline)
        except TimeoutError:
            raise ScannerError(f"{self._url} did not answer within {seconds:g} s") from None
        if refused and not answer:
            raise ScannerError(f"{self._url} hung up on {path}: see its log, and its StreamMaxLength for a large file")
        if not answer.endswith(b"\0"):
            raise ScannerError(f"{self._url} hung up in the middle of its answer: {answer[:80]!r}")
        return answer[:-1].decode("utf-8", "replace").strip()

    def _too_large(self, path: Path) -> ScannerError:
        size = path.stat().st_size
        return ScannerError(f"{self._url} takes no file of {size:,} bytes: raise StreamMaxLength in its clamd.conf")


def scanner_of(settings: Settings) -> Scanner | None:
    """The scanner that the settings name, if they do."""
    return Scanner(settings.clamd_url, settings.media_timeout_seconds) if settings.clamd_url else None


def _send_file(connection: socket.socket, path: Path, deadline: float) -> bool:
    """Send a file in chunks, each after its length. False when clamd hangs up: it says why before, mostly."""
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            if not _send(connection, len(chunk).to_bytes(4, "big") + chunk, deadline):
                return False
    return _send(connection, bytes(4), deadline)


def _send(connection: socket.socket, data: bytes, deadline: float) -> bool:
    connection.settimeout(_left(deadline))
    try:
        connection.sendall(data)
    except TimeoutError:
        raise
    except OSError:
        return False
    return True


def _received(connection: socket.socket, deadline: float) -> bytes:
    """What comes up to the zero byte that ends an answer, or up to where clamd hangs up."""
    answer = b""
    while b"\0" not in answer and len(answer) < _ANSWER_BYTES:
        connection.settimeout(_left(deadline))
        try:
            received = connection.recv(_ANSWER_BYTES)
        except TimeoutError:
            raise
        except OSError:
            break
        if not received:
            break
        answer += received
    return answer


def _left(deadline: float) -> float:
    """Seconds that are left; raises TimeoutError when none are."""
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left
