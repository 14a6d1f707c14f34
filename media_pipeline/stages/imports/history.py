"""What is known of one post: what it says now, what became of its media, and each import that has seen it.

What belongs here: a post's versions, and what changed from one to the next, read again from their exports. What does
not: how they are printed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from media_pipeline.catalog import media_reports, sightings
from media_pipeline.catalog import posts as posts_table
from media_pipeline.catalog.database import Database
from media_pipeline.catalog.selection import Selection
from media_pipeline.catalog.sightings import Source
from media_pipeline.model import KnownBy, MediaPipelineError, MediaRef, Sighting, post_id_of
from media_pipeline.policy.sightings import believed, decided_by, rank
from media_pipeline.policy.wording import worded
from media_pipeline.posts.extract import ExtractedPost
from media_pipeline.posts.platforms import platform_names
from media_pipeline.settings import Settings
from media_pipeline.stages.imports.source_exports import NoProvenance, export_of, post_in

_COMPARED = ("text", "author_handle", "author_name", "posted_at", "url", "like_count", "share_count", "deleted_at")


class NoSuchPost(MediaPipelineError):
    """No import holds the post, or several posts have this id.

    To do: Name the post by our id (p-…), the platform's id, or the address of its page.
    """


@dataclass(frozen=True, slots=True)
class Version:
    """One import that has seen the post."""

    observed_at: str
    """ISO 8601, UTC."""
    observed_by: KnownBy
    file: str
    """Below the import path."""
    place: str
    """Where it stands in that file."""
    is_shown: bool
    """Whether the post says what this version says."""
    stub: str | None
    relation: str | None
    media: int
    changes: tuple[str, ...]
    """What is another than in the version before it."""
    decided_by: str | None = None
    """Of the version that is shown: the rule (a field of :class:`~media_pipeline.policy.sightings.Rank`) by which it
    is shown and not another one that was observed at the same time."""


@dataclass(frozen=True, slots=True)
class PostHistory:
    """A post with its media and versions."""

    post: dict[str, Any]
    """The row of the catalogue without the raw JSON; of a post that is known by stubs alone: id and platform."""
    media: tuple[dict[str, Any], ...]
    """Rows of the catalogue with their files, those that left the post last."""
    versions: tuple[Version, ...]
    """The oldest observation first."""

    def as_json(self) -> dict[str, Any]:
        return {"post": self.post, "media": list(self.media), "versions": [asdict(one) for one in self.versions]}


def history_of(settings: Settings, database: Database, name: str) -> PostHistory:
    """Everything that is known of the post of this name: our id, the platform's id, or its address. Raises NoSuchPost.

    Exports are read again for what changed, where a post has more than one version.
    """
    now = datetime.now(UTC)
    with database.read() as connection:
        found = posts_table.named(connection, name)
        candidates = [post["post_id"] for post in found] or [name, *(post_id_of(one, name) for one in platform_names())]
        seen = sightings.of_posts(connection, candidates)
        ids = [post["post_id"] for post in found] or list(seen)
        if len(ids) != 1:
            raise NoSuchPost(_why_none(name, ids))
        post_id = ids[0]
        history = sorted(seen.get(post_id, {}).values(), key=lambda one: (one.observed.at, rank(one, now)))
        sources = sightings.sources(connection, [one.import_id for one in history])
        media = list(media_reports.listing(connection, Selection(post=post_id)))
    platform = sources[history[0].import_id].platform if history else found[0]["platform"]
    post = found[0] if found else {"post_id": post_id, "platform": platform}
    shown = max(
        (one for one in history if one.raw_sha256 == post.get("raw_sha256")),
        key=lambda one: rank(one, now),
        default=None,
    )
    return PostHistory(
        post,
        tuple(sorted(media, key=lambda row: row["removed_at"] is not None)),
        tuple(_versions(settings, post_id, history, sources, shown, _tie_break(shown, history, now))),
    )


def _why_none(name: str, ids: Sequence[str]) -> str:
    if not ids:
        return f"no import holds a post {name!r}; name it by our id (p-…), the platform's id, or its page's address"
    return f"{len(ids)} posts have the id {name!r}: {', '.join(ids)}; name one of them"


def _tie_break(shown: Sighting | None, history: Sequence[Sighting], now: datetime) -> str | None:
    """By which rule a sighting was taken and not another of the same time; None where no other one says otherwise."""
    if shown is None:
        return None
    same_time = [one for one in history if one is not shown and one.observed.at == shown.observed.at]
    others = [one for one in same_time if one.raw_sha256 != shown.raw_sha256]
    next_best = believed(others, now)
    return decided_by(shown, next_best, now) if next_best else None


def _versions(
    settings: Settings,
    post_id: str,
    history: Sequence[Sighting],
    sources: dict[str, Source],
    shown: Sighting | None,
    tie_break: str | None,
) -> Iterator[Version]:
    before: tuple[Sighting, ExtractedPost | None] | None = None
    differ = len({one.raw_sha256 for one in history if one.raw_sha256}) > 1
    for sighting in history:
        source = sources[sighting.import_id]
        changes: tuple[str, ...] = ()
        if sighting.raw_sha256 and differ:
            if before and before[0].raw_sha256 == sighting.raw_sha256:
                now, note = before[1], "nothing"
            else:
                now, note = _read(settings, source, post_id, sighting)
            changes = (note,) if note else tuple(_changes(before[1] if before else None, now))
            before = (sighting, now)
        yield Version(
            observed_at=sighting.observed.at.isoformat(),
            observed_by=sighting.observed.known_by,
            file=source.paths[0] if source.paths else source.path,
            place=sighting.locator,
            is_shown=sighting is shown,
            stub=sighting.stub,
            relation=sighting.relation.value if sighting.relation else None,
            media=sighting.media,
            changes=changes,
            decided_by=tie_break if sighting is shown else None,
        )


def _read(
    settings: Settings, source: Source, post_id: str, sighting: Sighting
) -> tuple[ExtractedPost | None, str | None]:
    """A version from its export, or why it can't be read."""
    try:
        path = export_of(settings, sighting.import_id, source.paths)
        return post_in(path, source.platform, post_id, sighting.locator), None
    except (NoProvenance, OSError) as error:
        return None, f"not known: {error}"


def _changes(before: ExtractedPost | None, now: ExtractedPost | None) -> Iterator[str]:
    if before is None or now is None:
        return
    for name in _COMPARED:
        old, new = getattr(before.post, name), getattr(now.post, name)
        if old != new:
            yield f"{name}: {_said(old)} -> {_said(new)}"
    old_media, new_media = ({ref.key: ref for ref in one.media} for one in (before, now))
    yield from (f"media gone: {_named(ref)}" for key, ref in old_media.items() if key not in new_media)
    yield from (f"media new: {_named(ref)}" for key, ref in new_media.items() if key not in old_media)
    kept = [[key for key in one if key in other] for one, other in ((old_media, new_media), (new_media, old_media))]
    if kept[0] != kept[1]:
        yield "media in another order"


def _said(value: object) -> str:
    if value is None:
        return "nothing"
    return f'"{value}"' if isinstance(value, str) else worded(value)


def _named(ref: MediaRef) -> str:
    return f"{ref.media_type.value} {ref.url or ref.note or ref.key}"
