"""References that a person wants to have tried again, and the answer to why one is not stored.

What belongs here: which are meant, and what is said of them. What does not: trying (``cached_media``).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlsplit

from media_pipeline.catalog import media, verdicts
from media_pipeline.catalog.database import Connection, Database
from media_pipeline.catalog.selection import Selection
from media_pipeline.fetch.http.addresses import UnsafeUrlError, asked_at
from media_pipeline.model import ImportPartition, Reason, Status
from media_pipeline.policy.reasons import ADVICE, reason_of
from media_pipeline.settings import Settings
from media_pipeline.stages.downloads.decided import decided_under

MAY_BE_TRIED = (
    *(Status.FAILED, Status.ABANDONED, Status.GONE, Status.EXPIRED, Status.FORBIDDEN),
    *(Status.TOO_LARGE, Status.NOT_MEDIA, Status.UNSAFE, Status.MISSING),
)
"""What is tried again where no status is named. What is in quarantine only comes by name."""

_PORTS = {"http": 80, "https": 443}

AT_ONCE = 500
"""References that one transaction makes due."""


@dataclass(frozen=True, slots=True)
class DueAgain:
    """What became due."""

    media: int
    partitions: tuple[ImportPartition, ...]


def try_again(
    database: Database,
    selection: Selection,
    statuses: Collection[Status] = MAY_BE_TRIED,
    reasons: Sequence[Reason] | None = None,
    host: str | None = None,
) -> DueAgain:
    """Make references due that are not stored, whatever was decided about them, with all their tries before them.

    ``host``: only those whose URL is of this host, or of one below it; ``host:port`` means that port alone.
    """
    with database.read() as connection:
        meant = verdicts.tried(connection, selection, statuses, reasons)
        found = [one for one in meant if host is None or _is_of(one.media_url, host)]
    for start in range(0, len(found), AT_ONCE):
        with database.write() as connection:
            media.retry_now(connection, [one.media_id for one in found[start : start + AT_ONCE]])
    return DueAgain(len(found), tuple(sorted({one.partition for one in found})))


def why(settings: Settings, database: Database, name: str) -> list[dict[str, Any]]:
    """For each reference that the name means: where it stands, why, what was asked, and what a person can do.

    ``name``: a reference's id, a post's id or address, or a URL of a medium, also with other letters percent-encoded
    than in the export.
    """
    present = decided_under(settings)
    with database.read() as connection:
        references = verdicts.named(connection, name, present, _written_otherwise(name))
        return [one | _explained(one) | {"requests": _requests(connection, one)} for one in references]


def _explained(reference: dict[str, Any]) -> dict[str, Any]:
    reason = reference["reason"]
    return {"to_do": ADVICE[Reason(reason)] if reason else None}


def _requests(connection: Connection, reference: dict[str, Any]) -> list[dict[str, Any]]:
    """Also of URLs that were refused before anything was sent: ``was_sent`` tells."""
    return [
        one | {"was_sent": reason_of(one["error_kind"], Status.FAILED) is not Reason.UNSAFE_URL}
        for one in verdicts.requests(connection, reference)
    ]


def _written_otherwise(url: str) -> set[str]:
    """The URL as it is asked, and without percent-encoding."""
    try:
        return {asked_at(url)[0], unquote(url)}
    except UnsafeUrlError:
        return {unquote(url)}


def _is_of(url: str, host: str) -> bool:
    try:
        parts = urlsplit(url)
        found, port = (parts.hostname or "").lower(), parts.port
    except ValueError:
        return False
    name, _, wanted_port = host.lower().partition(":")
    is_port = not wanted_port or str(port or _PORTS.get(parts.scheme)) == wanted_port
    return is_port and (found == name or found.endswith(f".{name}"))
