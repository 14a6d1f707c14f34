"""The archives that the tests run against: a folder, SeaweedFS, and moto."""

from __future__ import annotations

import functools
import hashlib
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.awsrequest import AWSResponse
from botocore.config import Config

from media_pipeline.model import Content
from media_pipeline.storage.archive import Archive
from media_pipeline.storage.folder import FolderArchive
from media_pipeline.storage.s3 import S3Archive

KEY = "media/2026/11/med-0123456789abcdef0.jpg"
CONTENT = hashlib.shake_256(b"a picture").digest(20_000)
"""Random enough that no server makes it smaller."""
PART_BYTES = 5 * 1024 * 1024


@dataclass
class Bench:
    """An archive under test, with a back door to what it holds and a list of what was sent to it."""

    archive: Archive
    sent: list[str]
    client: Any = None
    bucket: str = ""

    def overwrite(self, key: str, content: bytes, **named: Any) -> None:
        """Put other bytes under a key behind the archive's back, with all that is recorded with it."""
        if isinstance(self.archive, FolderArchive):
            (self.archive.root / key).write_bytes(content)
            return
        recorded = self.client.head_object(Bucket=self.bucket, Key=key)["Metadata"]
        self.client.put_object(Bucket=self.bucket, Key=key, Body=content, Metadata=recorded, **named)


@functools.cache
def _session() -> boto3.session.Session:
    """One for all, since each reads the description of S3 anew: 0.1 s."""
    return boto3.session.Session()


def client_of(url: str, key_id: str = "key", secret: str = "secret") -> Any:
    """A client as the project makes it: without retries of its own."""
    return _session().client(
        "s3",
        endpoint_url=url,
        region_name="us-east-1",
        aws_access_key_id=key_id,
        aws_secret_access_key=secret,
        config=Config(retries={"mode": "standard", "max_attempts": 0}, s3={"addressing_style": "path"}),
    )


@contextmanager
def s3_bench(url: str, bucket: str, **chosen: Any) -> Iterator[Bench]:
    client = client_of(url)
    client.create_bucket(Bucket=bucket)
    sent: list[str] = []
    for name in ("PutObject", "UploadPart"):
        client.meta.events.register(f"before-send.s3.{name}", lambda request, **_: sent.append(request.url) or None)
    yield Bench(S3Archive(client, bucket, url, part_bytes=PART_BYTES, **chosen), sent, client, bucket)


@contextmanager
def folder_bench(root: Path) -> Iterator[Bench]:
    sent: list[str] = []

    archive = FolderArchive(root / "archive")
    copy = shutil.copyfile

    def counting(source: Path, target: Path) -> Path:
        if target.is_relative_to(archive.root):
            sent.append(str(target))
        return copy(source, target)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(shutil, "copyfile", counting)
        yield Bench(archive, sent)


def content_of(data: bytes, **changes: Any) -> Content:
    facts = {
        "sha256": hashlib.sha256(data).hexdigest(),
        "md5_sum": hashlib.md5(data).hexdigest(),
        "file_size": len(data),
        "mime_type": "image/jpeg",
    }
    return Content(**{**facts, **changes})


def put(archive: Archive, path: Path, key: str = KEY) -> Any:
    return archive.put(key, path, content_of(path.read_bytes()))


def answer(request: Any, status: int, code: str) -> AWSResponse:
    """What a service says instead of doing what it was asked."""
    # A HEAD has no body.
    said = "" if request.method == "HEAD" else f"<Error><Code>{code}</Code><Message>{code}</Message></Error>"
    body = f"<?xml version='1.0'?>{said}".encode() if said else b""
    headers: Any = {"Content-Type": "application/xml"}
    return AWSResponse(request.url, status, headers, _Raw(body))


class _Raw:
    def __init__(self, body: bytes) -> None:
        self._body = body

    def stream(self, **_: Any) -> Iterator[bytes]:
        yield self._body
