"""Settings of the archive: where it is, and when a file may leave the store for it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Self

from pydantic import AliasChoices, Field, SecretStr, field_validator, model_validator

from media_pipeline.settings.group import GIGABYTE, web_address
from media_pipeline.settings.places import Places

_BUCKET = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,61}[A-Za-z0-9]")
"""Also those that Amazon gave before 2018, with capitals and underscores."""


class Archive(Places):
    """The archive, whose folder lies in the store unless it is named."""

    title = "Archive"

    aws_s3_bucket: str = Field(
        "",
        validation_alias=AliasChoices("aws_s3_bucket", "aws_bucket_name"),
        description="The archive is this bucket. Empty: it is the folder MEDIA_ARCHIVE_PATH. AWS_BUCKET_NAME is read "
        "too.",
    )
    aws_s3_region: str = Field(
        "us-east-1",
        validation_alias=AliasChoices("aws_s3_region", "aws_region"),
        description="The bucket is in this region. AWS_REGION is read too.",
    )
    aws_access_key_id: str = Field(
        "",
        validation_alias=AliasChoices("aws_access_key_id", "aws_access_key"),
        description="The bucket is asked with this access key. Empty: the usual AWS chain finds one (profile, instance "
        "role). AWS_ACCESS_KEY is read too.",
    )
    aws_secret_access_key: SecretStr = Field(
        SecretStr(""),
        validation_alias=AliasChoices("aws_secret_access_key", "aws_secret_key"),
        description="This secret belongs to the access key. AWS_SECRET_KEY is read too.",
    )
    aws_s3_endpoint_url: str = Field(
        "",
        description="The bucket is asked for at this URL, as R2, MinIO and GCS's interoperability need it. Empty: at "
        "Amazon's.",
    )
    media_archive_path: Path | None = Field(
        None, description="The archive is this folder when no bucket is set. Empty: it is `archive` in the store."
    )
    media_scrub_days: float = Field(
        90,
        ge=0,
        description="An original leaves the store only when the archive was shown to hold its bytes within this many "
        "days; else they are read back first.",
    )
    media_missing_share_limit: float = Field(
        0.1,
        ge=0,
        le=1,
        description="A run that misses a larger share (0 to 1) of its stored files, and more than 10, stops before it "
        "changes anything: the disk may not be mounted.",
    )
    media_cache_limit_gb: float = Field(
        10,
        gt=0,
        description="When the store's originals take more gigabytes (10^9 bytes) than this, those that the archive "
        "holds are evicted, least recently used first.",
    )

    @field_validator("aws_s3_bucket")
    @classmethod
    def _bucket_is_a_name(cls, value: str) -> str:
        if value and not _BUCKET.fullmatch(value):
            raise ValueError("write the name of a bucket: 3 to 63 letters, digits, dots and hyphens")
        return value

    @field_validator("aws_s3_endpoint_url")
    @classmethod
    def _endpoint_is_an_address(cls, value: str) -> str:
        return web_address(value)

    @model_validator(mode="after")
    def _keys_come_in_pairs(self) -> Self:
        if bool(self.aws_access_key_id) != bool(self.aws_secret_access_key.get_secret_value()):
            raise ValueError("AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY must be set together")
        return self

    @property
    def archive_path(self) -> Path:
        """The folder that stands in for a bucket, absolute."""
        return (self.media_archive_path or self.storage_path / "archive").expanduser().resolve()

    @property
    def cache_limit_bytes(self) -> int:
        """What the store's originals may take before they are evicted."""
        return int(self.media_cache_limit_gb * GIGABYTE)
