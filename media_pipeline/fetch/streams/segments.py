"""One segment's file: decrypted, and known to be whole.

What belongs here: what the bytes of a single segment can tell. What does not: fetching, and how segments are joined.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import BinaryIO

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7

from media_pipeline.fetch.outcome import Refusal
from media_pipeline.fetch.sniff import NotMedia, sniff
from media_pipeline.fetch.streams.plan import broken
from media_pipeline.model import Status

KEY_BYTES = 16
_BLOCK_BITS = 128
_CHUNK_BYTES = 256 * 1024
_HEAD_BYTES = 4096
_TS_PACKET = 188
_TS_SYNC = 0x47
_MOST_BOXES = 100_000
_BOXES = frozenset(
    (b"ftyp", b"styp", b"moov", b"moof", b"mdat", b"sidx", b"ssix", b"emsg", b"prft", b"free", b"skip", b"uuid")
)
"""Boxes that a segment may begin with (ISO/IEC 14496-12 and 23009-1)."""


def decrypt(path: Path, key: bytes, iv: bytes) -> None:
    """AES-128-CBC with PKCS7 padding (RFC 8216, section 4.3.2.4), in place. Raises Refusal on a wrong key or length."""
    decryptor = Cipher(algorithms.AES(key), modes.CBC(iv)).decryptor()
    unpadder = PKCS7(_BLOCK_BITS).unpadder()
    plain = path.with_name(f"{path.name}.plain")
    try:
        with path.open("rb") as source, plain.open("xb") as target:
            while chunk := source.read(_CHUNK_BYTES):
                target.write(unpadder.update(decryptor.update(chunk)))
            target.write(unpadder.update(decryptor.finalize()) + unpadder.finalize())
    except ValueError as error:
        plain.unlink()
        raise Refusal(
            Status.FAILED, "undecryptable_segment", "it is cut short or encrypted with another key"
        ) from error
    plain.replace(path)


def begins_as_media(path: Path) -> bool:
    """Whether the first bytes are those of an ISO file, in the clear."""
    with path.open("rb") as file:
        return file.read(8)[4:] in _BOXES


def check_whole(path: Path) -> None:
    """Raise Refusal unless the file is a segment, and ends where its own structure says.

    A player would skip over the rest of a cut segment without a word; so would ffmpeg.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(_HEAD_BYTES)
        if head[4:8] in _BOXES:
            is_whole = _ends_with_a_box(file, size)
        elif head[:1] == bytes((_TS_SYNC,)) and head[_TS_PACKET : _TS_PACKET + 1] in (b"", bytes((_TS_SYNC,))):
            is_whole = size % _TS_PACKET == 0
        else:
            found = sniff(head)
            if isinstance(found, NotMedia):
                raise Refusal(Status.NOT_MEDIA, found.kind, f"it is something else ({found.kind.replace('_', ' ')})")
            is_whole = True
    if not is_whole:
        raise Refusal(Status.FAILED, "truncated_segment", "it is cut short", passing=True)


def append(path: Path, target: BinaryIO) -> None:
    """Move the bytes of a file to the end of another."""
    with path.open("rb") as source:
        while chunk := source.read(_CHUNK_BYTES):
            target.write(chunk)
    path.unlink()


def read_key(path: Path) -> bytes:
    """A key's file: 16 bytes, nothing else. Raises Refusal."""
    if path.stat().st_size != KEY_BYTES:
        raise broken(f"the key of an encrypted segment is not {KEY_BYTES} bytes long")
    return path.read_bytes()


def _ends_with_a_box(file: BinaryIO, size: int) -> bool:
    """Walk the outer boxes (ISO/IEC 14496-12, section 4.2): 4 bytes length, 4 bytes type; 1: a length of 8 follows."""
    at = 0
    for _ in range(_MOST_BOXES):
        file.seek(at, os.SEEK_SET)
        header = file.read(16)
        length = int.from_bytes(header[:4], "big")
        if length == 1:
            length = int.from_bytes(header[8:16], "big")
        if length == 0:
            return len(header) >= 8
        at += length
        if length < 8 or at >= size:
            return length >= 8 and at == size
    return False
