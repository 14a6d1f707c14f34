"""What a body is, from its first bytes alone.

What belongs here: recognising media, and naming what hosts send in their place. What does not: decoding, and any
trust in the Content-Type header or the URL's ending.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import filetype  # pyright: ignore[reportMissingTypeStubs]

from media_pipeline.fetch.sniff_boxes import box_media
from media_pipeline.model import MediaType


@dataclass(frozen=True, slots=True)
class SniffedType:
    """A medium's real type; ``extension`` without a dot."""

    mime_type: str
    extension: str
    media_type: MediaType


@dataclass(frozen=True, slots=True)
class NotMedia:
    """Something else; ``kind`` is a stable word: html, json, svg, text, hls_playlist, dash_manifest, empty, zip …"""

    kind: str


STREAM_LISTS = frozenset(("hls_playlist", "dash_manifest"))
"""Kinds of NotMedia that name the parts of a stream; :mod:`media_pipeline.fetch.streams` fetches those."""

_JPEG = SniffedType("image/jpeg", "jpg", MediaType.IMAGE)
_PNG = SniffedType("image/png", "png", MediaType.IMAGE)
_WEBM = SniffedType("video/webm", "webm", MediaType.VIDEO)
_MKV = SniffedType("video/x-matroska", "mkv", MediaType.VIDEO)
_MP4 = SniffedType("video/mp4", "mp4", MediaType.VIDEO)
_MOV = SniffedType("video/quicktime", "mov", MediaType.VIDEO)
_3GP = SniffedType("video/3gpp", "3gp", MediaType.VIDEO)
_M4A = SniffedType("audio/mp4", "m4a", MediaType.AUDIO)
_MP3 = SniffedType("audio/mpeg", "mp3", MediaType.AUDIO)
_AAC = SniffedType("audio/aac", "aac", MediaType.AUDIO)
_HEIC = SniffedType("image/heic", "heic", MediaType.IMAGE)
_HEIF = SniffedType("image/heif", "heif", MediaType.IMAGE)
_AVIF = SniffedType("image/avif", "avif", MediaType.IMAGE)
_SRT = SniffedType("application/x-subrip", "srt", MediaType.DOCUMENT)
_VTT = SniffedType("text/vtt", "vtt", MediaType.DOCUMENT)
_PDF = SniffedType("application/pdf", "pdf", MediaType.DOCUMENT)

_SIGNATURES = (
    (b"\xff\xd8\xff", _JPEG),
    (b"\x89PNG\r\n\x1a\n", _PNG),
    (b"%PDF-", _PDF),
    (b"\x00\x00\x00\x0cjP  \r\n\x87\n", SniffedType("image/jp2", "jp2", MediaType.IMAGE)),
    (b"\xff\x4f\xff\x51", SniffedType("image/j2c", "j2k", MediaType.IMAGE)),
    (b"\xff\x0a", SniffedType("image/jxl", "jxl", MediaType.IMAGE)),
    (b"\x00\x00\x00\x0cJXL \r\n\x87\n", SniffedType("image/jxl", "jxl", MediaType.IMAGE)),
    (b"MM\x00*", SniffedType("image/tiff", "tif", MediaType.IMAGE)),
    (b"II*\x00", SniffedType("image/tiff", "tif", MediaType.IMAGE)),
    (b"MM\x00+", SniffedType("image/tiff", "tif", MediaType.IMAGE)),
    (b"II+\x00", SniffedType("image/tiff", "tif", MediaType.IMAGE)),
    (b"\x00\x00\x02\x00", SniffedType("image/vnd.microsoft.icon", "cur", MediaType.IMAGE)),
    (b"P5\n", SniffedType("image/x-portable-graymap", "pgm", MediaType.IMAGE)),
    (b"P6\n", SniffedType("image/x-portable-pixmap", "ppm", MediaType.IMAGE)),
)
"""What filetype misses, or finds only after asking many others (JPEG and PNG are nearly all of the input)."""

_RENAMED = {
    "image/x-icon": ("image/vnd.microsoft.icon", "ico"),
    "video/x-msvideo": ("video/x-msvideo", "avi"),
    "audio/x-wav": ("audio/wav", "wav"),
    "audio/x-flac": ("audio/flac", "flac"),
}
"""filetype's MIME type -> the registered one and the usual extension."""

_BY_BOXES = {found.extension: found for found in (_MP4, _MOV, _3GP, _M4A, _HEIC, _HEIF, _AVIF)}

_TS_PACKETS = ((188, 0), (192, 4), (204, 0))
"""Bytes of a packet, and of what stands in front of each: a time on camcorders and Blu-ray discs."""
_TS_SYNC = 0x47
_TS_LOOKED_AT = 5
_TS_LEAST = 3
"""Packets."""
_HTML = re.compile(
    rb"<(!doctype html|html|head|body|title|script|meta|style|div|p|h1|table|iframe|br|a)\b", re.IGNORECASE
)
_SUBRIP = re.compile(rb"\d+\s*\n\d{2}:\d{2}:\d{2},\d{3} --> ")
_BINARY = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_BITMAP_HEADER_SIZES = (12, 16, 40, 52, 56, 64, 108, 124)


def sniff(head: bytes) -> SniffedType | NotMedia:
    """Recognise a body by its first bytes; 64 KB or the whole body are plenty, 4 KB do for nearly everything."""
    for signature, found in _SIGNATURES:
        if head.startswith(signature):
            return found
    return _iso_media(head) or _audio_or_stream(head) or _textual(head) or _by_library(head)


def _iso_media(head: bytes) -> SniffedType | None:
    found = box_media(head)
    return _BY_BOXES[found] if found else None


def _audio_or_stream(head: bytes) -> SniffedType | None:
    """Containers whose name alone doesn't tell sound from picture, and those that filetype doesn't know."""
    if head.startswith(b"\x1aE\xdf\xa3"):
        return _WEBM if b"webm" in head[:64] else _MKV
    if head.startswith(b"OggS"):
        is_video = b"theora" in head[:512]
        kind = MediaType.VIDEO if is_video else MediaType.AUDIO
        return SniffedType(f"{kind}/ogg", "ogv" if is_video else "ogg", kind)
    if head[:1] == b"\xff" and len(head) > 3:
        return _mpeg_audio(head)
    return _transport_stream(head)


def _transport_stream(head: bytes) -> SniffedType | None:
    """Every packet begins with the same byte (ISO 13818-1, 2.4.3.2)."""
    for length, lead in _TS_PACKETS:
        syncs = [head[at] for at in range(lead, len(head), length)][:_TS_LOOKED_AT]
        if len(syncs) >= _TS_LEAST and set(syncs) == {_TS_SYNC}:
            return SniffedType("video/mp2t", "mts" if lead else "ts", MediaType.VIDEO)
    return None


def _mpeg_audio(head: bytes) -> SniffedType | None:
    """A frame header of MPEG audio, layer II or III (ISO 11172-3, 2.4.1.3), or of ADTS (ISO 13818-7, 6.2)."""
    sync, layer, rates = head[1] & 0xE0, head[1] & 0x06, head[2]
    if head[1] & 0xF6 == 0xF0:
        return _AAC
    plausible = (
        sync == 0xE0
        and layer in (0x02, 0x04)
        and head[1] & 0x18 != 0x08
        and rates & 0xF0 != 0xF0
        and rates & 0x0C != 0x0C
    )
    return _MP3 if plausible else None


def _textual(head: bytes) -> SniffedType | NotMedia | None:
    text = _plain_text(head[:4096])
    if text is None:
        return None
    start = text.strip()
    if not start:
        return NotMedia("empty") if len(head) <= 4096 else NotMedia("text")
    if start.startswith(b"WEBVTT"):
        return _VTT
    if _SUBRIP.match(start):
        return _SRT
    if start.startswith(b"#EXTM3U"):
        return NotMedia("hls_playlist")
    if start.startswith(b"<"):
        return NotMedia(_markup_kind(start))
    return NotMedia("json" if start[:1] in b'{["' else "text")


def _plain_text(head: bytes) -> bytes | None:
    """The head as UTF-8 without a byte order mark, or None if it isn't text."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return head.decode("utf-16", "replace").encode()
    head = head.removeprefix(b"\xef\xbb\xbf")
    return None if _BINARY.search(head) else head


def _markup_kind(start: bytes) -> str:
    lower = start[:2048].lower()
    if b"<svg" in lower and b"<html" not in lower:
        return "svg"
    if b"<mpd" in lower:
        return "dash_manifest"
    if _HTML.search(lower):
        return "html"
    return "xml"


def _by_library(head: bytes) -> SniffedType | NotMedia:
    guess: Any = filetype.guess(head) if head else None  # pyright: ignore[reportUnknownMemberType]
    if guess is None or _is_accidental_bitmap(head):
        return NotMedia("unknown")
    mime_type, extension = str(guess.mime), str(guess.extension)
    family = mime_type.partition("/")[0]
    if family not in ("image", "video", "audio"):
        return NotMedia(extension)
    mime_type, extension = _RENAMED.get(mime_type, (mime_type, extension))
    return SniffedType(mime_type, extension, MediaType(family))


def _is_accidental_bitmap(head: bytes) -> bool:
    """Two letters are all that filetype asks of a BMP; its header's size tells a real one."""
    return head.startswith(b"BM") and int.from_bytes(head[14:18], "little") not in _BITMAP_HEADER_SIZES
