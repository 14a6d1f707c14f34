"""Manifests: what posts say about their media, written into the table post_media.

What belongs here: what a new or newer manifest does to a reference. What does not: what fetching does (``media``).
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from media_pipeline.catalog.selection import pieces
from media_pipeline.catalog.storable import as_stored
from media_pipeline.catalog.tables import media_versions, post_media
from media_pipeline.model import Candidate, MediaRef, Role, Status, media_id_of
from media_pipeline.policy.media_keys import Identity, identity, same_media, says_more

_CANDIDATE_FIELDS = tuple(field.name for field in fields(Candidate))
_NOT_FETCHED_YET = (Status.PENDING, Status.FAILED, Status.SKIPPED)


@dataclass(frozen=True, slots=True)
class Manifest:
    """The media references of one post, as its platform module reads them today."""

    post_id: str
    platform: str
    native_id: str
    import_id: str
    refs: Sequence[MediaRef]


def save(connection: sa.Connection, manifests: Sequence[Manifest], roles: Collection[Role]) -> int:
    """Write the references of posts and return how many are new or changed.

    A medium that was known keeps its reference, wherever in the post it stands now, and that keeps what was fetched:
    only what the export says is updated. One that failed, for good or not, and whose URL is another one now (signed
    anew) is pending again; one that is not fetched yet is skipped when there is no URL any more or its role is not
    wanted. A medium that the post no longer shows beside others is marked as removed, and keeps all else.
    """
    known = _known(connection, {manifest.post_id for manifest in manifests})
    now = datetime.now(UTC)
    new: dict[str, dict[str, Any]] = {}
    changed = 0
    for manifest in manifests:
        rows = known.get(manifest.post_id, [])
        places = _places(manifest.refs, rows)
        ids = {row["media_id"] for row in rows}
        for ref, place in zip(manifest.refs, places, strict=True):
            row = _row(manifest, ref, roles)
            if place is None:
                key = _free_key(manifest, ref.key, ids)
                media_id = media_id_of(manifest.platform, manifest.native_id, key)
                ids.add(media_id)
                new[media_id] = row | {"media_key": key}
            else:
                before = rows[place]
                changed += _update(connection, before, _changes(before, row) | _learned_key(before, ref.key), now)
        # Many exports leave media out: one that shows none says nothing of them.
        left = [row for place, row in enumerate(rows) if place not in places] if manifest.refs else []
        gone = [row for row in left if row["removed_at"] is None]
        changed += sum(_update(connection, row, {"removed_at": now}, now) for row in gone)
    if new:
        versions = _last_versions(connection, new)
        connection.execute(
            sa.insert(post_media),
            [
                {"media_id": media_id, "version": versions.get(media_id, 0) + 1, "created_at": now, "updated_at": now}
                | row
                for media_id, row in new.items()
            ],
        )
    return len(new) + changed


def _known(connection: sa.Connection, post_ids: Iterable[str]) -> dict[str, list[sa.RowMapping]]:
    """Every reference of these posts, those that were removed last."""
    found: dict[str, list[sa.RowMapping]] = {}
    query = sa.select(post_media).order_by(post_media.c.removed_at.is_not(None), post_media.c.position)
    for piece in pieces(post_ids):
        for row in connection.execute(query.where(post_media.c.post_id.in_(piece))).mappings():
            found.setdefault(row["post_id"], []).append(row)
    return found


def _free_key(manifest: Manifest, key: str, ids: Collection[str]) -> str:
    """The key, or a longer one: the id that it makes may be another medium's, which has learned a better key since."""
    while media_id_of(manifest.platform, manifest.native_id, key) in ids:
        key += "+"
    return key


def _places(refs: Sequence[MediaRef], rows: Sequence[sa.RowMapping]) -> list[int | None]:
    """For each medium of a manifest, which of the post's references is its own; None: it is new."""
    if not rows:
        return [None] * len(refs)
    wanted = [identity(ref.key, _urls_of(ref), ref.position) for ref in refs]
    return same_media(wanted, list(map(_identity_of, rows)))


def _urls_of(ref: MediaRef) -> Iterator[str]:
    """Of the medium itself: its preview may be another medium's as well."""
    return (candidate.url for candidate in ref.candidates if candidate.role is ref.role)


def _identity_of(row: sa.RowMapping) -> Identity:
    own = (candidate["url"] for candidate in row["candidates"] if candidate["role"] == row["role"])
    return identity(row["media_key"], filter(None, (row["media_url"], row["fetched_url"], *own)), row["position"])


def _update(connection: sa.Connection, row: sa.RowMapping, values: Mapping[str, Any], now: datetime) -> bool:
    if values:
        changes = sa.update(post_media).where(post_media.c.media_id == row["media_id"])
        connection.execute(changes.values(updated_at=now, **values))
    return bool(values)


def _last_versions(connection: sa.Connection, media_ids: Iterable[str]) -> dict[str, int]:
    """The last version that is kept of each reference that was pruned and comes back."""
    return {
        row.media_id: row.version
        for piece in pieces(media_ids)
        for row in connection.execute(
            sa.select(media_versions.c.media_id, sa.func.max(media_versions.c.version).label("version"))
            .where(media_versions.c.media_id.in_(piece))
            .group_by(media_versions.c.media_id)
        )
    }


def _row(manifest: Manifest, ref: MediaRef, roles: Collection[Role]) -> dict[str, Any]:
    skipped = _skip_reason(ref, roles)
    return {
        "removed_at": None,
        "post_id": manifest.post_id,
        "import_id": manifest.import_id,
        "position": ref.position,
        "media_type": ref.media_type,
        "role": ref.role,
        "media_url": ref.url,
        "url_digest": url_digest(ref.url) if ref.url else None,
        "candidates": [_plain(candidate) for candidate in ref.candidates],
        "alt_text": ref.alt_text,
        "url_expires_at": ref.expires_at,
        "status": Status.SKIPPED if skipped else Status.PENDING,
        "error": skipped,
    }


def _plain(candidate: Candidate) -> dict[str, Any]:
    """What ``dataclasses.asdict`` gives, which copies each value and took a third of a manifest's time."""
    plain = {name: getattr(candidate, name) for name in _CANDIDATE_FIELDS}
    if candidate.expires_at:
        plain["expires_at"] = candidate.expires_at.isoformat()
    return plain


def _skip_reason(ref: MediaRef, roles: Collection[Role]) -> str | None:
    if ref.url is None:
        return ref.note or "the export gives no URL for it"
    if ref.role not in roles:
        return f"role {ref.role.value} is not among MEDIA_FETCH_ROLES"
    return None


def _changes(before: sa.RowMapping, row: Mapping[str, Any]) -> dict[str, Any]:
    """What a newer manifest changes in a known row."""
    row = {name: as_stored(post_media.c[name], value) for name, value in row.items()}
    said = {name: row[name] for name in row.keys() - {"status", "error"} if before[name] != row[name]}
    return said | _changes_of_status(before, row)


def _learned_key(before: sa.RowMapping, key: str) -> dict[str, str]:
    """A key of a better kind, where the reference was made by an export that did not name it."""
    return {"media_key": key} if says_more(key, before["media_key"]) else {}


def _changes_of_status(before: sa.RowMapping, row: Mapping[str, Any]) -> dict[str, Any]:
    if before["status"] == Status.MISSING:
        # It keeps looking for the bytes that it had; another URL is another chance, at once.
        is_signed_anew = row["url_digest"] != before["url_digest"]
        return {"attempts": 0, "next_attempt_at": None} if is_signed_anew else {}
    if row["status"] == Status.SKIPPED:
        takes_effect = before["status"] in _NOT_FETCHED_YET
    else:
        is_open = before["status"] not in (Status.PENDING, Status.STORED)
        takes_effect = is_open and (before["status"] == Status.SKIPPED or before["url_digest"] != row["url_digest"])
    if not takes_effect or (before["status"], before["error"]) == (row["status"], row["error"]):
        return {}
    return {"status": row["status"], "error": row["error"], "attempts": 0, "next_attempt_at": None}


def url_digest(url: str) -> str:
    """The key by which the same URL is found again."""
    return hashlib.sha256(url.encode("utf-8", "surrogatepass")).hexdigest()
