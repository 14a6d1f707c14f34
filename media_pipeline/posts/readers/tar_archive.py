"""Tars as archives of files, also those inside gzip and xz, which are gone through without being unpacked to disk.

Nothing is ever written under a name that a tar gives. Links, devices, sparse files and paths that lead out are refused.
What does not belong here: compression (:mod:`media_pipeline.posts.readers.compression`).
"""

from __future__ import annotations

import io
import math
import re
import tarfile
import time
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from pathlib import PurePosixPath
from typing import IO, TYPE_CHECKING, cast

from media_pipeline.posts.readers.archive import MOST_MEMBERS, UNREADABLE, Archive, ArchivedFile, labels_of
from media_pipeline.posts.readers.compression import (
    CHUNK_BYTES,
    GREATEST_EXPANSION,
    DamagedExport,
    is_compressed,
    too_much,
    unpacked,
)

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

HEADER_BYTES = tarfile.BLOCKSIZE
_LONGEST_HEADER = 1 << 20
"""Bytes of name and attributes that a file may have: tarfile holds whatever a header asks for."""
_LONG_NUMBER = re.compile(rb"\d{256}")
"""tarfile before Python 3.11.10 takes time by the square of the digits in a header (CVE-2024-6232)."""
_EARLIEST, _LATEST = 315_532_800, 4_354_819_198
"""1980 to 2107, the years that a zip can write."""
_FAULTS = (*UNREADABLE, ValueError, OverflowError)


def is_tar(head: bytes) -> bool:
    """Whether what begins like this is a tar: its first header has the right sum."""
    try:
        tarfile.TarInfo.frombuf(head[:HEADER_BYTES], "utf-8", "surrogateescape")
    except (tarfile.HeaderError, ValueError):
        return False
    return True


@contextmanager
def open_tar(file: IO[bytes], size: int) -> Generator[Archive]:
    """A tar that lies in an open file of ``size`` bytes. Raises DamagedExport where not one file of it is found."""
    tar = _Tar(_Stream(file, size))
    if tar.damage and not tar.files:
        raise DamagedExport(0, tar.damage)
    yield tar


class _Stream:
    """The bytes inside a file. Compressed ones only go forward: a step back begins anew."""

    def __init__(self, file: IO[bytes], size: int) -> None:
        self._file = file
        self._size = size
        self._is_packed = is_compressed(file.read(HEADER_BYTES))
        self.header_bytes_left: int | None = None
        """While headers are read: how many more this one may have."""
        self.last_read = b""
        """For tarfile: the block that has ended the headers, when they have ended."""
        self._rewind()

    def _rewind(self) -> None:
        self._file.seek(0)
        self._inside = unpacked(self._file)
        self._at = 0

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int) -> None:
        if not self._is_packed:
            self._at = self._file.seek(offset)
            return
        if offset < self._at:
            self._rewind()
        while self._at < offset and self.read1(min(CHUNK_BYTES, offset - self._at)):
            pass

    def read1(self, count: int) -> bytes:
        data = self._inside.read1(count)
        self._at += len(data)
        if too_much(self._at, self._size):
            raise tarfile.ReadError(
                f"{self._size} bytes grew to more than {GREATEST_EXPANSION} times as many: not read on"
            )
        return data

    def read(self, count: int) -> bytes:
        """For tarfile, which reads headers only."""
        if self.header_bytes_left is not None:
            self.header_bytes_left -= count
            if self.header_bytes_left < 0:
                raise tarfile.ReadError(f"a header is longer than {_LONGEST_HEADER} bytes")
        pieces: list[bytes] = []
        while count > 0 and (data := self.read1(count)):
            pieces.append(data)
            count -= len(data)
        found = b"".join(pieces)
        if _LONG_NUMBER.search(found):
            raise tarfile.ReadError("a header holds a number without end")
        self.last_read = found
        return found


class _Tar:
    kind = "tar"

    def __init__(self, stream: _Stream) -> None:
        self._stream = stream
        self.damage: str | None = None
        found: list[tarfile.TarInfo] = []
        try:
            for info in _members(stream):
                found.append(info)  # noqa: PERF402
        except _FAULTS as error:
            self.damage = f"the tar breaks off: {error or type(error).__name__}; download it again"
        infos = [info for info in found if not info.isdir()]
        self._infos = dict(zip(labels_of(map(_name, infos)), infos, strict=True))
        self._files = {label: _file(label, info) for label, info in self._infos.items()}

    @property
    def files(self) -> Mapping[str, ArchivedFile]:
        return self._files

    def open(self, label: str) -> IO[bytes]:
        info = self._infos[label]
        return cast("IO[bytes]", io.BufferedReader(_Slice(self._stream, info.offset_data, info.size), CHUNK_BYTES))


def _members(stream: _Stream) -> Iterator[tarfile.TarInfo]:
    """Yield every header. Raises what _FAULTS names where they break off."""
    stream.header_bytes_left = _LONGEST_HEADER
    tar = tarfile.open(fileobj=cast("IO[bytes]", stream), mode="r:", errors="replace")  # noqa: SIM115
    count = offset = 0
    while info := tar.next():
        count += 1
        if count > MOST_MEMBERS:
            raise tarfile.ReadError(f"it holds more than {MOST_MEMBERS} files")
        if info.offset_data <= offset or info.size < 0:
            raise tarfile.ReadError("its headers lead backwards")
        offset = info.offset_data
        yield info
        stream.header_bytes_left = _LONGEST_HEADER
    # tarfile takes a broken header for the end.
    if len(stream.last_read) < HEADER_BYTES or stream.last_read.strip(b"\0"):
        raise tarfile.ReadError("it has no end mark where its files end")


class _Slice(io.RawIOBase):
    """The bytes of one file in a tar."""

    def __init__(self, stream: _Stream, start: int, size: int) -> None:
        self._stream = stream
        self._start = start
        self._size = size
        self._done = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        self._done = max(0, offset + (0, self._done, self._size)[whence])
        return self._done

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        view = memoryview(buffer).cast("B")
        wanted = min(len(view), self._size - self._done)
        if wanted <= 0:
            return 0
        self._stream.header_bytes_left = None
        self._stream.seek(self._start + self._done)
        data = self._stream.read1(wanted)
        if not data:
            raise EOFError("the tar ends within this file")
        view[: len(data)] = data
        self._done += len(data)
        return len(data)


def _name(info: tarfile.TarInfo) -> str:
    return info.name.replace("\0", "\N{REPLACEMENT CHARACTER}").removeprefix("./")


def _file(label: str, info: tarfile.TarInfo) -> ArchivedFile:
    moment = min(max(info.mtime, _EARLIEST), _LATEST) if math.isfinite(info.mtime) else _EARLIEST
    return ArchivedFile(
        _name(info), label, info.size, date_time=time.gmtime(moment)[:6], refused=_why_refused(info, _name(info))
    )


def _why_refused(info: tarfile.TarInfo, name: str) -> str | None:
    if info.issym() or info.islnk():
        return "it is a link, and links in an archive are not followed"
    if info.issparse() or not info.isreg():
        return "it is no plain file"
    if name.startswith("/") or ".." in PurePosixPath(name).parts:
        return "its path leads out of the archive"
    return None
