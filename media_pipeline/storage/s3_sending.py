"""How a file is sent to a bucket: whole or in parts, once, with as many checksums as the service knows.

What belongs here: requests that write an object, and what their answers prove. What does not: looking at what is there
(:mod:`media_pipeline.storage.s3`).
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from media_pipeline.model import Content, MediaPipelineError, Proof
from media_pipeline.storage.archive import MEDIA_PREFIX, ArchiveError
from media_pipeline.storage.patience import Patience

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

PART_BYTES = 16 * 1024 * 1024
"""Size of a part; also the memory that one upload takes. S3 wants at least 5 MiB."""

MULTIPART_BYTES = 64 * 1024 * 1024
"""Files above this are sent in parts, so that a broken connection costs one part."""

MOST_PARTS = 10_000
"""https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html"""

_REFUSED_HEADERS = frozenset(
    ("NotImplemented", "InvalidArgument", "InvalidRequest", "SignatureDoesNotMatch", "501", "MethodNotAllowed")
)
"""How services answer a header that they do not know."""
_TAKEN = frozenset(("PreconditionFailed", "412"))
_UPLOAD_GONE = frozenset(("NoSuchUpload",))


class AlreadyThere(MediaPipelineError):
    """The key was taken while the file was on its way, or another run ended the upload."""


@dataclass(frozen=True, slots=True)
class Manner:
    """What is asked of a service beyond plain S3."""

    checksums: bool
    """SHA-256 of object and parts, which the service holds against what it receives."""
    once: bool
    """``If-None-Match: *``: the service refuses to replace an object."""


MANNERS = (Manner(True, True), Manner(True, False), Manner(False, True), Manner(False, False))
"""From the safest on. The next is taken when a service refuses the headers of one."""


@dataclass(frozen=True, slots=True)
class Sent:
    """What the service said of an object that it took."""

    etag: str
    proof: Proof | None
    """None: nothing that it said shows that the bytes are right."""


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


class Sender:
    """Sends files to one bucket. Safe for threads: what one learns of the service, all know."""

    def __init__(
        self,
        client: S3Client,
        bucket: str,
        patience: Patience,
        multipart_bytes: int,
        part_bytes: int,
        knows_checksums: bool,
    ) -> None:
        self._client = client
        self._bucket = bucket
        self._patience = patience
        self._multipart_bytes = multipart_bytes
        self._part_bytes = part_bytes
        self._lock = threading.Lock()
        self._manners = MANNERS if knows_checksums else MANNERS[-1:]
        self._learned = 0
        self._leftovers_lock = threading.Lock()
        self._are_leftovers_gone = False
        self._adapt_client()

    def send(self, key: str, path: Path, content: Content) -> Sent:
        """Send a file. Raises AlreadyThere, and what the client raises."""
        send = self._send_parts if path.stat().st_size > self._multipart_bytes else self._send_whole
        while True:
            known = self._learned
            try:
                return send(key, path, content, self._manners[known])
            except ClientError as error:
                code = code_of(error)
                if code in _TAKEN or code in _UPLOAD_GONE:
                    raise AlreadyThere(f"{key} is taken") from error
                if code not in _REFUSED_HEADERS or not self._learn(known):
                    raise

    def _learn(self, refused: int) -> bool:
        """Go over to the next manner, unless another thread has; False when there is none left."""
        with self._lock:
            if self._learned != refused:
                return True
            if refused + 1 == len(self._manners):
                # It was not the headers.
                self._learned = 0
                self._adapt_client()
                return False
            self._learned = refused + 1
            self._adapt_client()
            return True

    def _adapt_client(self) -> None:
        """Where checksums are not known, the client must leave its automatic ones out as well."""
        choice = "when_supported" if self._manners[self._learned].checksums else "when_required"
        config: Any = self._client.meta.config
        config.request_checksum_calculation = choice
        config.response_checksum_validation = choice

    def _send_whole(self, key: str, path: Path, content: Content, manner: Manner) -> Sent:
        digest = bytes.fromhex(content.sha256)

        def put() -> Any:
            with path.open("rb") as body:
                return self._client.put_object(
                    Bucket=self._bucket,
                    Key=key,
                    Body=body,
                    ContentType=content.mime_type,
                    ContentMD5=base64_of(bytes.fromhex(content.md5_sum)),
                    Metadata={"sha256": content.sha256},
                    **_checksum(digest, manner),
                    **_condition(manner),
                )

        answer = self._patience.call(put)
        etag = str(answer["ETag"]).strip('"')
        if manner.checksums and answer.get("ChecksumSHA256") == base64_of(digest):
            return Sent(etag, Proof.SHA256)
        return Sent(etag, Proof.ETAG if etag == content.md5_sum else None)

    def _send_parts(self, key: str, path: Path, content: Content, manner: Manner) -> Sent:
        self._remove_leftovers()
        algorithm: dict[str, Any] = {"ChecksumAlgorithm": "SHA256"} if manner.checksums else {}
        target: dict[str, Any] = {"Bucket": self._bucket, "Key": key}
        made = self._patience.call(
            lambda: self._client.create_multipart_upload(
                **target, ContentType=content.mime_type, Metadata={"sha256": content.sha256}, **algorithm
            )
        )
        target["UploadId"] = made["UploadId"]
        try:
            return self._fill(target, path, content, manner)
        except BaseException:
            with contextlib.suppress(BotoCoreError, ClientError):
                self._client.abort_multipart_upload(**target)
            raise

    def _fill(self, target: dict[str, Any], path: Path, content: Content, manner: Manner) -> Sent:
        whole, of_sha256, of_md5 = hashlib.sha256(), hashlib.sha256(), hashlib.md5(usedforsecurity=False)
        parts: list[Any] = []
        for part in self._parts(path):
            whole.update(part.data)
            of_sha256.update(part.sha256)
            of_md5.update(part.md5)
            parts.append(self._send_part(target, part, manner))
        if whole.hexdigest() != content.sha256:
            raise ArchiveError(target["Key"], f"{path} no longer has the SHA-256 under which it is to be archived")
        answer: Any = self._patience.call(
            lambda: self._client.complete_multipart_upload(
                **target, MultipartUpload={"Parts": parts}, **_condition(manner)
            )
        )
        etag = str(answer["ETag"]).strip('"')
        # Some services give the composite without the number of parts.
        composite = str(answer.get("ChecksumSHA256", "")).partition("-")[0]
        if manner.checksums and composite == base64_of(of_sha256.digest()):
            return Sent(etag, Proof.COMPOSITE)
        return Sent(etag, Proof.ETAG if etag == f"{of_md5.hexdigest()}-{len(parts)}" else None)

    def _send_part(self, target: dict[str, Any], part: _Part, manner: Manner) -> Any:
        """Send one part; what comes back is what the completion wants to hear of it."""
        checksum = _checksum(part.sha256, manner)
        answer = self._patience.call(
            lambda: self._client.upload_part(
                **target, PartNumber=part.number, Body=part.data, ContentMD5=base64_of(part.md5), **checksum
            )
        )
        return {"PartNumber": part.number, "ETag": answer["ETag"], **checksum}

    def _parts(self, path: Path) -> Iterator[_Part]:
        part_bytes = max(self._part_bytes, -(-path.stat().st_size // MOST_PARTS))
        with path.open("rb") as file:
            number = 1
            while data := file.read(part_bytes):
                yield _Part(number, data)
                number += 1

    def _remove_leftovers(self) -> None:
        """Abort uploads that killed runs have begun: their parts cost, and no listing shows them.

        Once for each process. A run that is alive loses what it had under way, and sends that once more.
        """
        # The other threads wait, or what they begin meanwhile would be taken for left over.
        with self._leftovers_lock:
            if not self._are_leftovers_gone:
                # Those who may not list or abort uploads can still send.
                with contextlib.suppress(ClientError):
                    self._abort_uploads()
                self._are_leftovers_gone = True

    def _abort_uploads(self) -> None:
        found: Any = self._patience.call(
            lambda: self._client.list_multipart_uploads(Bucket=self._bucket, Prefix=MEDIA_PREFIX)
        )
        for upload in found.get("Uploads", ()):
            self._client.abort_multipart_upload(Bucket=self._bucket, Key=upload["Key"], UploadId=upload["UploadId"])


def _checksum(digest: bytes, manner: Manner) -> dict[str, Any]:
    return {"ChecksumSHA256": base64_of(digest)} if manner.checksums else {}


def _condition(manner: Manner) -> dict[str, Any]:
    return {"IfNoneMatch": "*"} if manner.once else {}


def base64_of(digest: bytes) -> str:
    """A digest as S3 writes it."""
    return base64.b64encode(digest).decode("ascii")


def code_of(error: ClientError) -> str:
    """The service's code of an error, or the HTTP status as text."""
    return str(error.response.get("Error", {}).get("Code", ""))
