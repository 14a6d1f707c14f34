"""The nouns that rooms hand each other, frozen, and the ids that they are known by.

What belongs here: values that cross a room's border, and nothing that needs a library.
What does not: how a value is read, fetched, drawn, stored or queried.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any


class MediaPipelineError(Exception):
    """The base of every error of ours: its text is one line that tells the user what to do."""


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


class Relation(StrEnum):
    """How a post came to stand inside another post's record. A post of its own has none."""

    REPOSTED = "reposted"
    QUOTED = "quoted"
    REPLY_PARENT = "reply_parent"


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
    QUARANTINED = "quarantined"
    """Its bytes are kept aside since reading them failed or is dangerous."""
    SKIPPED = "skipped"
    """Known and kept as a reference, not fetched by choice; ``error`` says why."""


def short_id(prefix: str, *parts: object) -> str:
    """``prefix-`` and 17 hex digits of the SHA-256 of the parts: the same parts, the same id."""
    digest = hashlib.sha256("\x1f".join(str(part) for part in parts).encode("utf-8", "surrogatepass"))
    return f"{prefix}-{digest.hexdigest()[:17]}"


def post_id_of(platform: str, native_id: str) -> str:
    """The id of a post, from the platform and the id that the platform gave it."""
    return short_id("p", platform, native_id)


def media_id_of(platform: str, native_id: str, position: int) -> str:
    """The id of the medium at ``position`` (from 0) of a post."""
    return short_id("med", platform, native_id, position)


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


@dataclass(frozen=True, slots=True)
class Locator:
    """Where in an import file a value stands: its line or byte offset, then a JSON Pointer (RFC 6901)."""

    line: int | None = None
    """Line in the decompressed text, from 1. For formats of one record a line."""
    offset: int | None = None
    """Byte in the decompressed text, from 0. For everything else."""
    pointer: str = ""
    member: str | None = None
    """The file inside an archive (zip) that the line or offset counts in."""

    def at(self, pointer: str) -> Locator:
        """The same place, ``pointer`` further down."""
        return Locator(self.line, self.offset, self.pointer + pointer, self.member)

    def __str__(self) -> str:
        place = f"line {self.line}" if self.line is not None else f"offset {self.offset or 0}"
        return f"{self.member}: {place}#{self.pointer}" if self.member else f"{place}#{self.pointer}"


@dataclass(frozen=True, slots=True)
class Record:
    """One JSON value as a reader took it from a file."""

    value: Any
    locator: Locator
    platform: str | None = None
    """The platform that the export itself names for it, if it does."""
    owner: Mapping[str, Any] | None = None
    """Whose account the export is of, where it says so once for all its posts; as the export writes it."""


@dataclass(frozen=True, slots=True)
class Fault:
    """A part of the input that could not be used, where it stands and why."""

    locator: Locator
    reason: str

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

    @property
    def post_id(self) -> str:
        return post_id_of(self.platform, self.native_id)


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
    """When the URL stops working, UTC, where the export says so beside it; the URL itself may say so too."""


@dataclass(frozen=True, slots=True)
class MediaRef:
    """One medium of a post. ``candidates`` stand best first; the first of its own role is fetched."""

    position: int
    media_type: MediaType
    candidates: tuple[Candidate, ...]
    role: Role = Role.MEDIA
    alt_text: str | None = None
    expires_at: datetime | None = None
    """When the chosen URL stops working, UTC, if the URL says so."""
    note: str | None = None
    """Why there is nothing to fetch, where the export gives no URL."""

    @property
    def chosen(self) -> Candidate | None:
        """The candidate to fetch, or None when the export offers none of this role."""
        return next((c for c in self.candidates if c.role == self.role), None)

    @property
    def url(self) -> str | None:
        return self.chosen.url if self.chosen else None


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


@dataclass(frozen=True, slots=True)
class VideoPdq:
    """The PDQ of the first frame of a second of a video."""

    second: int
    """From the start of the video."""
    pdq: str
    """64 hex digits."""
    pdq_quality: int
    """0 to 100."""


@dataclass(frozen=True, slots=True)
class FileFacts:
    """What a file says about itself, and what it is known by. Sizes are pixels as seen (orientation applied)."""

    width: int | None = None
    height: int | None = None
    duration: float | None = None
    """Seconds."""
    frames: int | None = None
    """Of a document its pages."""
    frame_rate: float | None = None
    """Pictures a second of a video."""
    video_codec: str | None = None
    """By ffmpeg's name."""
    audio_codec: str | None = None
    """By ffmpeg's name; None: there is no sound in it."""
    colour_profile: str | None = None
    """The ICC profile's own name, or what the container says."""
    orientation: int | None = None
    """As EXIF counts, 1 to 8; None: the file says nothing."""
    exif: Mapping[str, Any] | None = None
    """Every tag as text or number, by exifread's name (``Image Make``), bounded in size."""
    taken_at: str | None = None
    """ISO 8601, the camera's local time; with an offset only where the file names one."""
    camera_make: str | None = None
    camera_model: str | None = None
    lens: str | None = None
    software: str | None = None
    """That wrote the file."""
    latitude: float | None = None
    """Decimal degrees, south negative."""
    longitude: float | None = None
    """Decimal degrees, west negative."""
    altitude: float | None = None
    """Metres above the sea, below it negative."""
    caption: str | None = None
    """That the file carries itself, bounded in size."""
    pixel_sha256: str | None = None
    """Of its pixels, upright and in sRGB; of a video's poster frame, of a document's first page."""
    pdq: str | None = None
    """The perceptual hash of the same picture: 64 hex digits."""
    pdq_quality: int | None = None
    """0 to 100. Below 50 there is too little in the picture to tell it from others."""
    seconds: tuple[VideoPdq, ...] = ()
    """Of a video, in order, at most one for each of its first ten minutes' seconds."""
    truncated: str | None = None
    """How its end is missing; None: it is whole, or can't tell."""
    warnings: tuple[str, ...] = ()
    version: int = 0
    """Of the code that read them."""


class RenditionKind(StrEnum):
    """What a rendition is for."""

    OPTIMIZED = "optimized"
    """A picture to look at in full."""
    THUMBNAIL = "thumbnail"
    """A square, for overviews."""
    PAGE = "page"
    """A document's first page to look at in full."""
    ANIMATION = "animation"
    """An animated picture as a silent video."""
    WEB = "web"
    """A video that browsers play."""


class PictureFormat(StrEnum):
    """What pictures to look at are written as."""

    JPEG = "jpeg"
    WEBP = "webp"
    AVIF = "avif"


class Crop(StrEnum):
    """Which part of a picture its square thumbnail shows."""

    CENTRE = "centre"
    ATTENTION = "attention"
    """Where most is to be seen."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """How one kind of rendition is made. Its name changes with every choice, so old and new never mix."""

    kind: RenditionKind
    size: int
    """Pixels: side of the square for thumbnails, longest side for all others."""
    quality: int
    """On the format's own scale; of videos the constant rate factor of H.264 (0 to 51, 0 the best)."""
    version: int = 1
    """Raised when the same choices come out differently."""
    format: PictureFormat = PictureFormat.JPEG
    """Of a picture to look at in full. Thumbnails are WebP, videos MP4."""
    crop: Crop = Crop.CENTRE
    """Of a thumbnail."""
    preset: str = ""
    """Of x264: how much time is given for how few bytes."""
    max_bitrate: int = 0
    """Bits a second above which an original is not left as it is although browsers play it; 0: any."""

    @property
    def name(self) -> str:
        choices = (
            self.format if self.format is not PictureFormat.JPEG else "",
            self.crop if self.crop is not Crop.CENTRE else "",
            self.preset,
            f"b{self.max_bitrate // 1000}" if self.max_bitrate else "",
        )
        parts = (self.kind, str(self.size), *choices, f"q{self.quality}", f"v{self.version}")
        return "-".join(part for part in parts if part)


@dataclass(frozen=True, slots=True)
class RenderedFile:
    """One rendition in a temporary file, or that the original itself serves as one."""

    kind: RenditionKind
    recipe: str
    path: Path | None
    """None: the original stands for it, and what follows is the original's."""
    mime_type: str
    width: int
    height: int
    """Pixels as seen."""
    file_size: int
    sha256: str
    partial: bool = False
    """Drawn from what there is of a truncated original."""

    @property
    def stands_in(self) -> bool:
        """Whether the original stands for it."""
        return self.path is None


@dataclass(frozen=True, slots=True)
class ArchivedObject:
    """An object of the archive whose checksum was read back and found right."""

    key: str
    url: str
    etag: str
    provider: str
    """``s3``, ``r2``, ``gcs``, ``minio`` or ``local``."""
    size: int
    sent: bool
    """False when it already was there with the right checksum."""


@dataclass(frozen=True, slots=True)
class Report:
    """What a stage did for one partition, for people."""

    numbers: Mapping[str, int | float] = field(default_factory=dict[str, int | float])
    """Counts, rates and bytes, each plotted over time under its name."""
    table: tuple[Mapping[str, Any], ...] = ()
    """Failures or findings, a row each, with the same columns."""
    markdown: Mapping[str, str] = field(default_factory=dict[str, str])
    """Pages to look at, by title."""
