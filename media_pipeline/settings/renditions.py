"""Settings of renditions: what is drawn from originals, and what drawing may cost."""

from __future__ import annotations

import os
from typing import Annotated, Literal

from pydantic import Field
from pydantic_settings import NoDecode

from media_pipeline.model import Crop, PictureFormat
from media_pipeline.settings.group import MEGABYTE, SPLIT, SettingsGroup

X264Preset = Literal["ultrafast", "superfast", "veryfast", "faster", "fast", "medium", "slow", "slower", "veryslow"]


class Renditions(SettingsGroup):
    """Renditions."""

    title = "Renditions"

    media_rendition_longest_side: int = Field(
        1920, ge=16, le=16383, description="The longest side of a picture's rendition has at most this many pixels."
    )
    media_rendition_format: PictureFormat = Field(
        PictureFormat.JPEG,
        description="Renditions of pictures are files of this format: `jpeg` (progressive), `webp` or `avif`.",
    )
    media_jpeg_quality: int = Field(85, ge=1, le=95, description="JPEG renditions are written in this quality.")
    media_webp_quality: int = Field(80, ge=1, le=100, description="WebP renditions are written in this quality.")
    media_avif_quality: int = Field(65, ge=1, le=100, description="AVIF renditions are written in this quality.")
    media_thumbnail_size: int = Field(
        300, ge=16, le=2048, description="The square thumbnails that overviews show have sides of this many pixels."
    )
    media_thumbnail_sizes: Annotated[tuple[Annotated[int, Field(ge=16, le=2048)], ...], NoDecode, SPLIT] = Field(
        (), description="Further square thumbnails are drawn with sides of these many pixels."
    )
    media_thumbnail_crop: Literal[Crop.CENTRE, Crop.ATTENTION] = Field(
        Crop.CENTRE,
        description="Thumbnails show the `centre` of a picture, or the part that holds most (`attention`): faces, "
        "where OpenCV is installed (`pip install 'media-pipeline[faces]'`) and sees any.",
    )
    media_web_videos: bool = Field(
        True,
        description="True: a video that browsers can't play, or whose bitrate is over MEDIA_WEB_VIDEO_MAX_KBIT, gets a "
        "web rendition. False: none does.",
    )
    media_web_video_longest_side: int = Field(
        1280,
        ge=16,
        le=4096,
        description="The longest side of a web rendition, and of the video of an animated picture, has at most this "
        "many pixels.",
    )
    media_web_video_crf: int = Field(
        23,
        ge=0,
        le=51,
        description="Web renditions are encoded with this constant rate factor of x264; a lower one gives better and "
        "larger videos.",
    )
    media_web_video_preset: X264Preset = Field(
        "veryfast",
        description="Web renditions are encoded with this preset of x264, from `ultrafast` to `veryslow`; a slower one "
        "gives smaller videos.",
    )
    media_web_video_max_kbit: int = Field(
        8000,
        ge=0,
        description="A video of more kilobits a second than this gets a web rendition although browsers play it. 0: "
        "the bitrate does not matter.",
    )
    media_video_time_factor: float = Field(
        10,
        gt=0,
        description="Encoding a web rendition may take this many times the video's duration, and "
        "MEDIA_IMAGE_TIMEOUT_SECONDS.",
    )
    media_image_workers: int = Field(
        default_factory=lambda: os.cpu_count() or 1,
        ge=1,
        description="Files are read and drawn by this many worker processes. Empty: one for each core.",
    )
    media_image_timeout_seconds: float = Field(
        120, gt=0, description="Reading or drawing one file is ended after this many seconds."
    )
    media_image_memory_mb: float = Field(
        2000,
        ge=500,
        description="Reading or drawing one file is ended when it takes more megabytes (10^6 bytes) of address space "
        "than this. A picture of 100 megapixels takes up to 1,613.",
    )
    media_max_image_pixels: int = Field(
        178_000_000,
        ge=1_000_000,
        description="A picture of more pixels than this is not decoded but put in quarantine.",
    )

    @property
    def image_memory_bytes(self) -> int:
        """The address space that one file may take in a worker."""
        return int(self.media_image_memory_mb * MEGABYTE)
