"""What became of a media reference: its status, the requests that were made, and what they brought."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from media_pipeline.model.posts import MediaType
from media_pipeline.model.reasons import Reason


class Status(StrEnum):
    """Where a media reference stands. It is always in exactly one of these."""

    PENDING = "pending"
    """Not tried yet."""
    STORED = "stored"
    """Its bytes are in the content store, or in the archive, under ``sha256``."""
    GONE = "gone"
    """The host says that it no longer exists (404, 410)."""
    EXPIRED = "expired"
    """Refused after the date that its signature names."""
    FORBIDDEN = "forbidden"
    """Refused (401, 403, 451) with no expiry to blame."""
    TOO_LARGE = "too_large"
    """Larger than the setting allows."""
    NOT_MEDIA = "not_media"
    """The host answered with something else: HTML, JSON, nothing."""
    UNSAFE = "unsafe"
    """The address is one that this program must not ask."""
    FAILED = "failed"
    """Did not work this time; ``next_attempt_at`` says when it is tried again."""
    ABANDONED = "abandoned"
    """Failed as often as the setting allows."""
    MISSING = "missing"
    """It was stored, and its bytes are neither in the store nor in the archive now. It is still due: ``sha256`` says
    which bytes are looked for, in both and at its host."""
    QUARANTINED = "quarantined"
    """Its bytes are kept aside since reading them failed or is dangerous."""
    SKIPPED = "skipped"
    """Known and kept as a reference, not fetched by choice; ``error`` says why."""


@dataclass(frozen=True, slots=True)
class FetchAttempt:
    """One request, as it went."""

    url: str
    started_at: datetime
    seconds: float
    http_status: int | None = None
    error_kind: str | None = None
    """None for success; else a stable word such as ``timeout``, ``http_404``, ``html``."""
    bytes_received: int = 0
    remote_address: str | None = None
    final_url: str | None = None
    """Where redirects led in the end, of each request that they led from and to; None: there were none."""
    headers: Mapping[str, str] | None = None
    """Of the answer, as far as they are kept; None: there was none."""
    http_version: str | None = None
    """Of the answer: ``1.1``."""
    certificate_sha256: str | None = None
    """Of the host's certificate as it was sent (DER), in hex; None without TLS."""


@dataclass(frozen=True, slots=True)
class Validators:
    """What a host said of the version that it sent, to ask whether it still is the one (RFC 9110, section 8.8)."""

    etag: str | None
    last_modified: str | None


@dataclass(frozen=True, slots=True)
class FetchedFile:
    """A complete, recognised body in a temporary file. Whoever receives it moves or removes it."""

    path: Path
    url: str
    """The URL as asked for, after the template of ``MEDIA_FETCH_VIA``."""
    sha256: str
    md5_sum: str
    file_size: int
    mime_type: str
    """Sniffed from the bytes."""
    extension: str
    """Without a dot, from the bytes."""
    media_type: MediaType
    etag: str | None
    last_modified: str | None
    attempts: tuple[FetchAttempt, ...]
    declared_width: int | None = None
    """Pixels that the export declares for the URL that brought it."""
    declared_height: int | None = None
    downgrade: str | None = None
    """Why it came from a lesser candidate than the best, in a line; None when it didn't."""
    final_url: str | None = None
    """What answered, where redirects led elsewhere than to ``url``."""


@dataclass(frozen=True, slots=True)
class FetchUnchanged:
    """The host still has the version that is known already."""

    attempts: tuple[FetchAttempt, ...]


@dataclass(frozen=True, slots=True)
class FetchFailure:
    """Why nothing was stored, and which status the reference takes."""

    status: Status
    error: str
    attempts: tuple[FetchAttempt, ...]
    retry_after_seconds: float | None = None
    """What the host asked for, when it did."""
    evidence: Path | None = None
    """A temporary file with the body that was refused, to be kept in quarantine."""
    evidence_headers: Mapping[str, str] = field(default_factory=dict[str, str])
    """The headers that came with it."""
    reason: Reason = field(kw_only=True)

    @property
    def is_unforeseen(self) -> bool:
        """Whether no rule says what the error means. It counts as an attempt, so that it is not met for ever."""
        return self.reason is Reason.UNFORESEEN
