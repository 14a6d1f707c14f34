"""Posts and their media as pages show them: facts, and the words for them.

What belongs here: frozen rows of text from outside, which is data, and what a reader is told of it. What does not:
markup (the templates).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from media_pipeline.model import MediaType, Status

_IN_WORDS = {
    Status.PENDING: "Not downloaded yet",
    Status.GONE: "No longer at its host",
    Status.EXPIRED: "Its link has expired",
    Status.FORBIDDEN: "Its host refuses it",
    Status.TOO_LARGE: "Larger than the limit",
    Status.NOT_MEDIA: "Its host sent something that is no medium",
    Status.UNSAFE: "Its address is one that must not be asked",
    Status.FAILED: "Could not be downloaded yet; it is tried again",
    Status.ABANDONED: "Could not be downloaded, however often it was tried",
    Status.MISSING: "Was stored, and its file is lost; it is looked for again",
    Status.QUARANTINED: "Set aside: its file is damaged or dangerous",
    Status.SKIPPED: "Not downloaded on purpose",
}
_SHOWN_BY_BROWSERS = frozenset({"jpg", "png", "gif", "webp", "avif"})


def is_picture(file: str | None) -> bool:
    """Whether browsers show a file of this name as a picture."""
    return file is not None and file.rpartition(".")[2] in _SHOWN_BY_BROWSERS


def bytes_text(count: float) -> str:
    """Bytes as people read them, in powers of 1,000: ``312 kB``, ``12.3 MB``."""
    for unit, digits in (("B", 0), ("kB", 0), ("MB", 1), ("GB", 1)):
        if round(abs(count), digits) < 1000:
            return f"{count:.{digits}f} {unit}"
        count /= 1000
    return f"{count:,.1f} TB"


def file_facts(width: int | None, height: int | None, file_size: int | None, mime_type: str | None) -> list[str]:
    """Size in pixels and bytes, and kind, as far as they are known: ``1440 × 1800``, ``312 kB``, ``jpeg``."""
    pixels = f"{width} × {height}" if width and height else ""
    size = bytes_text(file_size) if file_size else ""
    return [fact for fact in (pixels, size, (mime_type or "").partition("/")[2]) if fact]


@dataclass(frozen=True, slots=True)
class Medium:
    """A medium of a post: what became of it, what is known of its file, and where that lies."""

    media_type: str
    status: Status
    reason: str | None = None
    """Why it is not stored."""
    alt_text: str | None = None
    is_duplicate: bool = False
    is_removed: bool = False
    """Whether its post was seen without it since."""
    width: int | None = None
    height: int | None = None
    file_size: int | None = None
    mime_type: str | None = None
    duration: float | None = None
    """Seconds."""
    frames: int | None = None
    camera: str | None = None
    coordinates: tuple[float, float] | None = None
    """Latitude and longitude in degrees."""
    thumbnail: str | None = None
    """A path relative to the page. None where there is none, and where the file is shown in its place."""
    file: str | None = None
    """What is opened or played, likewise."""
    player: MediaType | None = None
    """Video or audio: what plays the file. None: it is opened."""
    archive_key: str | None = None

    @property
    def picture(self) -> str | None:
        """The file, where browsers show it as a picture; else None."""
        return self.file if not self.player and is_picture(self.file) else None

    @property
    def is_lost(self) -> bool:
        """Whether it counts as stored, and its file is nowhere."""
        return self.status is Status.STORED and not self.file and not self.archive_key

    @property
    def is_as_wanted(self) -> bool:
        """Whether nothing went wrong: it is stored, its turn has not come, or the settings leave it out."""
        return self.status in (Status.STORED, Status.PENDING, Status.SKIPPED) and not self.is_lost

    @property
    def note(self) -> str | None:
        """What became of it, for people; None where it is stored and here."""
        if self.status is not Status.STORED or self.file:
            return _IN_WORDS.get(self.status)
        return "Not found in the store: run media-pipeline verify" if self.is_lost else "Only in the archive"

    @property
    def facts(self) -> str:
        """``1200 × 1600 · 312 kB · jpeg · Sample Optics Pier 35 · 54.1798, 12.0868``"""
        known = file_facts(self.width, self.height, self.file_size, self.mime_type)
        known += [self.camera] if self.camera else []
        known += ["{:.4f}, {:.4f}".format(*self.coordinates)] if self.coordinates else []
        return " · ".join(known)

    @property
    def marks(self) -> Iterator[str]:
        """What is marked on its picture: a duplicate, how long it plays, what is not a still picture, what is gone."""
        if self.is_removed:
            yield "not in the newest sighting of its post"
        if self.is_duplicate:
            yield "duplicate"
        if self.duration and self.media_type in (MediaType.VIDEO, MediaType.AUDIO):
            sign = "▶" if self.media_type == MediaType.VIDEO else "♪"
            yield f"{sign} {self.duration // 60:.0f}:{self.duration % 60:02.0f}"
        elif self.media_type == MediaType.DOCUMENT:
            yield "document"
        elif (self.frames or 1) > 1:
            yield "animated"


@dataclass(frozen=True, slots=True)
class Post:
    """A post: who said what when, and its media in order."""

    platform: str
    author_name: str | None
    author_handle: str | None
    posted_at: datetime | None
    """UTC."""
    url: str | None
    text: str | None
    """All of it."""
    relation: str | None = None
    media: tuple[Medium, ...] = ()
    post_id: str = ""

    @property
    def author(self) -> str:
        return self.author_name or self.author_handle or "Unknown author"

    @property
    def is_a_url(self) -> bool:
        """Whether nothing but its address is known: it was fetched by itself."""
        return bool(self.url) and not (self.author_name or self.author_handle or self.text)

    @property
    def byline(self) -> str:
        """Author, platform and day in one line, which the handle begins."""
        author = f"@{self.author_handle}" if self.author_handle else self.author_name or "unknown author"
        return f"{author} · {self.platform} · {f'{self.posted_at:%Y-%m-%d}' if self.posted_at else 'no date'}"

    @property
    def when(self) -> str:
        """``twitter · repost · 2026-07-03 05:12 UTC``"""
        moment = f"{self.posted_at:%Y-%m-%d %H:%M} UTC" if self.posted_at else "no date"
        return " · ".join(part for part in (self.platform, self.relation, moment) if part)

    @property
    def day(self) -> str:
        return f"{self.posted_at.day} {self.posted_at:%B %Y}" if self.posted_at else "without a date"

    @property
    def month(self) -> str:
        return f"{self.posted_at:%B %Y}" if self.posted_at else "Without a date"
