"""References that a person wants to have tried again, and the answer to why one is not stored.

What belongs here: which are meant, and what is said of them. What does not: trying (``cached_media``).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from media_pipeline.catalog import media, verdicts
from media_pipeline.catalog.database import Connection, Database
from media_pipeline.catalog.selection import Selection, post_ids_at
from media_pipeline.fetch.http.addresses import UnsafeUrlError, asked_at
from media_pipeline.model import ImportPartition, Reason, Status
from media_pipeline.policy.addresses import constant_part, decoded
from media_pipeline.policy.reasons import ADVICE, SETTINGS_OF, reason_of_request, was_sent
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
    present = decided_under(settings), settings.media_fetch_roles
    with database.read() as connection:
        found = verdicts.named(connection, [name], *present)
        if not found and (alike := [*post_ids_at(connection, name), *_urls_alike(connection, name)]):
            found = verdicts.named(connection, alike, *present)
        return [one | _explained(one, _requests(connection, one)) for one in found]


def _explained(reference: dict[str, Any], requests: list[dict[str, Any]]) -> dict[str, Any]:
    reason = Reason(reference["reason"]) if reference["reason"] else None
    return {
        "to_do": ADVICE[reason] if reason else None,
        "due_by_settings": _settings_of(reason) if reason and reference["is_due_by_settings"] else [],
        "was": _before(requests[-1], reference["updated_at"]) if _is_due_again(reference, requests) else None,
        "requests": requests,
    }


def _settings_of(reason: Reason) -> list[str]:
    names = SETTINGS_OF.get(reason, ("media_fetch_roles",))
    return [name.upper() for name in names]


def _is_due_again(reference: dict[str, Any], requests: list[dict[str, Any]]) -> bool:
    return reference["status"] == Status.PENDING and bool(requests)


def _before(last: dict[str, Any], due_since: datetime) -> dict[str, Any]:
    """What the last request came to, of a reference that was made due again since: its own verdict is taken back."""
    kind = last["error_kind"]
    return {
        "reason": reason_of_request(kind) if kind else None,
        "error_kind": kind,
        "asked_at": last["started_at"],
        "due_since": due_since,
    }


def _requests(connection: Connection, reference: dict[str, Any]) -> list[dict[str, Any]]:
    """Also of URLs that were refused before anything was sent: ``was_sent`` tells."""
    found = verdicts.requests(connection, reference)
    return [one | {"was_sent": was_sent(one["error_kind"], one["status"])} for one in found]


def _urls_alike(connection: Connection, name: str) -> list[str]:
    """The URLs of the library that are asked as this one is. Every reference is looked at for them."""
    part = constant_part(name)
    wanted = _as_compared(name)
    if not part or wanted is None:
        return []
    return [url for url in verdicts.urls_with(connection, part) if _as_compared(url) == wanted]


def _as_compared(url: str) -> str | None:
    """The URL as it is asked, without percent-encoding; None for what is no URL."""
    try:
        return decoded(asked_at(url)[0])
    except UnsafeUrlError:
        return None


def _is_of(url: str, host: str) -> bool:
    try:
        parts = urlsplit(url)
        found, port = (parts.hostname or "").lower(), parts.port
    except ValueError:
        return False
    name, _, wanted_port = host.lower().partition(":")
    is_port = not wanted_port or str(port or _PORTS.get(parts.scheme)) == wanted_port
    return is_port and (found == name or found.endswith(f".{name}"))
