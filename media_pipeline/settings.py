"""Every setting once: its name in the environment or ``.env`` is the field's name in capitals.

What belongs here: names, types, defaults, limits and what each is for. What does not: any use of them.
No other module reads the environment.
"""

from __future__ import annotations

import json
import os
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self
from urllib.parse import quote, urlsplit

from pydantic import Field, SecretStr, TypeAdapter, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from media_pipeline.model import Crop, MediaPipelineError, PictureFormat, Role

X264Preset = Literal["ultrafast", "superfast", "veryfast", "faster", "fast", "medium", "slow", "slower", "veryslow"]

MEGABYTE = 1_000_000
GIGABYTE = 1_000_000_000


class SettingsError(MediaPipelineError):
    """A setting has a value that can't be used; the text names it and what it may be."""


class Settings(BaseSettings):
    """The one settings object. Read it with :func:`load_settings`, pass it on whole."""

    model_config = SettingsConfigDict(
        env_file=".env",
        env_file_encoding="utf-8",
        extra="ignore",
        frozen=True,
        str_strip_whitespace=True,
        hide_input_in_errors=True,
    )

    if TYPE_CHECKING:
        # No call names all fields: what is left out comes from the environment, `.env` or the default.
        def __init__(self, **values: Any) -> None: ...

    media_storage_path: Path = Field(
        Path("data"), description="Folder for originals, renditions, quarantine, log and the embedded catalogue."
    )
    media_catalog_url: str = Field(
        "", description="SQLAlchemy URL of the catalogue. Empty: SQLite, `catalog.sqlite` under the storage path."
    )
    media_import_path: Path = Field(
        Path("imports"), description="Folder of exports, laid out `<platform>/<YYYY-MM-DD>/…`."
    )
    media_import_settle_seconds: float = Field(
        10, ge=0, description="A file is imported once it has not changed for this many seconds."
    )
    media_start_date: date = Field(date(2024, 1, 1), description="First import date, i.e. the first partition.")
    media_base_url: str = Field(
        "", description="Address under which a web server shows the storage path; links in reports begin with it."
    )
    media_public: bool = Field(
        False, description="Media files are readable by all (0644/0755), for a web server. Else 0600/0700."
    )
    media_lease_seconds: float = Field(
        60,
        ge=3,
        description="A run that says nothing for this long is suspected to be dead, and is given up if it is still "
        "silent a little later.",
    )
    download_media: bool = Field(True, description="False: manifests only, nothing is fetched.")

    aws_s3_bucket: str = Field("", description="Bucket of the archive. Empty: a local folder by the same interface.")
    aws_s3_region: str = Field("us-east-1", description="Region of the bucket.")
    aws_access_key_id: str = Field("", description="Empty: the usual AWS chain (profile, instance role).")
    aws_secret_access_key: SecretStr = Field(SecretStr(""), description="Belongs to the access key id.")
    aws_s3_endpoint_url: str = Field("", description="For R2, MinIO, or GCS interoperability.")
    media_archive_path: Path | None = Field(
        None, description="Folder of the archive when no bucket is set. Empty: `archive` under the storage path."
    )

    media_download_workers: int = Field(5, ge=1, le=256, description="Concurrent downloads.")
    media_download_processes: int = Field(
        default_factory=lambda: os.cpu_count() or 1,
        ge=1,
        description="Processes that share the downloads of a long list. 1: threads of the run's own process. "
        "Default: the cores.",
    )
    media_host_workers: int = Field(5, ge=1, le=256, description="Concurrent downloads from one host (name and port).")
    media_host_rate: float = Field(
        0,
        ge=0,
        description="Requests a second to one host, at most. 0: no such limit. With one, downloads are not shared by "
        "processes.",
    )
    media_backoff_seconds: float = Field(
        0.5,
        gt=0,
        description="Mean wait before a request is tried again in the same run; it doubles with each try.",
    )
    media_ban_after: int = Field(
        10, ge=1, description="Answers 429 or 403 in a row after which a host is left alone, and its rest for later."
    )
    media_ban_minutes: float = Field(60, gt=0, description="For so long.")
    media_try_expired: bool = Field(
        False, description="True: URLs are asked although they say themselves that they have expired."
    )
    media_resume_above_mb: float = Field(
        1, ge=0, description="Downloads from this size on (10^6 bytes) are resumed where they broke off."
    )
    media_part_days: float = Field(7, ge=0, description="Unfinished downloads are kept for so long.")
    media_timeout_seconds: float = Field(
        30, gt=0, description="To look a host up, to connect to it, and between two reads of a download."
    )
    media_lowest_speed: int = Field(
        1000, ge=0, description="Bytes a second that a host must send over each time-out, or the download is given up."
    )
    media_longest_download_seconds: float = Field(3600, gt=0, description="Time that one request may take in all.")
    media_max_file_mb: float = Field(100, gt=0, description="Largest file that is downloaded, in 10^6 bytes.")
    media_max_attempts: int = Field(
        8, ge=1, description="Runs in which a failing download is tried before it is abandoned."
    )
    media_fetch_via: Annotated[tuple[str, ...], NoDecode] = Field(
        ("{url}",), description="URL templates tried in order, separated by spaces or commas; `{url}` is the medium."
    )
    media_allowed_hosts: Annotated[tuple[str, ...], NoDecode] = Field(
        (), description="`host` or `host:port` that may be asked although its address is private or loopback."
    )
    media_ports: Annotated[tuple[Annotated[int, Field(ge=1, le=65535)], ...], NoDecode] = Field(
        (80, 443, 8080, 8443), description="Ports that may be asked. A host of MEDIA_ALLOWED_HOSTS may have any."
    )
    media_ca_file: Path | None = Field(
        None,
        description="Certificates (PEM) of authorities that are trusted besides the usual ones, for in-house hosts.",
    )
    media_cookies_file: Path | None = Field(
        None, description="Cookies in Netscape's format, as browsers' add-ons and yt-dlp write it. They are only sent."
    )
    media_host_headers: SecretStr = Field(
        SecretStr(""),
        description='Headers for a host, as JSON: `{"host or *.suffix": {"Name": "value"}}`. They go to no other host, '
        "and over plain HTTP only to one of MEDIA_ALLOWED_HOSTS.",
    )
    media_fetch_roles: Annotated[tuple[Role, ...], NoDecode] = Field(
        (Role.MEDIA,),
        description="Roles that are downloaded: media, poster, link_preview, cover, soundtrack, watermarked.",
    )
    media_user_agent: str = Field(
        "media-pipeline/0.1 (archiving of social-media posts)", min_length=1, description="User-Agent of every request."
    )
    clamd_url: str = Field(
        "",
        description="clamd that every new file is shown before it is stored, `tcp://host:port` or "
        "`unix:///run/clamav/clamd.ctl`. Empty: files are not scanned.",
    )
    media_placeholder_authors: int = Field(
        10,
        ge=2,
        description="The same bytes under different URLs in posts of this many authors are flagged as a placeholder.",
    )
    media_failed_share_limit: float = Field(
        0.5, ge=0, le=1, description="The check `failed_downloads_under_limit` fails above this share."
    )

    media_batch_size: int = Field(50, ge=1, description="Rows that a stage takes, works on and commits together.")
    media_missing_share_limit: float = Field(
        0.1,
        ge=0,
        le=1,
        description="A run that finds a larger share of its stored files missing (and more than 10) stops before it "
        "changes anything: the disk may not be mounted.",
    )
    media_scrub_days: float = Field(
        90,
        ge=0,
        description="A file leaves the local cache only when its bytes in the archive were proven within this many "
        "days; else they are read back first.",
    )
    media_cache_limit_gb: float = Field(
        10, gt=0, description="Local originals above this (10^9 bytes) give way, oldest use first, once archived."
    )
    media_image_workers: int = Field(
        default_factory=lambda: os.cpu_count() or 1,
        ge=1,
        description="Worker processes for pictures. Default: the cores.",
    )
    media_image_timeout_seconds: float = Field(120, gt=0, description="Time that one file may take in a worker.")
    media_image_memory_mb: float = Field(
        2000,
        ge=500,
        description="Memory (address space) that one file may take in a worker, in 10^6 bytes. 100 megapixels take "
        "up to 1,613.",
    )
    media_max_image_pixels: int = Field(
        178_000_000, ge=1_000_000, description="Pictures with more pixels are not decoded but put in quarantine."
    )
    media_rendition_longest_side: int = Field(1920, ge=16, le=16383, description="Longest side of a rendition, pixels.")
    media_rendition_format: PictureFormat = Field(
        PictureFormat.JPEG, description="What renditions of pictures are: jpeg (progressive), webp or avif."
    )
    media_jpeg_quality: int = Field(85, ge=1, le=95, description="JPEG quality of a rendition.")
    media_webp_quality: int = Field(80, ge=1, le=100, description="WebP quality of a rendition.")
    media_avif_quality: int = Field(65, ge=1, le=100, description="AVIF quality of a rendition.")
    media_thumbnail_size: int = Field(
        300, ge=16, le=2048, description="Side of the square thumbnail, pixels, that overviews show."
    )
    media_thumbnail_sizes: Annotated[tuple[Annotated[int, Field(ge=16, le=2048)], ...], NoDecode] = Field(
        (), description="Further thumbnails, by their sides in pixels."
    )
    media_thumbnail_crop: Literal[Crop.CENTRE, Crop.ATTENTION] = Field(
        Crop.CENTRE,
        description="What thumbnails show: the `centre`, or the part that holds most (`attention`): faces, where "
        "OpenCV is installed (`pip install 'media-pipeline[faces]'`) and sees any.",
    )
    media_web_videos: bool = Field(
        True, description="False: videos that browsers can't play, or that are over the bitrate, get no web rendition."
    )
    media_web_video_longest_side: int = Field(
        1280, ge=16, le=4096, description="Longest side of a web rendition and of an animated picture's video, pixels."
    )
    media_web_video_crf: int = Field(23, ge=0, le=51, description="Their constant rate factor (x264): lower is better.")
    media_web_video_preset: X264Preset = Field(
        "veryfast", description="Their preset (x264), from ultrafast to veryslow: the slower, the fewer bytes."
    )
    media_web_video_max_kbit: int = Field(
        8000,
        ge=0,
        description="A video of more kilobits a second gets a web rendition although browsers play it. 0: none does.",
    )
    media_video_time_factor: float = Field(
        10,
        gt=0,
        description="A web rendition may take so many times the video's duration, and MEDIA_IMAGE_TIMEOUT_SECONDS.",
    )

    dagster_home: str = Field(
        "",
        description="Dagster's own folder. Empty: `dagster` under the storage path, with the project's dagster.yaml.",
    )

    @field_validator(
        "media_fetch_via",
        "media_allowed_hosts",
        "media_ports",
        "media_fetch_roles",
        "media_thumbnail_sizes",
        mode="before",
    )
    @classmethod
    def _split_list(cls, value: Any) -> Any:
        """Lists come as JSON or separated by commas or white space."""
        if not isinstance(value, str):
            return value
        if value.lstrip().startswith("["):
            return tuple(json.loads(value))
        return tuple(value.replace(",", " ").split())

    @field_validator("media_fetch_via")
    @classmethod
    def _templates_name_the_url(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not value or any("{url}" not in template for template in value):
            raise ValueError("every template must contain {url}")
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

    @field_validator("media_host_headers")
    @classmethod
    def _headers_are_read(cls, value: SecretStr) -> SecretStr:
        _host_headers(value)
        return value

    @model_validator(mode="before")
    @classmethod
    def _empty_is_default(cls, values: Any) -> Any:
        """``NAME=`` in a copied .env.example means the default."""
        return {name: value for name, value in values.items() if value != ""}

    @model_validator(mode="after")
    def _keys_come_in_pairs(self) -> Self:
        if bool(self.aws_access_key_id) != bool(self.aws_secret_access_key.get_secret_value()):
            raise ValueError("AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY must be set together")
        return self

    @property
    def storage_path(self) -> Path:
        """The storage folder, absolute."""
        return self.media_storage_path.expanduser().resolve()

    @property
    def import_path(self) -> Path:
        """The folder of exports, absolute."""
        return self.media_import_path.expanduser().resolve()

    @property
    def archive_path(self) -> Path:
        """The folder that stands in for a bucket, absolute."""
        return (self.media_archive_path or self.storage_path / "archive").expanduser().resolve()

    @property
    def catalog_url(self) -> str:
        """The catalogue's URL with the default filled in; :mod:`media_pipeline.catalog` normalises the driver."""
        # Quoted: in a URL the path would end at a question mark.
        return self.media_catalog_url or f"sqlite:///{quote(str(self.storage_path / 'catalog.sqlite'))}"

    @property
    def cookies_file(self) -> Path | None:
        """The file of cookies, absolute."""
        return self.media_cookies_file and self.media_cookies_file.expanduser().resolve()

    @property
    def ca_file(self) -> Path | None:
        """The file of certificates, absolute."""
        return self.media_ca_file and self.media_ca_file.expanduser().resolve()

    @property
    def host_headers(self) -> dict[str, dict[str, str]]:
        """Names and values of headers by the host that they are for; :mod:`media_pipeline.fetch` checks them."""
        return _host_headers(self.media_host_headers)

    @property
    def max_file_bytes(self) -> int:
        return int(self.media_max_file_mb * MEGABYTE)

    @property
    def resumable_bytes(self) -> int:
        return int(self.media_resume_above_mb * MEGABYTE)

    @property
    def image_memory_bytes(self) -> int:
        return int(self.media_image_memory_mb * MEGABYTE)

    @property
    def cache_limit_bytes(self) -> int:
        return int(self.media_cache_limit_gb * GIGABYTE)


def _host_headers(setting: SecretStr) -> dict[str, dict[str, str]]:
    try:
        return TypeAdapter(dict[str, dict[str, str]]).validate_json(setting.get_secret_value() or "{}", strict=True)
    except ValidationError:
        raise ValueError('write {"host": {"Name": "value"}}, as JSON') from None


def load_settings(**overrides: Any) -> Settings:
    """Read the settings from the environment and ``.env``; ``overrides`` win.

    Raises SettingsError with one line that names each wrong setting and its value.
    """
    try:
        return Settings(**overrides)
    except ValidationError as error:
        raise SettingsError("; ".join(_describe(problem) for problem in error.errors())) from None


def _describe(problem: Any) -> str:
    name = ".".join(str(part) for part in problem["loc"]).upper() or "settings"
    field = Settings.model_fields.get(str(problem["loc"][0])) if problem["loc"] else None
    given = "" if field is None or field.annotation is SecretStr else f" (it is {problem['input']!r})"
    return f"{name}: {problem['msg'].removeprefix('Value error, ')}{given}"
