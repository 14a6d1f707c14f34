"""An archive in an S3 bucket, or in what speaks S3: R2, MinIO, GCS interoperability.

What belongs here: the archive's contract over a bucket, and what its answers prove. What does not: how bytes are sent
(:mod:`media_pipeline.storage.s3_sending`), when a call is made again (:mod:`media_pipeline.storage.patience`),
credentials and clients, which the caller brings, and signing of URLs, which is done when they are read.

How an object is proven when it is sent: by the SHA-256 that the service computed from what it received (the file's
own, or the composite one of its parts), else by the MD5 that it computed (the ETag, where it is one), else by reading
every byte back.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity.html

A HEAD later returns what was recorded then. It shows that the object is there, and never that its bits still are.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable, Generator, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote, urlsplit

from botocore.exceptions import BotoCoreError, ClientError

from media_pipeline.model import ArchivedObject, Content, Proof
from media_pipeline.storage.archive import ArchiveError, OtherBytes
from media_pipeline.storage.patience import Patience
from media_pipeline.storage.s3_sending import MULTIPART_BYTES, PART_BYTES, AlreadyThere, Sender, base64_of, code_of

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_CHUNK_BYTES = 1024 * 1024
_ABSENT = frozenset(("404", "NoSuchKey", "NotFound"))
_UNEXPLAINED = frozenset(("301", "400", "401", "403"))
"""Codes of a HEAD, which has no body to say more."""
_MOST_RESTARTS = 3
_ADVICE = {
    "InvalidAccessKeyId": "the access key is not known there: see AWS_ACCESS_KEY_ID and AWS_S3_ENDPOINT_URL",
    "SignatureDoesNotMatch": "the secret key is not the access key's: see AWS_SECRET_ACCESS_KEY",
    "AccessDenied": "the credentials may not do this: see docs/operations.md for the permissions that are needed",
    "RequestTimeTooSkewed": "this machine's clock is wrong: set it",
    "NoSuchBucket": "there is no such bucket: see AWS_S3_BUCKET and AWS_S3_REGION",
    "PermanentRedirect": "the bucket is in another region: see AWS_S3_REGION",
}

Result = TypeVar("Result")


class S3Archive:
    """Objects of one bucket. The client must not retry by itself: calls are made again here, by one policy."""

    is_read_for_free = False

    def __init__(
        self,
        client: S3Client,
        bucket: str,
        endpoint_url: str = "",
        *,
        multipart_bytes: int = MULTIPART_BYTES,
        part_bytes: int = PART_BYTES,
        patience: Patience | None = None,
    ) -> None:
        self.provider = provider_of(endpoint_url)
        self._client = client
        self._bucket = bucket
        self._patience = patience or Patience()
        self._sender = Sender(
            client, bucket, self._patience, multipart_bytes, part_bytes, knows_checksums=self.provider != "gcs"
        )

    @property
    def address(self) -> str:
        """``s3://bucket``."""
        return f"s3://{self._bucket}"

    def put(self, key: str, path: Path, content: Content) -> ArchivedObject:
        """See :class:`~media_pipeline.storage.archive.Archive`."""
        for _ in range(_MOST_RESTARTS):
            found = self.check(key, content)
            if found is not None:
                return found
            with _archive_errors(key):
                try:
                    sent = self._sender.send(key, path, content)
                except AlreadyThere:
                    # Another run was faster: it is looked at like anything that is there.
                    continue
            proven = replace(self._object(key, sent.etag, content, sent.proof), sent=True)
            return proven if sent.proof else self._read_what_was_sent(key, content)
        raise ArchiveError(key, "another run writes there too; run again")

    def check(self, key: str, content: Content) -> ArchivedObject | None:
        """See :class:`~media_pipeline.storage.archive.Archive`.

        One HEAD request. Where its answer says nothing of the bytes (another tool sent them, or the service knows
        neither checksum nor MD5), they are read.
        """
        with _archive_errors(key):
            head = self._head(key)
            if head is None:
                return None
            if head["ContentLength"] != content.file_size:
                raise OtherBytes(key, f"it has {head['ContentLength']} bytes in place of {content.file_size}")
            etag = str(head["ETag"]).strip('"')
            verdict = says(head, etag, content)
        if verdict is None:
            return self.read_back(key, content)
        if not verdict:
            raise OtherBytes(key)
        return self._object(key, etag, content, None)

    def read_back(self, key: str, content: Content) -> ArchivedObject | None:
        """See :class:`~media_pipeline.storage.archive.Archive`."""
        digest = hashlib.sha256()

        def read() -> str | None:
            nonlocal digest
            digest = hashlib.sha256()
            answer = self._get(key)
            if answer is None:
                return None
            for chunk in answer["Body"].iter_chunks(_CHUNK_BYTES):
                digest.update(chunk)
            return str(answer["ETag"]).strip('"')

        with _archive_errors(key):
            etag = self._patience.call(read)
        if etag is None:
            return None
        if digest.hexdigest() != content.sha256:
            raise OtherBytes(key)
        return self._object(key, etag, content, Proof.READ)

    def fetch_to(self, key: str, path: Path) -> None:
        """See :class:`~media_pipeline.storage.archive.Archive`."""

        def fetch() -> bool:
            answer = self._get(key)
            if answer is not None:
                with path.open("wb") as file:
                    for chunk in answer["Body"].iter_chunks(_CHUNK_BYTES):
                        file.write(chunk)
            return answer is not None

        try:
            with _archive_errors(key):
                is_there = self._patience.call(fetch)
            if not is_there:
                raise ArchiveError(key, "it is not there")
        except BaseException:
            path.unlink(missing_ok=True)
            raise

    def keys(self, prefix: str) -> Iterator[str]:
        """See :class:`~media_pipeline.storage.archive.Archive`."""
        last = ""
        while True:
            with _archive_errors(prefix):
                page = self._call(
                    lambda after=last: self._client.list_objects_v2(
                        Bucket=self._bucket, Prefix=prefix, **({"StartAfter": after} if after else {})
                    )
                )
            found = [item["Key"] for item in page.get("Contents", ()) if "Key" in item]
            yield from found
            if not page.get("IsTruncated") or not found:
                return
            last = found[-1]

    def read_note(self, name: str, wait: bool = True) -> bytes | None:
        """See :class:`~media_pipeline.storage.archive.Archive`."""

        def read() -> bytes | None:
            answer = self._get(name)
            return None if answer is None else answer["Body"].read()

        with _archive_errors(name):
            return self._call(read) if wait else read()

    def write_note(self, name: str, data: bytes) -> None:
        """See :class:`~media_pipeline.storage.archive.Archive`."""
        with _archive_errors(name):
            self._call(lambda: self._client.put_object(Bucket=self._bucket, Key=name, Body=data))

    def _read_what_was_sent(self, key: str, content: Content) -> ArchivedObject:
        found = self.read_back(key, content)
        if found is None:
            raise ArchiveError(key, "what was sent is not there; run again")
        return replace(found, sent=True)

    def _call(self, function: Callable[[], Result]) -> Result:
        return self._patience.call(function)

    def _head(self, key: str) -> dict[str, Any] | None:
        try:
            return dict(
                self._call(lambda: self._client.head_object(Bucket=self._bucket, Key=key, ChecksumMode="ENABLED"))
            )
        except ClientError as error:
            if code_of(error) in _ABSENT:
                return None
            if code_of(error) in _UNEXPLAINED:
                # A GET of one byte is refused for the same reason, and says which.
                self._call(lambda: self._client.get_object(Bucket=self._bucket, Key=key, Range="bytes=0-0"))
            raise

    def _get(self, key: str) -> dict[str, Any] | None:
        try:
            return dict(self._client.get_object(Bucket=self._bucket, Key=key))
        except ClientError as error:
            if code_of(error) in _ABSENT:
                return None
            raise

    def _object(self, key: str, etag: str, content: Content, proof: Proof | None) -> ArchivedObject:
        url = f"{self._client.meta.endpoint_url}/{quote(self._bucket)}/{quote(key)}"
        return ArchivedObject(key, url, etag, self.provider, content.file_size, False, proof)


def says(head: dict[str, Any], etag: str, content: Content) -> bool | None:
    """What a HEAD says of an object's bytes: the right ones when they came, others, or None when it can't be told.

    Metadata prove nothing: whoever writes an object writes them.
    """
    computed = head.get("ChecksumSHA256")
    is_of_parts = "-" in etag or "-" in (computed or "") or head.get("ChecksumType") == "COMPOSITE"
    if computed is not None and not is_of_parts:
        return bool(computed == base64_of(bytes.fromhex(content.sha256)))
    if etag in (content.md5_sum, content.archived_etag):
        return True
    return None


def provider_of(endpoint_url: str) -> str:
    """The provider's name from its endpoint; an empty one is AWS."""
    host = urlsplit(endpoint_url).hostname or ""
    if not host or host.endswith(("amazonaws.com", "amazonaws.com.cn")):
        return "s3"
    if host.endswith("r2.cloudflarestorage.com"):
        return "r2"
    return "gcs" if host.endswith("storage.googleapis.com") else "minio"


@contextlib.contextmanager
def _archive_errors(key: str) -> Generator[None]:
    try:
        yield
    except (BotoCoreError, ClientError) as error:
        advice = _ADVICE.get(code_of(error)) if isinstance(error, ClientError) else None
        raise ArchiveError(key, f"{error}; {advice}" if advice else error) from error
    except OSError as error:
        raise ArchiveError(key, f"{error.strerror or error} ({error.filename})") from error
