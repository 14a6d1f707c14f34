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
| sends HTML, JSON, XML, text, a playlist, nothing | stop, keep the body as evidence | not_media |
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
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Self, cast
from urllib.parse import urljoin

import requests
from urllib3 import BaseHTTPResponse
from urllib3.exceptions import HTTPError

from media_pipeline.fetch.addresses import AllowedHosts
from media_pipeline.fetch.body import ReceivedBody, receive
from media_pipeline.fetch.client import GuardedSession
from media_pipeline.fetch.outcome import NETWORK_ERRORS, Refusal, refusal_of_error, refusal_of_status
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
_EMPTY_SUCCESSES = frozenset((204, 205))
_DRAINED_BYTES = 64 * 1024
"""The body of a refusal up to this size is read to the end, since that keeps the connection open for the next."""


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
                received = self._try(asked, folder, expires_at, attempts)
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

    def _try(self, url: str, folder: Path, expires_at: datetime | None, attempts: list[FetchAttempt]) -> _Received:
        """Ask for a URL up to TRIES times."""
        for tries_left in reversed(range(TRIES)):
            try:
                return self._follow(url, folder, expires_at, attempts)
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

    def _follow(self, url: str, folder: Path, expires_at: datetime | None, attempts: list[FetchAttempt]) -> _Received:
        """Ask for a URL and go where it redirects. Each hop is a request of its own and checked like the first."""
        for _ in range(MOST_REDIRECTS + 1):
            answer = self._ask(url, folder, expires_at, attempts)
            if isinstance(answer, _Received):
                return answer
            url = answer
        attempts[-1] = replace(attempts[-1], error_kind="too_many_redirects")
        raise Refusal(Status.FAILED, "too_many_redirects", f"more than {MOST_REDIRECTS} redirects")

    def _ask(
        self, url: str, folder: Path, expires_at: datetime | None, attempts: list[FetchAttempt]
    ) -> _Received | str:
        """One request: the medium, or the URL that the host redirects to. Recorded whatever happens."""
        started_at, began = datetime.now(UTC), time.perf_counter()
        response: requests.Response | None = None
        error_kind: str | None = None
        remote_address: str | None = None
        try:
            response = self._session().open(url)
            remote_address = getattr(_raw(response).connection, "remote_address", None)
            return self._take(response, folder, expires_at)
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

    def _take(self, response: requests.Response, folder: Path, expires_at: datetime | None) -> _Received | str:
        headers, raw, status = response.headers, _raw(response), response.status_code
        if status in _SUCCESSES:
            body = receive(raw, folder / f"{self._prefix}-{next(self._numbers)}", self._settings.max_file_bytes)
            return _Received(body, headers.get("ETag"), headers.get("Last-Modified"))
        _drain(raw)
        if status in _EMPTY_SUCCESSES:
            raise Refusal(Status.NOT_MEDIA, "empty", f"the host answered {status}, without a body")
        if status in _REDIRECTS and "Location" in headers:
            return _redirect_target(response.url, headers["Location"])
        raise refusal_of_status(status, headers.get("Retry-After"), expires_at)

    def _session(self) -> GuardedSession:
        session: GuardedSession | None = getattr(self._local, "session", None)
        if session is None:
            settings = self._settings
            session = GuardedSession(self._allowed, settings.media_user_agent, settings.media_timeout_seconds)
            self._local.session = session
            with self._lock:
                self._sessions.append(session)
        return session


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
