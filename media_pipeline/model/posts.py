"""What stands in an export: where a value stands, the records, the posts and the media that they refer to, and the ids
that posts and media are known by."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any


class MediaType(StrEnum):
    """What a medium is, and the name of its kind in the store."""

    IMAGE = "image"
    VIDEO = "video"
    AUDIO = "audio"
    DOCUMENT = "document"


class Role(StrEnum):
    """What a medium is to its post. Only ``media`` is the post's own content."""

    MEDIA = "media"
    POSTER = "poster"
    LINK_PREVIEW = "link_preview"
    COVER = "cover"
    SOUNDTRACK = "soundtrack"
    WATERMARKED = "watermarked"
    SUBTITLES = "subtitles"


class Relation(StrEnum):
    """How a post came to stand inside another post's record. A post of its own has none."""

    REPOSTED = "reposted"
    QUOTED = "quoted"
    REPLY_PARENT = "reply_parent"
    RECOMMENDED = "recommended"
    """Another person's, which the page shows below it."""


@dataclass(frozen=True, slots=True, order=True)
class ImportPartition:
    """One day's imports of one platform: the unit in which everything is run and run again."""

    import_date: date
    platform: str

    @property
    def key(self) -> str:
        """Dagster's key, ``2026-11-20|twitter``: dimensions in the order of their names."""
        return f"{self.import_date.isoformat()}|{self.platform}"

    @classmethod
    def from_key(cls, key: str) -> ImportPartition:
        """Read Dagster's key."""
        day, platform = key.split("|", 1)
        return cls(date.fromisoformat(day), platform)


_MEMBER = re.compile(r"(?!(?:line|offset) \d+#)(?P<member>.+?): (?:line|offset) \d+#", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Locator:
    """Where in an import file a value stands: its line or byte offset, then a JSON Pointer (RFC 6901)."""

    line: int | None = None
    """Line in the decompressed text, from 1. For formats of one record a line."""
    offset: int | None = None
    """Byte in the decompressed text, from 0. For everything else."""
    pointer: str = ""
    member: str | None = None
    """The file inside an archive (zip, tar) that the line or offset counts in."""

    def at(self, pointer: str) -> Locator:
        """The same place, ``pointer`` further down."""
        return Locator(self.line, self.offset, self.pointer + pointer, self.member)

    def __str__(self) -> str:
        place = f"line {self.line}" if self.line is not None else f"offset {self.offset or 0}"
        return f"{self.member}: {place}#{self.pointer}" if self.member else f"{place}#{self.pointer}"

    @staticmethod
    def member_in(text: str) -> str | None:
        """The file inside an archive that a locator names, by the locator as text."""
        match = _MEMBER.match(text)
        return match["member"] if match else None


@dataclass(frozen=True, slots=True)
class Record:
    """One JSON value as a reader took it from a file."""

    value: Any
    locator: Locator
    platform: str | None = None
    """The platform that the export itself names for it, if it does, by name or by a host of its pages."""
    owner: Mapping[str, Any] | None = None
    """Whose account the export is of, where it says so once for all its posts; as the export writes it."""
    collected_at: Any = None
    """When the record was collected, where its wrapping says so; as the export writes it."""


@dataclass(frozen=True, slots=True)
class Fault:
    """A part of the input that could not be used, where it stands and why."""

    locator: Locator
    reason: str
    stub_of: str | None = None
    """The native id of a post, where what stands here only says that the post is blocked, deleted or unavailable."""

    def __str__(self) -> str:
        return f"{self.locator}: {self.reason}"


@dataclass(frozen=True, slots=True)
class Post:
    """One post as its platform module read it. ``raw`` is enough to read its media again."""

    platform: str
    native_id: str
    raw: Mapping[str, Any]
    locator: Locator
    author_id: str | None = None
    author_handle: str | None = None
    author_name: str | None = None
    posted_at: datetime | None = None
    """UTC, timezone-aware."""
    url: str | None = None
    text: str | None = None
    like_count: int | None = None
    share_count: int | None = None
    """How often it was shared, reposted or retweeted, as the export says; quotes are not counted in."""
    relation: Relation | None = None
    unavailable: str | None = None
    """Why its platform no longer shows what it said, where the export says so: such a post is a stub."""

    @property
    def post_id(self) -> str:
        return post_id_of(self.platform, self.native_id)


class KnownBy(StrEnum):
    """How it is known when an export saw a post."""

    COLLECTED = "collected"
    """The record names the time of its collection."""
    EDITED = "edited"
    """The post's last edit, which is newer than any other time in the file."""
    NEWEST = "newest"
    """The newest time in the file: the export can't be older."""
    FILE = "file"
    """The file's own time of change."""
    IMPORT = "import"
    """The file was first read then."""


@dataclass(frozen=True, slots=True)
class Observation:
    """When an export saw a post, as far as that is known."""

    at: datetime
    """UTC, timezone-aware."""
    known_by: KnownBy


@dataclass(frozen=True, slots=True)
class Sighting:
    """One import that holds a post."""

    import_id: str
    import_date: date
    first_read_at: datetime
    """When the import was first read."""
    locator: str
    raw_sha256: str | None
    """Tells one version of the post from another; None for a stub that is no post of its own."""
    relation: Relation | None
    stub: str | None
    """Why it tells nothing of the post; None where it does."""
    observed: Observation
    edited_at: datetime | None
    """The post's last edit, UTC, where the export names it."""
    urls_end_at: datetime | None
    """When the last of the media URLs that it gives stops working, UTC; None where none says so."""
    media: int
    """How many media it shows."""
    reader_version: int
    """Of the platform module that read it."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """One URL that a medium can be had from, with what the export declares about it."""

    url: str
    width: int | None = None
    height: int | None = None
    bitrate: int | None = None
    """Bits a second."""
    role: Role = Role.MEDIA
    rule: str = ""
    """Why it stands where it stands among the candidates, e.g. ``highest bitrate mp4``."""
    codec: str | None = None
    """As the export names it, e.g. ``h264``."""
    expires_at: datetime | None = None
    """When the URL stops working, UTC, where the URL itself or the export beside it says so."""


@dataclass(frozen=True, slots=True)
class MediaRef:
    """One medium of a post. ``candidates`` stand best first; the first of its own role is fetched."""

    position: int
    media_type: MediaType
    candidates: tuple[Candidate, ...]
    key: str
    """By what the medium is known again in another sighting of its post: :mod:`media_pipeline.policy.media_keys`."""
    role: Role = Role.MEDIA
    alt_text: str | None = None
    note: str | None = None
    """Why there is nothing to fetch, where the export gives no URL."""
    files: tuple[str, ...] = ()
    """Paths of its file in the export itself, as the export writes them."""

    @property
    def chosen(self) -> Candidate | None:
        """The candidate to fetch, or None when the export offers none of this role."""
        return next((c for c in self.candidates if c.role == self.role), None)

    @property
    def url(self) -> str | None:
        return self.chosen.url if self.chosen else None

    @property
    def expires_at(self) -> datetime | None:
        """When the chosen URL stops working, UTC, if the export or the URL says so."""
        return self.chosen.expires_at if self.chosen else None


def short_id(prefix: str, *parts: object) -> str:
    """``prefix-`` and 17 hex digits of the SHA-256 of the parts: the same parts, the same id."""
    digest = hashlib.sha256("\x1f".join(str(part) for part in parts).encode("utf-8", "surrogatepass"))
    return f"{prefix}-{digest.hexdigest()[:17]}"


def post_id_of(platform: str, native_id: str) -> str:
    """The id of a post, from the platform and the id that the platform gave it."""
    return short_id("p", platform, native_id)


def media_id_of(platform: str, native_id: str, key: str) -> str:
    """The id of the medium of a post that has this key.

    The tag keeps it from the ids of earlier versions, which were made of the position: they stay as they are.
    """
    return short_id("med", platform, native_id, f"key:{key}")
