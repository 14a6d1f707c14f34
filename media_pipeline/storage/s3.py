"""An archive in an S3 bucket, or in what speaks S3: R2, MinIO, GCS interoperability.

What belongs here: sending with checksums, and reading them back. What does not: credentials and clients, which the
caller brings, and signing of URLs, which is done when they are read.

How an object is proven: its size, the SHA-256 of the whole file that was recorded with it (metadata ``sha256``), and
one value that the service computed from the bytes it holds: ``ChecksumSHA256`` (the file's own, or the composite one
of a multipart upload, recorded as ``composite``), or, where the service knows no such checksum, the ETag (the file's
MD5, or the one over the parts' MD5, recorded as ``etag``).
https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity.html
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
from collections.abc import Generator, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

from botocore.exceptions import BotoCoreError, ClientError

from media_pipeline.model import ArchivedObject, Content, Proof
from media_pipeline.storage.archive import ArchiveError, OtherBytes

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

PART_BYTES = 16 * 1024 * 1024
"""Size of a part; also the memory that one upload takes. S3 wants at least 5 MiB."""

MULTIPART_BYTES = 64 * 1024 * 1024
"""Files above this are sent in parts, so that a broken connection costs one part."""

MOST_PARTS = 10_000
"""https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html"""

_CHUNK_BYTES = 1024 * 1024
_ABSENT = frozenset(("404", "NoSuchKey", "NotFound"))
_CHECKSUMS_UNKNOWN = frozenset(("NotImplemented", "InvalidArgument", "InvalidRequest", "SignatureDoesNotMatch", "501"))
"""How services answer a checksum header that they do not know."""


@dataclass(frozen=True, slots=True)
class _Part:
    number: int
    data: bytes

    @property
    def sha256(self) -> bytes:
        return hashlib.sha256(self.data).digest()

    @property
    def md5(self) -> bytes:
        return hashlib.md5(self.data, usedforsecurity=False).digest()


class S3Archive:
    """Objects of one bucket. The client's own retries are used: build it with the ``standard`` mode.

    Where the service knows no checksums (GCS, or any that refuses the first one), the client is told to leave its
    automatic ones out as well.
    """

    def __init__(
        self,
        client: S3Client,
        bucket: str,
        endpoint_url: str = "",
        *,
        multipart_bytes: int = MULTIPART_BYTES,
        part_bytes: int = PART_BYTES,
    ) -> None:
        self.provider = provider_of(endpoint_url)
        self._client = client
        self._bucket = bucket
        self._multipart_bytes = multipart_bytes
        self._part_bytes = part_bytes
        self._with_checksums = True
        if self.provider == "gcs":
            self._leave_checksums_out()

    is_read_for_free = False

    @property
    def address(self) -> str:
        """``s3://bucket``."""
        return f"s3://{self._bucket}"

    def put(self, key: str, path: Path, content: Content) -> ArchivedObject:
        """See :class:`~media_pipeline.storage.archive.Archive`."""
        with _archive_errors(key):
            found = self._check(key, content)
            if found is not None:
                return found
            self._send_as_it_likes(key, path, path.stat().st_size, content.sha256, content.md5_sum, content.mime_type)
            sent = self._check(key, content)
        if sent is None:
            raise ArchiveError(key, "what was sent is not there; run again")
        return replace(sent, sent=True)

    def check(self, key: str, content: Content) -> ArchivedObject | None:
        """See :class:`~media_pipeline.storage.archive.Archive`. One HEAD request; the bytes aren't transferred."""
        with _archive_errors(key):
            return self._check(key, content)

    def read_back(self, key: str, content: Content) -> ArchivedObject | None:
        """See :class:`~media_pipeline.storage.archive.Archive`."""
        with _archive_errors(key):
            try:
                answer = self._client.get_object(Bucket=self._bucket, Key=key)
            except ClientError as error:
                if _code_of(error) in _ABSENT:
                    return None
                raise
            digest = hashlib.sha256()
            for chunk in answer["Body"].iter_chunks(_CHUNK_BYTES):
                digest.update(chunk)
        if digest.hexdigest() != content.sha256:
            raise OtherBytes(key)
        return self._object(key, answer["ETag"].strip('"'), content, Proof.READ)

    def keys(self, prefix: str) -> Iterator[str]:
        """See :class:`~media_pipeline.storage.archive.Archive`."""
        with _archive_errors(prefix):
            pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=prefix)
            for page in pages:
                for item in page.get("Contents", ()):
                    if "Key" in item:
                        yield item["Key"]

    def read_note(self, name: str) -> bytes | None:
        """See :class:`~media_pipeline.storage.archive.Archive`."""
        with _archive_errors(name):
            try:
                return self._client.get_object(Bucket=self._bucket, Key=name)["Body"].read()
            except ClientError as error:
                if _code_of(error) in _ABSENT:
                    return None
                raise

    def write_note(self, name: str, data: bytes) -> None:
        """See :class:`~media_pipeline.storage.archive.Archive`."""
        with _archive_errors(name):
            self._client.put_object(Bucket=self._bucket, Key=name, Body=data)

    def fetch_to(self, key: str, path: Path) -> None:
        """See :class:`~media_pipeline.storage.archive.Archive`. The bytes are held against the recorded SHA-256."""
        try:
            with _archive_errors(key):
                self._download(key, path)
        except BaseException:
            path.unlink(missing_ok=True)
            raise

    def _check(self, key: str, content: Content) -> ArchivedObject | None:
        try:
            head = self._client.head_object(Bucket=self._bucket, Key=key, ChecksumMode="ENABLED")
        except ClientError as error:
            if _code_of(error) in _ABSENT:
                return None
            raise
        etag = head["ETag"].strip('"')
        if head["ContentLength"] != content.file_size or not _is_proven(dict(head), etag, content.sha256):
            raise OtherBytes(key)
        return self._object(key, etag, content, Proof.SHA256 if "ChecksumSHA256" in head else Proof.ETAG)

    def _object(self, key: str, etag: str, content: Content, proof: Proof | None) -> ArchivedObject:
        return ArchivedObject(key, self._url_of(key), etag, self.provider, content.file_size, False, proof)

    def _send_as_it_likes(self, key: str, path: Path, size: int, sha256: str, md5_sum: str, mime_type: str) -> None:
        """Send with checksums; if the service turns out not to know them, without."""
        send = self._send_parts if size > self._multipart_bytes else self._send_whole
        try:
            send(key, path, sha256, md5_sum, mime_type)
        except ClientError as error:
            if not self._with_checksums or _code_of(error) not in _CHECKSUMS_UNKNOWN:
                raise
            self._leave_checksums_out()
            send(key, path, sha256, md5_sum, mime_type)

    def _send_whole(self, key: str, path: Path, sha256: str, md5_sum: str, mime_type: str) -> None:
        with path.open("rb") as body:
            self._client.put_object(
                Bucket=self._bucket,
                Key=key,
                Body=body,
                ContentType=mime_type,
                ContentMD5=_base64(bytes.fromhex(md5_sum)),
                Metadata={"sha256": sha256, "etag": md5_sum},
                **self._checksum(bytes.fromhex(sha256)),
            )

    def _send_parts(self, key: str, path: Path, sha256: str, md5_sum: str, mime_type: str) -> None:  # noqa: ARG002
        algorithm: dict[str, Any] = {"ChecksumAlgorithm": "SHA256"} if self._with_checksums else {}
        metadata = {"sha256": sha256, **self._composites(key, path, sha256)}
        target: dict[str, Any] = {"Bucket": self._bucket, "Key": key}
        upload = self._client.create_multipart_upload(**target, ContentType=mime_type, Metadata=metadata, **algorithm)
        target["UploadId"] = upload["UploadId"]
        try:
            parts = [self._send_part(target, part) for part in self._parts(path)]
            self._client.complete_multipart_upload(**target, MultipartUpload={"Parts": parts})
        except BaseException:
            with contextlib.suppress(BotoCoreError, ClientError):
                self._client.abort_multipart_upload(**target)
            raise

    def _send_part(self, target: dict[str, Any], part: _Part) -> Any:
        """Send one part; what comes back is what the completion wants to hear of it."""
        checksum = self._checksum(part.sha256)
        answer = self._client.upload_part(
            **target, PartNumber=part.number, Body=part.data, ContentMD5=_base64(part.md5), **checksum
        )
        return {"PartNumber": part.number, "ETag": answer["ETag"], **checksum}

    def _checksum(self, digest: bytes) -> dict[str, Any]:
        return {"ChecksumSHA256": _base64(digest)} if self._with_checksums else {}

    def _composites(self, key: str, path: Path, sha256: str) -> dict[str, str]:
        """What the service will compute from the parts, known before: metadata can't be added afterwards."""
        whole, of_sha256, of_md5 = hashlib.sha256(), hashlib.sha256(), hashlib.md5(usedforsecurity=False)
        count = 0
        for part in self._parts(path):
            whole.update(part.data)
            of_sha256.update(part.sha256)
            of_md5.update(part.md5)
            count = part.number
        if whole.hexdigest() != sha256:
            raise ArchiveError(key, f"{path} no longer has the SHA-256 under which it is to be archived")
        return {"composite": _base64(of_sha256.digest()), "etag": f"{of_md5.hexdigest()}-{count}"}

    def _parts(self, path: Path) -> Iterator[_Part]:
        part_bytes = max(self._part_bytes, -(-path.stat().st_size // MOST_PARTS))
        with path.open("rb") as file:
            number = 1
            while data := file.read(part_bytes):
                yield _Part(number, data)
                number += 1

    def _download(self, key: str, path: Path) -> None:
        answer = self._client.get_object(Bucket=self._bucket, Key=key)
        digest = hashlib.sha256()
        with path.open("wb") as file:
            for chunk in answer["Body"].iter_chunks(_CHUNK_BYTES):
                digest.update(chunk)
                file.write(chunk)
        recorded = answer["Metadata"].get("sha256")
        if recorded is not None and recorded != digest.hexdigest():
            raise ArchiveError(key, "its bytes are not those whose SHA-256 was recorded when it was sent")

    def _leave_checksums_out(self) -> None:
        self._with_checksums = False
        config: Any = self._client.meta.config
        config.request_checksum_calculation = "when_required"
        config.response_checksum_validation = "when_required"

    def _url_of(self, key: str) -> str:
        return f"{self._client.meta.endpoint_url}/{quote(self._bucket)}/{quote(key)}"


def provider_of(endpoint_url: str) -> str:
    """The provider's name from its endpoint; an empty one is AWS."""
    host = urlsplit(endpoint_url).hostname or ""
    if not host or host.endswith(("amazonaws.com", "amazonaws.com.cn")):
        return "s3"
    if host.endswith("r2.cloudflarestorage.com"):
        return "r2"
    return "gcs" if host.endswith("storage.googleapis.com") else "minio"


def _is_proven(head: dict[str, Any], etag: str, sha256: str) -> bool:
    """Composite checksums come as ``<base64>-<parts>``, from some services without the number."""
    recorded: dict[str, str] = head.get("Metadata", {})
    if recorded.get("sha256", sha256) != sha256:
        return False
    computed = head.get("ChecksumSHA256")
    if computed is not None:
        is_of_parts = "sha256" in recorded and computed.partition("-")[0] == recorded.get("composite")
        return is_of_parts or computed == _base64(bytes.fromhex(sha256))
    return "sha256" in recorded and etag == recorded.get("etag")


def _base64(digest: bytes) -> str:
    return base64.b64encode(digest).decode("ascii")


def _code_of(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))


@contextlib.contextmanager
def _archive_errors(key: str) -> Generator[None]:
    try:
        yield
    except (BotoCoreError, ClientError) as error:
        raise ArchiveError(key, error) from error
    except OSError as error:
        raise ArchiveError(key, f"{error.strerror or error} ({error.filename})") from error
