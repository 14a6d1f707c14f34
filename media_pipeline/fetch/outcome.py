"""What went wrong with a request, and which status a medium takes from it.

What belongs here: the mapping from HTTP statuses, headers and errors to a refusal. What does not: asking, waiting.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import partial
from pathlib import Path
from typing import Any

import requests
import urllib3

from media_pipeline.fetch.http.addresses import UnsafeUrlError
from media_pipeline.fetch.http.pacing import BodyTooLongError, TooSlowError
from media_pipeline.model import Status, is_of_the_one, unforeseen
from media_pipeline.policy.expiry import is_over

NETWORK_ERRORS = (
    requests.RequestException,
    urllib3.exceptions.HTTPError,
    UnsafeUrlError,
    TooSlowError,
    BodyTooLongError,
)
"""What a request or the reading of its body may raise when host, network or URL is to blame."""

LONGEST_RETRY_AFTER_SECONDS = 365 * 24 * 3600.0
"""Whatever is longer means never."""

_MOST_DIGITS = 12

_PASSING_STATUSES = frozenset((408, 425, 429))
_GONE_STATUSES = frozenset((404, 410))
_FORBIDDEN_STATUSES = frozenset((401, 403, 451))

_INVALID_URL_ERRORS = (
    requests.exceptions.InvalidURL,
    requests.exceptions.MissingSchema,
    requests.exceptions.InvalidSchema,
    urllib3.exceptions.LocationValueError,
)


class Refusal(Exception):
    """One request that brought no medium. Never leaves this room: it becomes a FetchFailure."""

    def __init__(
        self,
        status: Status,
        kind: str,
        message: str,
        *,
        passing: bool = False,
        retry_after_seconds: float | None = None,
        evidence: Path | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.kind = kind
        self.passing = passing
        """It may well work in a moment."""
        self.retry_after_seconds = retry_after_seconds
        self.evidence = evidence
        self.headers = headers or {}
        """Those that came with the evidence."""

    @property
    def is_of_the_url(self) -> bool:
        """Whether another URL may do better at once: the host takes this one for a mistake, now and later (4xx)."""
        return self.kind.startswith("http_4") and not self.passing

    def __reduce__(self) -> tuple[Any, ...]:
        """So that it can be handed from a worker process to its parent."""
        words = {
            "passing": self.passing,
            "retry_after_seconds": self.retry_after_seconds,
            "evidence": self.evidence,
            "headers": self.headers,
        }
        return partial(Refusal, **words), (self.status, self.kind, str(self))


def refusal_of_status(http_status: int, retry_after: str | None, expires_at: datetime | None) -> Refusal:
    """What an answer other than success means; ``retry_after`` is that header's text."""
    kind = f"http_{http_status}"
    if http_status in _GONE_STATUSES:
        return Refusal(Status.GONE, kind, f"the host says that it no longer exists ({http_status})")
    if http_status in _FORBIDDEN_STATUSES:
        return _refusal_of_forbidden(http_status, expires_at)
    return Refusal(
        Status.FAILED,
        kind,
        f"the host answered {http_status}",
        passing=http_status in _PASSING_STATUSES or http_status >= 500,
        retry_after_seconds=seconds_of_retry_after(retry_after, datetime.now(UTC)),
    )


def _refusal_of_forbidden(http_status: int, expires_at: datetime | None) -> Refusal:
    kind = f"http_{http_status}"
    if http_status == 403 and expires_at is not None and is_over(expires_at, datetime.now(UTC)):
        return Refusal(Status.EXPIRED, kind, f"refused (403); the URL expired at {expires_at.isoformat()}")
    return Refusal(Status.FORBIDDEN, kind, f"the host refused ({http_status})")


def seconds_of_retry_after(text: str | None, now: datetime) -> float | None:
    """Read a Retry-After header, seconds or HTTP date (RFC 9110, section 10.2.3); None if absent or unreadable."""
    if not text:
        return None
    text = text.strip()
    if text.isascii() and text.isdigit():
        # No more digits than a number of seconds has that dates can hold: an absurd one stays absurd.
        return float(min(int(text[:_MOST_DIGITS]), LONGEST_RETRY_AFTER_SECONDS))
    try:
        when = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        # It is documented to raise the first alone.
        return None
    if when.tzinfo is None:
        when = when.replace(tzinfo=UTC)
    return min(max(0.0, (when - now).total_seconds()), LONGEST_RETRY_AFTER_SECONDS)


def refusal_of_error(error: Exception) -> Refusal:
    """What an error of NETWORK_ERRORS means. The cause is looked for down the chain that requests and urllib3 wrap."""
    chain = tuple(_causes(error))
    for cause in chain:
        refusal = _refusal_of_cause(cause)
        if refusal is not None:
            return refusal
    return Refusal(Status.FAILED, "connection", f"the connection failed: {chain[-1]}", passing=True)


UNFORESEEN = "unforeseen"


def refusal_of_unforeseen(error: Exception) -> Refusal:
    """What an error that no rule foresees means: this request has failed, and is tried again another time.

    Raises the error itself where disk or machine are to blame, or where it is ours.
    """
    if not is_of_the_one(error):
        raise error
    return Refusal(Status.FAILED, UNFORESEEN, unforeseen(error))


def _refusal_of_cause(cause: BaseException) -> Refusal | None:
    match cause:
        case UnsafeUrlError():
            return Refusal(Status.UNSAFE, cause.kind, str(cause))
        case TooSlowError():
            return Refusal(Status.FAILED, "too_slow", str(cause))
        case BodyTooLongError():
            return Refusal(Status.FAILED, "too_long", str(cause), passing=True)
        case socket.gaierror():
            return Refusal(Status.FAILED, "dns", f"the host's name can't be resolved: {cause.strerror}", passing=True)
        case _:
            return _refusal_of_http_error(cause)


def _refusal_of_http_error(cause: BaseException) -> Refusal | None:
    if isinstance(cause, _INVALID_URL_ERRORS):
        return Refusal(Status.UNSAFE, "invalid_url", f"the URL can't be asked: {cause}")
    if isinstance(cause, requests.exceptions.SSLError | urllib3.exceptions.SSLError):
        return Refusal(Status.FAILED, "tls", f"no trustworthy TLS connection: {cause}")
    if isinstance(cause, urllib3.exceptions.NewConnectionError):  # counts as a time-out there, whatever its cause
        return None
    if isinstance(cause, TimeoutError | requests.Timeout | urllib3.exceptions.TimeoutError):
        return Refusal(Status.FAILED, "timeout", "the host did not answer in time", passing=True)
    if isinstance(cause, urllib3.exceptions.IncompleteRead):
        return Refusal(Status.FAILED, "truncated", "the body ended before its Content-Length", passing=True)
    if isinstance(cause, urllib3.exceptions.DecodeError):
        return Refusal(Status.FAILED, "bad_encoding", f"the compressed body is broken: {cause}", passing=True)
    return None


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error and everything that it wraps, outermost first."""
    seen: set[int] = set()
    waiting: list[BaseException] = [error]
    while waiting:
        current = waiting.pop(0)
        if id(current) in seen:
            continue
        seen.add(id(current))
        yield current
        wrapped = (current.__cause__, current.__context__, getattr(current, "reason", None), *current.args)
        waiting.extend(inner for inner in wrapped if isinstance(inner, BaseException))
