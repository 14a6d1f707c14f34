"""One medium, from its URL to a verified temporary file or the reason why not.

What belongs here: templates, redirects, retries and waiting, and the record of each request. What does not: sockets
(:mod:`~media_pipeline.fetch.client`), the meaning of answers (:mod:`~media_pipeline.fetch.outcome`), and choosing
among a medium's candidates.

| the host | we | status |
|---|---|---|
| sends a medium | keep it | |
| 404, 410 | stop | gone |
| 401, 403, 451 | stop | forbidden; a 403 after the URL's expiry: expired |
| 408, 425, 429, 5xx, time-out, reset, cut short | try again, 3 times in all | failed |
| any of these with Retry-After above 60 s | stop, and hand the wish on | failed |
| another status, too slow, sixth redirect, bad TLS | stop | failed |
| sends a list of a stream's parts (HLS, DASH) | ask for the best parts, join them | |
| sends HTML, JSON, XML, text, nothing | stop, keep the body as evidence | not_media |
| is longer than the limit, declared or not | stop | too_large |
| has a private address, credentials, another scheme | don't ask | unsafe |
"""

from __future__ import annotations

import contextlib
import itertools
import random
import secrets
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Self, TypeVar, cast
from urllib.parse import urljoin

import requests
from urllib3 import BaseHTTPResponse
from urllib3.exceptions import HTTPError

from media_pipeline.fetch.addresses import AllowedHosts
from media_pipeline.fetch.body import ReceivedBody, receive, save
from media_pipeline.fetch.client import GuardedSession
from media_pipeline.fetch.outcome import NETWORK_ERRORS, Refusal, refusal_of_error, refusal_of_status
from media_pipeline.fetch.sniff import STREAM_LISTS
from media_pipeline.model import FetchAttempt, FetchedFile, FetchFailure, Status

if TYPE_CHECKING:
    from media_pipeline.settings import Settings

TRIES = 3
"""Requests in all for one template when the trouble looks like it passes."""

MOST_REDIRECTS = 5

LONGEST_WAIT_SECONDS = 60.0
"""A longer Retry-After isn't waited for: the worker has better things to do."""

BACKOFF_SECONDS = 0.5
"""Mean of the wait before the second try, unless the host names one; it doubles with each."""

_REDIRECTS = frozenset((301, 302, 303, 307, 308))
_SUCCESSES = frozenset((200, 203))
_PARTIAL = frozenset((206,))
_NO_HEADERS: Mapping[str, str] = MappingProxyType({})
_EMPTY_SUCCESSES = frozenset((204, 205))
_DRAINED_BYTES = 64 * 1024
"""The body of a refusal up to this size is read to the end, since that keeps the connection open for the next."""


Taken = TypeVar("Taken")


@dataclass(frozen=True, slots=True)
class _Moved:
    """The host says that it is elsewhere."""

    url: str


@dataclass(frozen=True, slots=True)
class _Received:
    body: ReceivedBody
    etag: str | None
    last_modified: str | None


@dataclass(frozen=True, slots=True)
class FetchSettings:
    """The settings that a fetcher reads, under their own names: all that a worker process needs to know."""

    media_fetch_via: tuple[str, ...]
    media_allowed_hosts: tuple[str, ...]
    media_user_agent: str
    media_timeout_seconds: float
    max_file_bytes: int

    @classmethod
    def of(cls, settings: Settings) -> Self:
        return cls(
            settings.media_fetch_via,
            settings.media_allowed_hosts,
            settings.media_user_agent,
            settings.media_timeout_seconds,
            settings.max_file_bytes,
        )


class Fetcher:
    """Fetches media. One for all threads: each thread gets its own session and keeps its connections.

    Use it as a context manager; leaving it closes all connections and ends all waiting.
    """

    def __init__(self, settings: Settings | FetchSettings, *, backoff_seconds: float = BACKOFF_SECONDS) -> None:
        self._settings = settings
        self._backoff_seconds = backoff_seconds
        self._allowed = AllowedHosts(settings.media_allowed_hosts)
        self._local = threading.local()
        self._sessions: list[GuardedSession] = []
        self._closed = threading.Event()
        self._prefix = f"fetch-{secrets.token_hex(4)}"
        self._numbers = itertools.count()
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close every thread's connections. Whatever still waits to try again gives up."""
        self._closed.set()
        with self._lock:
            for session in self._sessions:
                session.close()
            self._sessions.clear()

    def fetch(self, url: str, folder: Path, expires_at: datetime | None = None) -> FetchedFile | FetchFailure:
        """Fetch a medium into a new file in ``folder``; ``expires_at`` is when the URL stops working, UTC.

        The templates of MEDIA_FETCH_VIA are asked in their order until one brings the medium. Where all fail, the
        first failure that may pass (``failed``) is reported, since the medium may still be had there; else the first.
        Raises TemporaryFileError when ``folder`` can't be written.
        """
        attempts: list[FetchAttempt] = []
        refusals: list[Refusal] = []
        for template in self._settings.media_fetch_via:
            asked = template.replace("{url}", url)
            try:
                received = self._medium(asked, folder, expires_at, attempts)
            except Refusal as refusal:
                refusals.append(refusal)
            else:
                _drop_evidence(refusals)
                return _fetched(asked, received, attempts)
        reported = next((refusal for refusal in refusals if refusal.status is Status.FAILED), refusals[0])
        _drop_evidence([refusal for refusal in refusals if refusal is not reported])
        return FetchFailure(
            reported.status, str(reported), tuple(attempts), reported.retry_after_seconds, reported.evidence
        )

    def _medium(self, url: str, folder: Path, expires_at: datetime | None, attempts: list[FetchAttempt]) -> _Received:
        """The medium; where the host sends a list of a stream's parts instead, the best of them joined."""
        try:
            return self._try(url, lambda response: self._take(response, folder, expires_at), attempts)
        except Refusal as refusal:
            if refusal.kind not in STREAM_LISTS:
                raise
            _drop_evidence([refusal])
        return self._stream(url, folder, expires_at, attempts)

    def _stream(self, url: str, folder: Path, expires_at: datetime | None, attempts: list[FetchAttempt]) -> _Received:
        # Imported here, since m3u8 and ffmpeg take 0.1 s that most workers never need.
        from media_pipeline.fetch.streams.download import download_stream
        from media_pipeline.fetch.streams.plan import ByteRange, Limits

        def get(url: str, path: Path, limit: int, byte_range: ByteRange | None = None) -> str:
            headers = {"Range": byte_range.header} if byte_range else {}
            start = byte_range.start if byte_range else None
            return self._try(url, lambda response: _save(response, path, limit, start, expires_at), attempts, headers)

        limits = Limits(self._settings.max_file_bytes)
        listed = self._new_path(folder)
        try:
            answered = get(url, listed, limits.list_bytes)
            text = listed.read_bytes()
        finally:
            listed.unlink(missing_ok=True)
        stream = download_stream(answered, text, get, folder, limits)
        return _Received(ReceivedBody(stream.path, stream.sha256, stream.md5_sum, stream.size, stream.type), None, None)

    def _try(
        self,
        url: str,
        take: Callable[[requests.Response], Taken | _Moved],
        attempts: list[FetchAttempt],
        headers: Mapping[str, str] = _NO_HEADERS,
    ) -> Taken:
        """Ask for a URL up to TRIES times; ``take`` makes of an answer what is wanted."""
        for tries_left in reversed(range(TRIES)):
            try:
                return self._follow(url, take, attempts, headers)
            except Refusal as refusal:
                if not (refusal.passing and tries_left and self._wait(refusal, TRIES - tries_left)):
                    raise
        raise AssertionError("the last try returns or raises")

    def _wait(self, refusal: Refusal, tried: int) -> bool:
        """Wait before the next try: as long as the host asks, else exponential backoff with full jitter.

        False when there is no point: the host asks for too long, or the fetcher was closed.
        """
        seconds = refusal.retry_after_seconds
        if seconds is None:
            seconds = random.uniform(0, self._backoff_seconds * 2**tried)
        if seconds > LONGEST_WAIT_SECONDS:
            return False
        return not self._closed.wait(seconds)

    def _follow(
        self,
        url: str,
        take: Callable[[requests.Response], Taken | _Moved],
        attempts: list[FetchAttempt],
        headers: Mapping[str, str],
    ) -> Taken:
        """Ask for a URL and go where it redirects. Each hop is a request of its own and checked like the first."""
        for _ in range(MOST_REDIRECTS + 1):
            answer = self._ask(url, take, attempts, headers)
            if not isinstance(answer, _Moved):
                return answer
            url = answer.url
        attempts[-1] = replace(attempts[-1], error_kind="too_many_redirects")
        raise Refusal(Status.FAILED, "too_many_redirects", f"more than {MOST_REDIRECTS} redirects")

    def _ask(
        self,
        url: str,
        take: Callable[[requests.Response], Taken | _Moved],
        attempts: list[FetchAttempt],
        headers: Mapping[str, str],
    ) -> Taken | _Moved:
        """One request: what is wanted, or the URL that the host redirects to. Recorded whatever happens."""
        started_at, began = datetime.now(UTC), time.perf_counter()
        response: requests.Response | None = None
        error_kind: str | None = None
        remote_address: str | None = None
        try:
            response = self._session().open(url, headers)
            remote_address = getattr(_raw(response).connection, "remote_address", None)
            return take(response)
        except Refusal as refusal:
            error_kind = refusal.kind
            raise
        except NETWORK_ERRORS as error:
            refusal = refusal_of_error(error)
            error_kind = refusal.kind
            raise refusal from error
        finally:
            attempts.append(
                FetchAttempt(
                    url,
                    started_at,
                    time.perf_counter() - began,
                    None if response is None else response.status_code,
                    error_kind,
                    0 if response is None else _raw(response).tell(),
                    remote_address,
                )
            )
            if response is not None:
                response.close()

    def _take(self, response: requests.Response, folder: Path, expires_at: datetime | None) -> _Received | _Moved:
        moved = _moved_or_refused(response, _SUCCESSES, expires_at)
        if moved:
            return moved
        body = receive(_raw(response), self._new_path(folder), self._settings.max_file_bytes)
        return _Received(body, response.headers.get("ETag"), response.headers.get("Last-Modified"))

    def _new_path(self, folder: Path) -> Path:
        return folder / f"{self._prefix}-{next(self._numbers)}"

    def _session(self) -> GuardedSession:
        session: GuardedSession | None = getattr(self._local, "session", None)
        if session is None:
            settings = self._settings
            session = GuardedSession(self._allowed, settings.media_user_agent, settings.media_timeout_seconds)
            self._local.session = session
            with self._lock:
                self._sessions.append(session)
        return session


def _save(
    response: requests.Response, path: Path, limit: int, start: int | None, expires_at: datetime | None
) -> str | _Moved:
    """Take a part of a stream, of any type; ``start`` is the first byte of the range that was asked for."""
    moved = _moved_or_refused(response, _SUCCESSES if start is None else _PARTIAL, expires_at)
    if moved:
        return moved
    answered = response.headers.get("Content-Range", "").replace("bytes ", "bytes=")
    if start is not None and not answered.startswith(f"bytes={start}-"):
        raise Refusal(Status.FAILED, "wrong_range", f"the host sent another range ({answered or 'unnamed'})")
    save(_raw(response), path, limit)
    return response.url


def _moved_or_refused(
    response: requests.Response, wanted: frozenset[int], expires_at: datetime | None
) -> _Moved | None:
    """None for the answer that is wanted, or where the host redirects to. Raises Refusal for any other."""
    headers, status = response.headers, response.status_code
    if status in wanted:
        return None
    _drain(_raw(response))
    if status in _EMPTY_SUCCESSES:
        raise Refusal(Status.NOT_MEDIA, "empty", f"the host answered {status}, without a body")
    if status in _REDIRECTS and "Location" in headers:
        return _Moved(_redirect_target(response.url, headers["Location"]))
    raise refusal_of_status(status, headers.get("Retry-After"), expires_at)


def _raw(response: requests.Response) -> BaseHTTPResponse:
    return cast("BaseHTTPResponse", response.raw)


def _redirect_target(url: str, location: str) -> str:
    """Locations are UTF-8 in practice, and http.client reads headers as Latin-1."""
    try:
        return urljoin(url, location.encode("latin-1").decode("utf-8", "replace"))
    except ValueError as error:
        raise Refusal(Status.UNSAFE, "invalid_url", f"the host redirects to what is no URL: {error}") from error


def _drain(raw: BaseHTTPResponse) -> None:
    length = getattr(raw, "length_remaining", None)
    if length is not None and length <= _DRAINED_BYTES:
        with contextlib.suppress(HTTPError):
            raw.read(_DRAINED_BYTES, decode_content=False)


def _drop_evidence(refusals: list[Refusal]) -> None:
    for refusal in refusals:
        if refusal.evidence is not None:
            refusal.evidence.unlink(missing_ok=True)


def _fetched(url: str, received: _Received, attempts: list[FetchAttempt]) -> FetchedFile:
    body = received.body
    return FetchedFile(
        path=body.path,
        url=url,
        sha256=body.sha256,
        md5_sum=body.md5_sum,
        file_size=body.size,
        mime_type=body.type.mime_type,
        extension=body.type.extension,
        media_type=body.type.media_type,
        etag=received.etag,
        last_modified=received.last_modified,
        attempts=tuple(attempts),
    )
