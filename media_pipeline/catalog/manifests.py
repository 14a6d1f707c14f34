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
from media_pipeline.model import Candidate, MediaRef, Reason, Role, Status, media_id_of
from media_pipeline.policy.expiry import is_over
from media_pipeline.policy.media_keys import Identity, identity, of_url, same_media, says_more

_CANDIDATE_FIELDS = tuple(field.name for field in fields(Candidate))
MOST_CANDIDATES = 100
"""Kept of a medium. An export may come every day for years, each with URLs that are signed anew."""
_OF_STATUS = frozenset(("status", "reason", "error"))
_NOT_FETCHED_YET = (Status.PENDING, Status.FAILED, Status.SKIPPED)


@dataclass(frozen=True, slots=True)
class Manifest:
    """The media references of one post, as its platform module reads them today."""

    post_id: str
    platform: str
    native_id: str
    import_id: str
    refs: Sequence[MediaRef]
    tells_media: bool = True
    """Whether it says what the post shows now; that of an older sighting only adds to what is known."""


def save(connection: sa.Connection, manifests: Sequence[Manifest], roles: Collection[Role]) -> int:
    """Write the references of posts and return how many are new or changed.

    A medium that was known keeps its reference, wherever in the post it stands now, and that keeps what was fetched:
    only what the export says is updated. Its candidates are those of all sightings. One that failed, for good or not,
    and has a URL now that was not known and may work is pending again; one that is not fetched yet is skipped when no
    sighting gave a URL or its role is not wanted. A medium that the post no longer shows beside others is marked as
    removed, and keeps all else; so is one that only an older sighting shows.
    """
    return sum(_save_once(connection, some, roles) for some in _each_post_once(manifests))


def _each_post_once(manifests: Sequence[Manifest]) -> Iterator[list[Manifest]]:
    """The manifests in their order, divided so that no part has two of one post: each is joined to what is there."""
    part: dict[str, Manifest] = {}
    for manifest in manifests:
        if manifest.post_id in part:
            yield list(part.values())
            part = {}
        part[manifest.post_id] = manifest
    yield list(part.values())


def _save_once(connection: sa.Connection, manifests: Sequence[Manifest], roles: Collection[Role]) -> int:
    known = _known(connection, {manifest.post_id for manifest in manifests})
    now = datetime.now(UTC)
    new: dict[str, dict[str, Any]] = {}
    changed = 0
    for manifest in manifests:
        rows = known.get(manifest.post_id, [])
        places = _places(manifest.refs, rows)
        ids = {row["media_id"] for row in rows}
        for ref, place in zip(manifest.refs, places, strict=True):
            if place is None:
                key = _free_key(manifest, ref.key, ids)
                media_id = media_id_of(manifest.platform, manifest.native_id, key)
                ids.add(media_id)
                new[media_id] = {
                    **_exported(manifest, ref, None if manifest.tells_media else now),
                    **_by_candidates(ref, [_plain(one) for one in ref.candidates], ref.role, roles),
                    "media_key": key,
                    "files": list(ref.files) or None,
                }
            else:
                before = rows[place]
                changes = _changes(before, _joined(manifest, before, ref, roles, now), now)
                changed += _update(connection, before, changes | _learned_key(before, ref.key), now)
        # Many exports leave media out: one that shows none says nothing of them.
        is_told = manifest.refs and manifest.tells_media
        shown = set(places)
        left = [row for place, row in enumerate(rows) if place not in shown] if is_told else []
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
    """The last version that is kept of each reference that schema 0013 or an older one removed, and that comes back."""
    return {
        row.media_id: row.version
        for piece in pieces(media_ids)
        for row in connection.execute(
            sa.select(media_versions.c.media_id, sa.func.max(media_versions.c.version).label("version"))
            .where(media_versions.c.media_id.in_(piece))
            .group_by(media_versions.c.media_id)
        )
    }


def _exported(manifest: Manifest, ref: MediaRef, removed_at: datetime | None) -> dict[str, Any]:
    """What a sighting says of a medium besides where it can be had from."""
    return {
        "removed_at": removed_at,
        "post_id": manifest.post_id,
        "import_id": manifest.import_id,
        "position": ref.position,
        "media_type": ref.media_type,
        "role": ref.role,
        "alt_text": ref.alt_text,
    }


def _by_candidates(
    ref: MediaRef, candidates: Sequence[dict[str, Any]], role: str, roles: Collection[Role]
) -> dict[str, Any]:
    """Where a medium can be had from, and what follows from that."""
    candidates = candidates[:MOST_CANDIDATES]
    chosen = next((one for one in candidates if one["role"] == role), None)
    url = chosen["url"] if chosen else None
    reason, skipped = _why_skipped(ref, url, role, roles)
    return {
        "candidates": candidates,
        "media_url": url,
        "url_digest": url_digest(url) if url else None,
        "url_expires_at": _end_of(chosen) if chosen else None,
        "status": Status.SKIPPED if skipped else Status.PENDING,
        "reason": reason,
        "error": skipped,
    }


def _joined(
    manifest: Manifest, before: sa.RowMapping, ref: MediaRef, roles: Collection[Role], now: datetime
) -> dict[str, Any]:
    """What all sightings together say of a known medium, of which ``ref`` is one sighting's word."""
    own = [_plain(candidate) for candidate in ref.candidates]
    if manifest.tells_media:
        said = _exported(manifest, ref, None)
        newer, older = own, before["candidates"]
    else:
        said = {name: before[name] for name in _exported(manifest, ref, None)}
        newer, older = before["candidates"], own
    said["alt_text"] = said["alt_text"] or before["alt_text"] or ref.alt_text
    candidates = _union(newer, older, said["role"], now)
    joined = said | _by_candidates(ref, candidates, said["role"], roles)
    joined["files"] = list(dict.fromkeys([*ref.files, *(before["files"] or ())])) or None
    if _is_held_from_elsewhere(before, joined):
        joined |= {name: before[name] for name in ("media_url", "url_digest", "url_expires_at")}
    elif joined["url_digest"] == before["url_digest"]:
        joined["url_expires_at"] = joined["url_expires_at"] or before["url_expires_at"]
    else:
        # The run that brings another URL is the one that asks for it.
        joined["import_id"] = manifest.import_id
    return joined


def _is_held_from_elsewhere(before: sa.RowMapping, joined: Mapping[str, Any]) -> bool:
    """Whether the bytes are there, and the URL that would stand beside them is not theirs signed anew or mirrored.

    Other posts take the bytes of a URL from the reference that has it.
    """
    old, new = before["media_url"], joined["media_url"]
    return before["status"] == Status.STORED and None not in (old, new) and of_url(old) != of_url(new)


def _union(
    newer: Sequence[dict[str, Any]], older: Sequence[dict[str, Any]], role: str, now: datetime
) -> list[dict[str, Any]]:
    """The candidates of two sightings: those of the newer first, unless an older one still works and is better.

    That is one that declares a larger picture than all of the newer, or any where all of the newer have expired.
    """

    def works(one: Mapping[str, Any]) -> bool:
        return one["role"] == role and not is_over(_end_of(one), now)

    urls = {one["url"] for one in newer}
    rest = [one for one in older if one["url"] not in urls]
    largest = max(map(_pixels, filter(works, newer)), default=0)
    has_expired = not any(map(works, newer))
    better = [one for one in rest if works(one) and (has_expired or _pixels(one) > largest > 0)]
    others = sorted((one for one in rest if one not in better), key=lambda one: not works(one))
    return [*better, *newer, *others]


def _pixels(candidate: Mapping[str, Any]) -> int:
    return (candidate.get("width") or 0) * (candidate.get("height") or 0)


def _end_of(candidate: Mapping[str, Any]) -> datetime | None:
    end = candidate.get("expires_at")
    return datetime.fromisoformat(end) if end else None


def _plain(candidate: Candidate) -> dict[str, Any]:
    """What ``dataclasses.asdict`` gives, which copies each value and took a third of a manifest's time."""
    plain = {name: getattr(candidate, name) for name in _CANDIDATE_FIELDS}
    if candidate.expires_at:
        plain["expires_at"] = candidate.expires_at.isoformat()
    return plain


def _why_skipped(
    ref: MediaRef, url: str | None, role: str, roles: Collection[Role]
) -> tuple[Reason | None, str | None]:
    if url is None:
        return Reason.NO_URL, ref.note or "no export gives a URL for it"
    if role not in roles:
        return Reason.ROLE_NOT_WANTED, f"role {Role(role).value} is not among MEDIA_FETCH_ROLES"
    return None, None


def _changes(before: sa.RowMapping, row: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """What a manifest changes in a known row."""
    row = {name: as_stored(post_media.c[name], value) for name, value in row.items()}
    said = {name: row[name] for name in row.keys() - _OF_STATUS if before[name] != row[name]}
    return said | _changes_of_status(before, row, _has_another_chance(before, row, now))


def _has_another_chance(before: sa.RowMapping, row: Mapping[str, Any], now: datetime) -> bool:
    """Whether there is a URL now that may work and that was not known."""
    known = {one["url"] for one in before["candidates"]}
    new = [one for one in row["candidates"] if one["url"] not in known and one["role"] == row["role"]]
    is_another = before["url_digest"] != row["url_digest"]
    return is_another or any(not is_over(_end_of(one), now) for one in new)


def _learned_key(before: sa.RowMapping, key: str) -> dict[str, str]:
    """A key of a better kind, where the reference was made by an export that did not name it."""
    return {"media_key": key} if says_more(key, before["media_key"]) else {}


def _changes_of_status(before: sa.RowMapping, row: Mapping[str, Any], has_another_chance: bool) -> dict[str, Any]:
    if before["status"] == Status.MISSING:
        # It keeps looking for the bytes that it had; another URL is another chance, at once.
        return {"attempts": 0, "next_attempt_at": None} if has_another_chance else {}
    if row["status"] == Status.SKIPPED:
        takes_effect = before["status"] in _NOT_FETCHED_YET
    else:
        is_open = before["status"] not in (Status.PENDING, Status.STORED)
        takes_effect = is_open and (before["status"] == Status.SKIPPED or has_another_chance)
    if not takes_effect or (before["status"], before["error"]) == (row["status"], row["error"]):
        return {}
    again = {name: row[name] for name in _OF_STATUS} | {"attempts": 0, "next_attempt_at": None}
    if before["media_type"] != row["media_type"]:
        # What was of the wrong type may be of the right one now. Else only what is new is asked.
        again["decided_under"] = None
    return again


def url_digest(url: str) -> str:
    """The key by which the same URL is found again."""
    return hashlib.sha256(url.encode("utf-8", "surrogatepass")).hexdigest()
