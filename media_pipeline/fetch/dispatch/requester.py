"""One request and its answer: from a URL to a verified temporary file, a redirect, or the reason why not.

What belongs here: what is asked of a host, and what is taken of its answer. What does not: sockets
(:mod:`~media_pipeline.fetch.http.client`), the meaning of statuses and errors (:mod:`~media_pipeline.fetch.outcome`),
and what is asked next (:mod:`~media_pipeline.fetch.dispatch.journey`).
"""

from __future__ import annotations

import contextlib
import itertools
import os
import re
import secrets
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Self, cast

import requests
from urllib3 import BaseHTTPResponse
from urllib3.exceptions import HTTPError

from media_pipeline.fetch.body import (
    CHUNK_BYTES,
    BodyWriter,
    ReceivedBody,
    next_chunk,
    not_media,
    receive,
    refuse_too_large,
    save,
    whole,
)
from media_pipeline.fetch.dispatch.request import (
    Answer,
    Moved,
    Received,
    ReceivedPlaylist,
    ReceivedSegment,
    Request,
    RequestResult,
    SegmentFile,
    Unchanged,
)
from media_pipeline.fetch.http.addresses import redirect_target
from media_pipeline.fetch.http.answer_headers import kept_headers
from media_pipeline.fetch.http.client import ClientSettings, GuardedSession
from media_pipeline.fetch.outcome import (
    NETWORK_ERRORS,
    Refusal,
    refusal_of_error,
    refusal_of_status,
    refusal_of_unforeseen,
)
from media_pipeline.fetch.sniff import STREAM_LISTS, NotMedia, SniffedType, sniff
from media_pipeline.fetch.streams.plan import Limits
from media_pipeline.fetch.unfinished import Begun, UnfinishedDownload, UnfinishedDownloads
from media_pipeline.model import FetchAttempt, Status, Validators

if TYPE_CHECKING:
    from media_pipeline.settings import Settings

_REDIRECTS = frozenset((301, 302, 303, 307, 308))
_WHOLE = frozenset((200, 203))
_PARTIAL = 206
_EMPTY = frozenset((204, 205))
_UNCHANGED = 304
_RANGE_REFUSED = 416
_DRAINED_BYTES = 64 * 1024
"""The body of a refusal up to this size is read to the end, since that keeps the connection open for the next."""

_CONTENT_RANGE = re.compile(r"bytes (?:(\d+)-\d+|\*)/(\d+|\*)", re.ASCII)


@dataclass(frozen=True, slots=True)
class RequesterSettings:
    """All that a worker process needs to know."""

    client: ClientSettings
    max_file_bytes: int
    resumable_bytes: int
    unfinished: Path
    """Folder of unfinished downloads."""

    @classmethod
    def of(cls, settings: Settings) -> Self:
        return cls(
            ClientSettings.of(settings),
            settings.max_file_bytes,
            settings.resumable_bytes,
            settings.storage_path / "parts",
        )


class Requester:
    """Makes requests. One for all threads: each thread gets its own session and keeps its connections."""

    def __init__(self, settings: RequesterSettings) -> None:
        self._settings = settings
        self._unfinished = UnfinishedDownloads(settings.unfinished)
        self._local = threading.local()
        self._sessions: list[GuardedSession] = []
        self._prefix = f"fetch-{secrets.token_hex(4)}"
        self._numbers = itertools.count()
        self._lock = threading.Lock()

    def close(self) -> None:
        """Close every thread's connections."""
        with self._lock:
            for session in self._sessions:
                session.close()
            self._sessions.clear()

    def answer_to(self, request: Request) -> Answer:
        """One request. Raises TemporaryFileError or OSError when disk or machine are to blame.

        Whatever else a hostile answer makes Python, http.client or urllib3 raise belongs to this request.
        """
        started_at, began = datetime.now(UTC), time.perf_counter()
        held = self._unfinished.claim(request.first_url or request.url) if request.segment is None else None
        response: requests.Response | None = None
        remote_address: str | None = None
        certificate: str | None = None
        try:
            response = self._session().open(request.url, _headers(request, held))
            connection = _raw(response).connection
            remote_address = getattr(connection, "remote_address", None)
            certificate = getattr(connection, "certificate_sha256", None)
            result = self._result(request, response, held)
        except Refusal as refusal:
            result = refusal
        except NETWORK_ERRORS as error:
            result = refusal_of_error(error)
        except Exception as error:  # noqa: BLE001
            result = refusal_of_unforeseen(error)
        finally:
            if response is not None:
                response.close()
            if held is not None:
                held.file.close()
        attempt = FetchAttempt(
            request.url,
            started_at,
            time.perf_counter() - began,
            None if response is None else response.status_code,
            result.kind if isinstance(result, Refusal) else None,
            0 if response is None else _raw(response).tell(),
            remote_address,
            headers=None if response is None else kept_headers(response.headers),
            http_version=None if response is None else _http_version(response),
            certificate_sha256=certificate,
        )
        return Answer(result, attempt)

    def _result(self, request: Request, response: requests.Response, held: UnfinishedDownload | None) -> RequestResult:
        if request.segment is not None:
            return _take_segment(response, request, request.segment)
        try:
            return self._take(response, request, held)
        except Refusal as refusal:
            if held is not None and refusal.status is not Status.FAILED:
                held.discard()
            raise

    def _take(self, response: requests.Response, request: Request, held: UnfinishedDownload | None) -> RequestResult:
        """A medium, whole or the rest of it."""
        status, raw = response.status_code, _raw(response)
        if held is not None and held.begun is not None and status in (_PARTIAL, _RANGE_REFUSED):
            return self._go_on(response, request, held, held.begun)
        if status == _UNCHANGED and request.known is not None:
            return Unchanged()
        moved = _moved_or_refused(response, status in _WHOLE, request.expires_at)
        if moved:
            return moved
        limit = self._settings.max_file_bytes
        refuse_too_large(raw, limit)
        head = next_chunk(raw)
        found = sniff(head)
        if isinstance(found, SniffedType):
            body = self._store(response, request, held, head, found)
            return Received(body, _validators(response))
        if found.kind in STREAM_LISTS:
            return ReceivedPlaylist(response.url, whole(raw, head, Limits(limit).list_bytes))
        raise not_media(raw, head, self._new_path(request.folder), found)

    def _store(
        self,
        response: requests.Response,
        request: Request,
        held: UnfinishedDownload | None,
        head: bytes,
        found: SniffedType,
    ) -> ReceivedBody:
        """A medium from its first byte; a large one so that it can be gone on with if it breaks off."""
        raw, path, limit = _raw(response), self._new_path(request.folder), self._settings.max_file_bytes
        length = _resumable_length(response)
        if length is None or length < self._settings.resumable_bytes:
            if held is not None:
                held.discard()
            return receive(raw, path, limit, head, found)
        began = held or self._unfinished.begin(request.first_url or request.url)
        if began is None:
            return receive(raw, path, limit, head, found)
        began.start(_validators(response), length)
        writer = BodyWriter(began.file, limit)
        _write_rest(raw, began, writer, head)
        began.finish(path)
        return writer.received(path, found)

    def _go_on(self, response: requests.Response, request: Request, held: UnfinishedDownload, begun: Begun) -> Received:
        """The rest of a medium of which the beginning is there: of the same version, from the right byte."""
        raw = _raw(response)
        if not _is_rest(response, begun):
            _drain(raw)
            held.discard()
            message = "the host has another version than the one that was begun, or can't send its rest"
            raise Refusal(Status.FAILED, "range_refused", message, passing=True)
        writer = BodyWriter(held.file, self._settings.max_file_bytes)
        held.go_on(writer)
        _write_rest(raw, held, writer, b"" if response.status_code == _RANGE_REFUSED else next_chunk(raw))
        if writer.size != begun.length:
            raise Refusal(Status.FAILED, "truncated", "the rest of the body was shorter than it should", passing=True)
        path = self._new_path(request.folder)
        found = sniff(os.pread(held.file.fileno(), CHUNK_BYTES, 0))
        if isinstance(found, NotMedia):
            held.discard()
            raise Refusal(Status.NOT_MEDIA, found.kind, "the host sent something else instead of a medium")
        held.finish(path)
        return Received(writer.received(path, found), begun.validators)

    def _new_path(self, folder: Path) -> Path:
        return folder / f"{self._prefix}-{next(self._numbers)}"

    def _session(self) -> GuardedSession:
        session: GuardedSession | None = getattr(self._local, "session", None)
        if session is None:
            session = GuardedSession(self._settings.client)
            self._local.session = session
            with self._lock:
                self._sessions.append(session)
        return session


def _headers(request: Request, held: UnfinishedDownload | None) -> Mapping[str, str]:
    if request.segment is not None:
        return {"Range": request.segment.byte_range.header} if request.segment.byte_range else {}
    if held is not None and held.begun is not None:
        begun = held.begun
        return {"Range": f"bytes={begun.size}-", "If-Range": begun.etag or begun.last_modified or ""}
    if request.known is not None:
        asked = {"If-None-Match": request.known.etag, "If-Modified-Since": request.known.last_modified}
        return {name: value for name, value in asked.items() if value}
    return {}


def _take_segment(response: requests.Response, request: Request, segment: SegmentFile) -> Moved | ReceivedSegment:
    """A segment of a stream, of any type."""
    wanted = response.status_code == _PARTIAL if segment.byte_range else response.status_code in _WHOLE
    moved = _moved_or_refused(response, wanted, request.expires_at)
    if moved:
        return moved
    if segment.byte_range is not None:
        start, _ = _content_range(response)
        if start != segment.byte_range.start:
            raise Refusal(Status.FAILED, "wrong_range", f"the host sent another range (from {start})")
    save(_raw(response), segment.path, segment.limit)
    return ReceivedSegment(response.url)


def _write_rest(raw: BaseHTTPResponse, held: UnfinishedDownload, writer: BodyWriter, chunk: bytes) -> None:
    """Write until the body ends; if it breaks off, what has come is kept."""
    try:
        while chunk:
            writer.write(chunk)
            held.note(writer)
            chunk = next_chunk(raw)
    except Refusal:
        held.discard()
        raise
    except BaseException:
        held.keep(writer)
        raise


def _is_rest(response: requests.Response, begun: Begun) -> bool:
    """Whether the answer goes on where the download broke off, or says that nothing is missing.

    A 416 alone proves nothing: it is right only when the whole is as long as what is there.
    """
    start, total = _content_range(response)
    etag = response.headers.get("ETag")
    if (total is not None and total != begun.length) or (etag and begun.etag and etag != begun.etag):
        return False
    if response.status_code == _RANGE_REFUSED:
        return total == begun.size
    return start == begun.size


def _content_range(response: requests.Response) -> tuple[int | None, int | None]:
    """First byte and whole length, each None where the host doesn't say (RFC 9110, section 14.4)."""
    match = _CONTENT_RANGE.fullmatch(response.headers.get("Content-Range", "").strip())
    if match is None:
        return None, None
    start, total = match.groups()
    return None if start is None else int(start), None if total == "*" else int(total)


def _resumable_length(response: requests.Response) -> int | None:
    """The body's length when a rest of it can be asked for later, by a validator that tells versions apart."""
    headers = response.headers
    etag, length = headers.get("ETag", ""), headers.get("Content-Length", "")
    is_told_apart = (etag and not etag.startswith("W/")) or (not etag and headers.get("Last-Modified"))
    if not is_told_apart or "Content-Encoding" in headers or headers.get("Accept-Ranges", "").lower() == "none":
        return None
    return int(length) if length.isascii() and length.isdigit() else None


def _validators(response: requests.Response) -> Validators:
    return Validators(response.headers.get("ETag"), response.headers.get("Last-Modified"))


def _moved_or_refused(response: requests.Response, is_wanted: bool, expires_at: datetime | None) -> Moved | None:
    """None for the answer that is wanted, or where the host redirects to. Raises Refusal for any other."""
    headers, status = response.headers, response.status_code
    if is_wanted:
        return None
    _drain(_raw(response))
    if status in _EMPTY:
        raise Refusal(Status.NOT_MEDIA, "empty", f"the host answered {status}, without a body")
    if status in _REDIRECTS and "Location" in headers:
        return Moved(redirect_target(response.url, headers["Location"]))
    raise refusal_of_status(status, headers.get("Retry-After"), expires_at)


def _http_version(response: requests.Response) -> str:
    """``1.1``: http.client counts 11."""
    return "{}.{}".format(*divmod(_raw(response).version, 10))


def _raw(response: requests.Response) -> BaseHTTPResponse:
    return cast("BaseHTTPResponse", response.raw)


def _drain(raw: BaseHTTPResponse) -> None:
    length = getattr(raw, "length_remaining", None)
    if length is not None and length <= _DRAINED_BYTES:
        with contextlib.suppress(HTTPError):
            raw.read(_DRAINED_BYTES, decode_content=False)
