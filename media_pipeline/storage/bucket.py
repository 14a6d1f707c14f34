"""The bucket of the settings: how it is reached, and a client of botocore's own for callers outside Dagster.

What belongs here: what every client is made with, the authorities of MEDIA_CA_FILE among it, and making one. What does
not: Dagster's own client (``defs/resources``), what is done with the bucket (:mod:`media_pipeline.storage.s3`).
"""

from __future__ import annotations

import functools
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import certifi

from media_pipeline.settings import Settings
from media_pipeline.storage.archive import Archive
from media_pipeline.storage.durable import storage_errors

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_kept: list[tempfile.TemporaryDirectory[str]] = []
"""Of bundles; removed when this process ends."""


def client_options(settings: Settings) -> dict[str, Any]:
    """What a client is made with, by the names that botocore and dagster-aws share. Unset keys are left to AWS."""
    return {
        "region_name": settings.aws_s3_region,
        "endpoint_url": settings.aws_s3_endpoint_url or None,
        "aws_access_key_id": settings.aws_access_key_id or None,
        "aws_secret_access_key": settings.aws_secret_access_key.get_secret_value() or None,
        "verify": str(bundle_with(settings.ca_file)) if settings.ca_file else None,
    }


def bucket_of(settings: Settings) -> Archive | None:
    """The bucket of the settings, or None when a local folder stands in for one. Sends no request."""
    if not settings.aws_s3_bucket:
        return None
    # Imported here: a library without a bucket need not spend the time.
    import botocore.session
    from botocore.config import Config

    from media_pipeline.storage.s3 import S3Archive

    client = botocore.session.get_session().create_client(
        "s3",
        **client_options(settings),
        # Calls are made again by :mod:`media_pipeline.storage.patience`.
        config=Config(retries={"max_attempts": 0, "mode": "standard"}),
    )
    return S3Archive(cast("S3Client", client), settings.aws_s3_bucket, settings.aws_s3_endpoint_url)


@functools.cache
def bundle_with(own: Path) -> Path:
    """One file of the usual authorities and these, since an S3 client takes no other form. Raises StorageError."""
    with storage_errors("read the certificates of MEDIA_CA_FILE in", own):
        text = own.read_bytes()
    folder: tempfile.TemporaryDirectory[str] = tempfile.TemporaryDirectory(prefix="media-pipeline-ca-")
    _kept.append(folder)
    bundle = Path(folder.name) / "authorities.pem"
    bundle.write_bytes(Path(certifi.where()).read_bytes() + b"\n" + text)
    return bundle
