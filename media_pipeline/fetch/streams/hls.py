"""HLS playlists (RFC 8216): which variant, which sound, which segments.

What belongs here: choosing, and reading playlists by the library m3u8. What does not: fetching segments or keys.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any, cast

import m3u8  # pyright: ignore[reportMissingTypeStubs]

from media_pipeline.fetch.http.urls import UnsafeUrlError, joined
from media_pipeline.fetch.outcome import Refusal
from media_pipeline.fetch.streams.plan import (
    ONLY_AUDIO,
    ONLY_VIDEO,
    VIDEO_AND_AUDIO,
    ByteRange,
    Key,
    Limits,
    Run,
    Segment,
    Track,
    broken,
    live,
    protected,
    too_many_segments,
    unsupported,
)
from media_pipeline.model import MediaType

ReadList = Callable[[str], tuple[str, bytes]]
"""From the URL of a playlist to the URL that answered, and the playlist."""

_SOUND_CODECS = ("mp4a", "ac-3", "ec-3", "opus", "flac", "alac")
_COUNTED_TAGS = (b"#EXTINF", b"#EXT-X-BYTERANGE", b"#EXT-X-KEY", b"#EXT-X-STREAM-INF", b"#EXT-X-MEDIA:")
_IDENTITY = "identity"
_RANGE = re.compile(r"(\d{1,18})(?:@(\d{1,18}))?")
_IV = re.compile(r"0[xX][0-9a-fA-F]{1,32}")


def plan_hls(url: str, text: bytes, read: ReadList, limits: Limits) -> tuple[Track, ...]:
    """The tracks of the best variant of a master playlist, or the one of a media playlist.

    Best is what has most pixels, then most bandwidth. Raises Refusal: live, protected, broken, too many segments,
    and what ``read`` raises.
    """
    playlist = _parsed(text, limits)
    if not playlist.is_variant:
        return (_track(url, playlist, VIDEO_AND_AUDIO),)
    variant = _best_variant(playlist)
    sound = _best_sound(playlist, variant)
    tracks = [(variant.uri, VIDEO_AND_AUDIO if sound is None else ONLY_VIDEO)]
    if sound is not None:
        tracks.append((sound, ONLY_AUDIO))
    return tuple(_nested_track(_joined(url, uri), kinds, read, limits) for uri, kinds in tracks)


def _nested_track(url: str, kinds: frozenset[MediaType], read: ReadList, limits: Limits) -> Track:
    answered, text = read(url)
    playlist = _parsed(text, limits)
    if playlist.is_variant:
        raise broken("a master playlist leads to another master playlist (RFC 8216, section 4.3.4.2)")
    return _track(answered, playlist, kinds)


def _parsed(text: bytes, limits: Limits) -> Any:
    """Tags are counted before the library reads them: it compares each key with all others, 10,000 in 5 s."""
    if not text.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"#EXTM3U"):
        raise broken("what should be an HLS playlist doesn't begin with #EXTM3U")
    if any(text.count(tag) > limits.segments for tag in _COUNTED_TAGS):
        raise too_many_segments(limits.segments)
    try:
        return cast("Any", m3u8).loads(text.decode("utf-8", "replace"))
    except Exception as error:
        raise broken(f"the HLS playlist can't be read: {type(error).__name__}: {error}"[:300]) from error


def _best_variant(playlist: Any) -> Any:
    variants = [variant for variant in playlist.playlists if variant.uri]
    if not variants:
        raise broken("the master playlist names no variant")
    return max(variants, key=_quality)


def _quality(variant: Any) -> tuple[bool, int, int]:
    info = variant.stream_info
    width, height = info.resolution or (0, 0)
    codecs = (info.codecs or "").split(",")
    has_sound_only = bool(info.codecs) and all(codec.strip().startswith(_SOUND_CODECS) for codec in codecs)
    return not has_sound_only, width * height, info.bandwidth or 0


def _best_sound(playlist: Any, variant: Any) -> str | None:
    """The URI of the variant's sound, or None where the variant holds it (RFC 8216, section 4.3.4.2.1).

    The default one, then one that players choose by themselves, then the largest number in name and URI, which is
    how hosts tell the bitrates of one group apart (Reddit: ``HLS_AUDIO_160_K.m3u8``).
    """
    group = variant.stream_info.audio
    renditions = [media for media in playlist.media if media.type == "AUDIO" and media.group_id == group]
    if group is None or not renditions:
        return None
    best = max(renditions, key=lambda media: (media.default == "YES", media.autoselect == "YES", _number_in(media)))
    return best.uri or None


def _number_in(media: Any) -> int:
    return max((int(digits[:9]) for digits in re.findall(r"\d+", f"{media.name} {media.uri}")), default=0)


def _track(url: str, playlist: Any, kinds: frozenset[MediaType]) -> Track:
    if playlist.is_i_frames_only:
        raise unsupported("the playlist holds key frames alone")
    if not playlist.is_endlist:
        raise live()
    segments = [segment for segment in playlist.segments if segment.uri]
    if not segments:
        raise broken("the playlist names no segment")
    if any(segment.gap_tag for segment in segments):
        raise unsupported("the playlist says that segments are missing (EXT-X-GAP)")
    seconds = sum(segment.duration or 0.0 for segment in segments)
    return Track(_runs(url, segments, playlist.media_sequence or 0), seconds or None, kinds)


def _runs(url: str, segments: Iterable[Any], first_number: int) -> tuple[Run, ...]:
    runs: list[tuple[Segment | None, list[Segment]]] = []
    end_of_last: dict[str, int] = {}
    for number, segment in enumerate(segments, first_number):
        key = _key(url, segment.key, number)
        init = _init(url, segment.init_section, key)
        address = _joined(url, segment.uri)
        byte_range = _byte_range(segment.byterange, end_of_last.get(address))
        if byte_range is not None:
            end_of_last[address] = byte_range.start + byte_range.length
        if not runs or segment.discontinuity or not _same_resource(runs[-1][0], init):
            runs.append((init, []))
        runs[-1][1].append(Segment(address, byte_range, key))
    return tuple(Run(init, tuple(segments)) for init, segments in runs)


def _same_resource(one: Segment | None, other: Segment | None) -> bool:
    """Whether two init sections are the same bytes; the key doesn't matter, as it may turn with every segment."""
    if one is None or other is None:
        return one is other
    return (one.url, one.byte_range) == (other.url, other.byte_range)


def _init(url: str, section: Any, key: Key | None) -> Segment | None:
    if section is None:
        return None
    return Segment(_joined(url, section.uri), _byte_range(section.byterange, 0), key)


def _byte_range(text: str | None, end_of_last: int | None) -> ByteRange | None:
    """``<length>[@<start>]``; without a start, it goes on where the last one of the same resource ended."""
    if not text:
        return None
    match = _RANGE.fullmatch(text.strip().strip('"'))
    start = end_of_last if match is None or match[2] is None else int(match[2])
    if match is None or start is None or int(match[1]) == 0:
        raise broken(f"a byte range of the playlist can't be read: {text[:80]!r}")
    return ByteRange(start, int(match[1]))


def _key(url: str, tag: Any, number: int) -> Key | None:
    """Without an IV attribute it is the segment's number (RFC 8216, section 5.2)."""
    if tag is None or tag.method == "NONE":
        return None
    if tag.method != "AES-128" or (tag.keyformat or _IDENTITY) != _IDENTITY:
        raise protected(f"{tag.method}, {tag.keyformat or _IDENTITY}")
    if not tag.uri:
        raise broken("an encrypted segment names no key")
    return Key(_joined(url, tag.uri), number.to_bytes(16, "big") if tag.iv is None else _iv(tag.iv))


def _iv(text: str) -> bytes:
    if not _IV.fullmatch(text):
        raise broken(f"an initialisation vector of the playlist can't be read: {text[:80]!r}")
    return int(text, 16).to_bytes(16, "big")


def _joined(base: str, uri: str) -> str:
    try:
        return joined(base, uri)
    except UnsafeUrlError as error:
        raise _not_a_url(uri) from error


def _not_a_url(uri: str) -> Refusal:
    return broken(f"the playlist names what is no URL: {uri[:80]!r}")
