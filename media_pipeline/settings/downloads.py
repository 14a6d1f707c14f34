"""Settings of downloads: what is fetched, how much at a time, and what a file may be."""

from __future__ import annotations

import os
import re
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import Field, field_validator
from pydantic_settings import NoDecode

from media_pipeline.model import Role
from media_pipeline.policy.placeholders import KNOWN_DIGESTS
from media_pipeline.policy.templates import is_template
from media_pipeline.settings.group import MEGABYTE, SPLIT, SettingsGroup

_DIGEST = re.compile(r"[0-9a-f]{32}|[0-9a-f]{64}", re.IGNORECASE)


class Downloads(SettingsGroup):
    """Downloads."""

    title = "Downloads"

    download_media: bool = Field(
        True,
        description="False: manifests are written and media that come with their export are stored, but no host "
        "is asked.",
    )
    media_download_workers: int = Field(
        5, ge=1, le=256, description="This many downloads run at the same time, over all hosts."
    )
    media_download_processes: int = Field(
        default_factory=lambda: os.cpu_count() or 1,
        ge=1,
        description="A long list of downloads is shared by this many processes; 1 keeps them in threads of the run's "
        "own process. Empty: one process for each core.",
    )
    media_timeout_seconds: float = Field(
        30,
        gt=0,
        description="A request fails when looking its host up, connecting, or waiting for the next bytes takes longer "
        "than this many seconds.",
    )
    media_lowest_speed: int = Field(
        1000,
        ge=0,
        description="A download fails when its host sends fewer bytes a second than this, on average over "
        "MEDIA_TIMEOUT_SECONDS.",
    )
    media_longest_download_seconds: float = Field(
        3600, gt=0, description="A request fails when it takes longer than this many seconds in all."
    )
    media_max_file_mb: float = Field(
        100, gt=0, description="A file of more megabytes (10^6 bytes) than this is not downloaded."
    )
    media_resume_above_mb: float = Field(
        1,
        ge=0,
        description="A download that breaks off after this many megabytes (10^6 bytes) is resumed from there by the "
        "next try; a shorter one begins anew.",
    )
    media_part_days: float = Field(
        7, ge=0, description="Unfinished downloads are kept for this many days, so that they can be resumed."
    )
    media_max_attempts: int = Field(
        8, ge=1, description="A download that fails in this many runs is given up (`abandoned`)."
    )
    media_recheck_days: float = Field(
        90,
        ge=0,
        description="What its host called gone or forbidden is asked once more after this many days, and up to a "
        "quarter more, so that not all is asked in one night. 0: never.",
    )
    media_try_expired: bool = Field(
        False,
        description="True: a URL is asked although its own signature says that it has expired. False: it is not asked.",
    )
    media_fetch_roles: Annotated[tuple[Role, ...], NoDecode, SPLIT] = Field(
        (Role.MEDIA,),
        description="Media of these roles are downloaded; roles are `media`, `poster`, `link_preview`, `cover`, "
        "`soundtrack`, `watermarked` and `subtitles`.",
    )
    media_fetch_via: Annotated[tuple[str, ...], NoDecode, SPLIT] = Field(
        ("{url}",),
        description="Each medium is asked for under these URL templates, one after the other until one succeeds; "
        "`{url}` stands for its own URL.",
    )
    media_failed_share_limit: float = Field(
        0.5,
        ge=0,
        le=1,
        description="The check `failed_downloads_under_limit` fails when a larger share of a partition's downloads "
        "(0 to 1) failed.",
    )
    media_placeholder_authors: int = Field(
        10,
        ge=2,
        description="A picture that comes under different URLs in posts of this many authors is flagged as a "
        "placeholder of its host.",
    )
    media_placeholder_digests: Annotated[tuple[str, ...], NoDecode, SPLIT] = Field(
        (),
        description="A file with one of these MD5s or SHA-256s is a placeholder of its host and is not stored as a "
        "medium; those that the project knows count besides.",
    )
    clamd_url: str = Field(
        "",
        description="Every new file is shown to the clamd at this address (`tcp://host:port` or "
        "`unix:///run/clamav/clamd.ctl`) before it is stored. Empty: files are not scanned.",
    )

    @field_validator("media_fetch_via")
    @classmethod
    def _templates_name_the_url(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not value or not all(map(is_template, value)):
            raise ValueError("every template must contain {url}")
        return value

    @field_validator("media_placeholder_digests")
    @classmethod
    def _digests_are_hexadecimal(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not all(map(_DIGEST.fullmatch, value)):
            raise ValueError("write each as the 32 digits of an MD5 or the 64 of a SHA-256")
        return value

    @field_validator("clamd_url")
    @classmethod
    def _clamd_is_an_address(cls, value: str) -> str:
        target = urlsplit(value)
        is_tcp = target.scheme == "tcp" and target.hostname and target.port and target.path in ("", "/")
        is_unix = target.scheme == "unix" and not target.netloc and target.path.startswith("/")
        if value and not is_tcp and not is_unix:
            raise ValueError("write tcp://host:port or unix:///path")
        return value

    @property
    def placeholder_digests(self) -> frozenset[str]:
        """The known ones and those of the setting, in lower case."""
        return KNOWN_DIGESTS | {digest.lower() for digest in self.media_placeholder_digests}

    @property
    def max_file_bytes(self) -> int:
        """The largest file that is downloaded."""
        return int(self.media_max_file_mb * MEGABYTE)

    @property
    def resumable_bytes(self) -> int:
        """The size from which on a download is resumed."""
        return int(self.media_resume_above_mb * MEGABYTE)
