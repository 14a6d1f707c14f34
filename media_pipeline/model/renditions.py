"""What is drawn from an original: the choices, and the files."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path


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
    MOTION = "motion"
    """The video of a motion photo, as browsers play it."""


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
    FACES = "faces"
    """Where faces are, and where there are none, where most is to be seen."""


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
