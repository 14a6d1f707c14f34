"""A stream, from its list to one verified file.

What belongs here: the order of things, the limits, and the temporary files. What does not: reading lists, the checks
of a single segment, ffmpeg.
"""

from __future__ import annotations

import hashlib
import secrets
import tempfile
from dataclasses import dataclass
from pathlib import Path

from media_pipeline.fetch.body import TemporaryFileError
from media_pipeline.fetch.outcome import Refusal
from media_pipeline.fetch.sniff import NotMedia, SniffedType, sniff
from media_pipeline.fetch.streams.dash import plan_dash
from media_pipeline.fetch.streams.hls import plan_hls
from media_pipeline.fetch.streams.plan import Get, Limits, Run, Segment, Track, unsupported
from media_pipeline.fetch.streams.remux import LocalTrack, remux
from media_pipeline.fetch.streams.segments import (
    append,
    begins_as_media,
    check_whole,
    decrypt,
    read_key,
)
from media_pipeline.model import Status

PART_TRIES = 3
"""Of a segment that came, and turned out cut. Requests that fail are tried again below."""

_WORTH_ANOTHER_TRY = frozenset(("truncated_segment", "undecryptable_segment", "wrong_range"))
_HEAD_BYTES = 64 * 1024
_MOST_KEY_BYTES = 64 * 1024
"""Enough to tell a login page in place of a key from a stream that is too large."""


@dataclass(frozen=True, slots=True)
class StreamFile:
    """A joined stream in a temporary file. Whoever receives it moves or removes it."""

    path: Path
    sha256: str
    md5_sum: str
    size: int
    type: SniffedType


def download_stream(url: str, text: bytes, get: Get, folder: Path, limits: Limits) -> StreamFile:
    """Fetch all segments of a stream and join them in a new file in ``folder``.

    ``text`` is the whole playlist or manifest, ``url`` the one that answered with it. A segment that can't be had fails
    the stream: nothing is left out. Raises Refusal, TemporaryFileError, and what ``get`` raises; no file stays behind
    but the evidence of a Refusal, which lies in ``folder``.
    """
    path = folder / f"stream-{secrets.token_hex(8)}"
    try:
        with tempfile.TemporaryDirectory(prefix="stream-", dir=folder) as segments:
            stream = _Stream(get, Path(segments), folder, limits)
            remux(stream.tracks(url, text), path)
        return _described(path, limits)
    except OSError as error:
        path.unlink(missing_ok=True)
        raise TemporaryFileError(f"can't write in {folder}: {error.strerror}; free some space and try again") from error
    except BaseException:
        path.unlink(missing_ok=True)
        raise


class _Stream:
    """One stream under way: what it has cost so far, and its keys."""

    def __init__(self, get: Get, segments: Path, folder: Path, limits: Limits) -> None:
        self._get = get
        self._segments = segments
        self._folder = folder
        self._limits = limits
        self._bytes_left = limits.total_bytes
        self._keys: dict[str, bytes] = {}

    def tracks(self, url: str, text: bytes) -> list[LocalTrack]:
        found = sniff(text[:_HEAD_BYTES])
        if isinstance(found, NotMedia) and found.kind == "dash_manifest":
            planned = plan_dash(url, text, self._limits)
        else:
            planned = plan_hls(url, text, self._list, self._limits)
        return [self._track(track, f"track{number}") for number, track in enumerate(planned)]

    def _track(self, track: Track, name: str) -> LocalTrack:
        files = [self._segments / f"{name}-{number}" for number in range(len(track.runs))]
        count = sum(len(run.segments) for run in track.runs)
        done = 0
        for run, file in zip(track.runs, files, strict=True):
            self._run(run, file, done, count)
            done += len(run.segments)
        return LocalTrack(tuple(files), track.seconds, track.kinds)

    def _run(self, run: Run, path: Path, done: int, count: int) -> None:
        with path.open("xb") as target:
            if run.init is not None:
                append(self._segment(run.init, "the beginning of the stream"), target)
            for number, segment in enumerate(run.segments, done + 1):
                append(self._segment(segment, f"segment {number} of {count}"), target)

    def _segment(self, segment: Segment, name: str) -> Path:
        """One segment, decrypted and whole. Its refusal names it."""
        path = self._segments / "segment"
        for tries_left in reversed(range(PART_TRIES)):
            try:
                return self._whole_segment(segment, path)
            except Refusal as refusal:
                if not tries_left or refusal.kind not in _WORTH_ANOTHER_TRY:
                    raise self._of_segment(refusal, name, path) from refusal
                path.unlink(missing_ok=True)
        raise AssertionError("the last try returns or raises")

    def _whole_segment(self, segment: Segment, path: Path) -> Path:
        self._fetch(segment, path)
        # A key in force where an init section is named may belong to the segments alone: its bytes tell.
        if segment.key is not None and not begins_as_media(path):
            decrypt(path, self._key(segment.key.url), segment.key.iv)
        check_whole(path)
        return path

    def _fetch(self, segment: Segment, path: Path) -> None:
        if self._bytes_left <= 0:
            raise _too_large(self._limits)
        self._get(segment.url, path, self._bytes_left, segment.byte_range)
        size = path.stat().st_size
        self._bytes_left -= size
        if self._bytes_left < 0:
            raise _too_large(self._limits)
        if segment.byte_range is not None and size != segment.byte_range.length:
            raise Refusal(Status.FAILED, "wrong_range", f"the host sent {size:,} bytes of {segment.byte_range.header}")

    def _of_segment(self, refusal: Refusal, name: str, path: Path) -> Refusal:
        """A segment that is gone doesn't prove that the medium is: another candidate, or day, may bring it."""
        status = Status.FAILED if refusal.status is Status.GONE else refusal.status
        evidence = refusal.evidence
        if evidence is None and status is Status.NOT_MEDIA and path.exists():
            evidence = path
        if evidence is not None and evidence.is_relative_to(self._segments):
            evidence = evidence.rename(self._folder / f"stream-{secrets.token_hex(8)}")
        return Refusal(
            status,
            refusal.kind,
            f"{name}: {refusal}",
            passing=refusal.passing,
            retry_after_seconds=refusal.retry_after_seconds,
            evidence=evidence,
        )

    def _list(self, url: str) -> tuple[str, bytes]:
        path = self._segments / "list"
        try:
            answered = self._get(url, path, min(self._limits.list_bytes, self._bytes_left))
        except Refusal as refusal:
            raise self._of_segment(refusal, "a playlist of the stream", path) from refusal
        text = path.read_bytes()
        path.unlink()
        self._bytes_left -= len(text)
        return answered, text

    def _key(self, url: str) -> bytes:
        if url not in self._keys:
            path = self._segments / "key"
            try:
                self._get(url, path, _MOST_KEY_BYTES)
                self._keys[url] = read_key(path)
            except Refusal as refusal:
                raise self._of_segment(refusal, "its key", path) from refusal
            path.unlink()
        return self._keys[url]


def _described(path: Path, limits: Limits) -> StreamFile:
    size = path.stat().st_size
    if size > limits.total_bytes:
        raise _too_large(limits)
    with path.open("rb") as file:
        found = sniff(file.read(_HEAD_BYTES))
        file.seek(0)
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        file.seek(0)
        md5 = hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
    if isinstance(found, NotMedia):
        raise unsupported("the joined stream is no medium that this program knows")
    return StreamFile(path, sha256, md5, size, found)


def _too_large(limits: Limits) -> Refusal:
    return Refusal(
        Status.TOO_LARGE,
        "too_large",
        f"the stream is larger than MEDIA_MAX_FILE_MB allows ({limits.total_bytes:,} bytes)",
    )
