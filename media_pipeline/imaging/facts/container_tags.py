"""What the tags of a container (MP4, MOV, Matroska, MP3 …) say: camera, time, place, words.

What belongs here: names of tags and how their values are written. What does not: reading them, which ffmpeg does.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from media_pipeline.imaging.facts.captions import tidy
from media_pipeline.imaging.facts.exif import MAX_ALTITUDE, MAX_TOTAL_CHARACTERS, MAX_VALUE_CHARACTERS
from media_pipeline.imaging.facts.places import Place, place_of
from media_pipeline.model import Capture

_APPLE = "com.apple.quicktime."
_ANDROID = "com.android."
_TIMES = (_APPLE + "creationdate", "creation_time", "date")
"""Apple's is the local time with its offset, MP4's own (mvhd) UTC by ISO 14496-12."""
_PLACES = (_APPLE + "location.iso6709", "location", "location-eng", "xyz")
"""``xyz`` is QuickTime's ``©xyz``, which ffmpeg calls ``location``."""
_MAKES = (_APPLE + "make", _ANDROID + "manufacturer", "make")
_MODELS = (_APPLE + "model", _ANDROID + "model", "model")
_LENSES = (_APPLE + "camera.lens_model", "lens_model")
_SOFTWARE = (_APPLE + "software", "software", "encoder", "encoding_tool")
_CAPTIONS = (_APPLE + "description", "description", "synopsis", "comment", _APPLE + "title", "title")

_PLACE = re.compile(r"(?P<latitude>[+-]\d+(?:\.\d+)?)(?P<longitude>[+-]\d+(?:\.\d+)?)(?P<altitude>[+-]\d+(?:\.\d+)?)?")
"""ISO 6709, annex H: ``+32.0929+034.8620+028.516/``; the digits before the point tell degrees from minutes."""
_ODD = re.compile("[\udc80-\udcff]")
_WESTERN = "cp1252"
_OF_OTHER_LETTERS = (
    ("cp1251", re.compile("[\u0410-\u044f]")),
    ("shift_jis", re.compile("[\u3040-\u30ff\u4e00-\u9fff]")),
    ("euc_kr", re.compile("[\uac00-\ud7a3]")),
    ("gb18030", re.compile("[\u4e00-\u9fff]")),
)
"""Of equal ones the first: nearly any bytes are Chinese characters to the last."""
_LEAST_SHARE = 0.6
_TIME = re.compile(r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:\.\d+)?(Z|[+-]\d\d:?\d\d)?")
_UNSET_YEARS = (1904, 1970)
"""What clocks of containers start from, and show at midnight of January 1 when nobody set them."""


@dataclass(frozen=True, slots=True)
class ContainerTags(Capture):
    """What the tags say; None where they say nothing that can be used."""

    tags: Mapping[str, str] = field(default_factory=dict[str, str])
    """All of them, bounded."""
    caption: str | None = None
    warnings: tuple[str, ...] = ()
    """How they were read, where they are no UTF-8, and why a place is none."""


def tags_of(container: Mapping[str, str], stream: Mapping[str, str]) -> ContainerTags:
    """What the tags of a container say, and those of its first stream where the container's don't."""
    encoding = _encoding_of([*container.items(), *stream.items()])
    if encoding:
        container, stream = _decoded(container, encoding), _decoded(stream, encoding)
    named = {name.lower(): value for name, value in {**stream, **container}.items()}
    place, altitude = _place(_first(named, _PLACES) or "")
    guessed = f"its tags are no UTF-8; they were read as {encoding}, which is a guess" if encoding else None
    return ContainerTags(
        tags=_bounded(container),
        taken_at=next((moment for name in _TIMES if (moment := _moment(named.get(name, "")))), None),
        camera_make=_short(_first(named, _MAKES)),
        camera_model=_short(_first(named, _MODELS)),
        lens=_short(_first(named, _LENSES)),
        software=_short(_first({name.lower(): value for name, value in container.items()}, _SOFTWARE)),
        latitude=place.latitude,
        longitude=place.longitude,
        altitude=altitude,
        caption=_first(named, _CAPTIONS),
        warnings=tuple(filter(None, (guessed, place.warning))),
    )


def _encoding_of(tags: Iterable[tuple[str, str]]) -> str | None:
    """A guess at what tags are written in that are no UTF-8; None where all are.

    ffmpeg hands out their bytes, PyAV those that are no UTF-8 as lone surrogates.
    """
    odd = b" ".join(_bytes_of(text) for tag in tags for text in tag if _ODD.search(text))
    if not odd:
        return None
    high = sum(byte >= 0x80 for byte in odd)
    if high * 2 <= len(odd.replace(b" ", b"")):
        # Letters of the West with an accent now and then.
        return _WESTERN
    shares = {encoding: _share(odd, encoding, letters) for encoding, letters in _OF_OTHER_LETTERS}
    best = max(shares, key=lambda encoding: shares[encoding])
    return best if shares[best] > _LEAST_SHARE else _WESTERN


def _share(odd: bytes, encoding: str, letters: re.Pattern[str]) -> float:
    """How much of what it becomes in this encoding are the letters that are written in it."""
    try:
        text = re.sub(r"[\0-\x7f]", "", odd.decode(encoding))
    except UnicodeDecodeError:
        return 0.0
    return len(letters.findall(text)) / len(text) if text else 0.0


def _decoded(tags: Mapping[str, str], encoding: str) -> dict[str, str]:
    return {_text(name, encoding): _text(value, encoding) for name, value in tags.items()}


def _text(text: str, encoding: str) -> str:
    return _bytes_of(text).decode(encoding, "replace") if _ODD.search(text) else text


def _bytes_of(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def _first(named: Mapping[str, str], names: tuple[str, ...]) -> str | None:
    return next((text for name in names if (text := tidy(named.get(name, "")))), None)


def _short(text: str | None) -> str | None:
    return text[:MAX_VALUE_CHARACTERS] if text else None


def _bounded(tags: Mapping[str, str]) -> dict[str, str]:
    kept: dict[str, str] = {}
    total = 0
    for name, value in tags.items():
        text, key = _short(tidy(value)), _short(tidy(name))
        if not text or not key:
            continue
        total += len(key) + len(text)
        if total > MAX_TOTAL_CHARACTERS:
            break
        kept[key] = text
    return kept


def _moment(text: str) -> str | None:
    match = _TIME.match(text)
    if match is None:
        return None
    date, time, offset = match.groups()
    written = {None: "", "Z": "+00:00"}.get(offset, f"{offset[:3]}:{offset[-2:]}" if offset else "")
    try:
        moment = datetime.fromisoformat(f"{date}T{time}{written}")
    except ValueError:
        return None
    is_unset = moment.year in _UNSET_YEARS and (moment.month, moment.day, moment.hour, moment.minute) == (1, 1, 0, 0)
    return None if is_unset else moment.isoformat()


def _place(text: str) -> tuple[Place, float | None]:
    """The place, and its altitude."""
    match = _PLACE.match(text)
    if match is None:
        return Place(), None
    place = place_of(_degrees(match["latitude"], 2), _degrees(match["longitude"], 3))
    altitude = float(match["altitude"]) if match["altitude"] and place.warning is None else None
    return place, altitude if altitude is None or abs(altitude) <= MAX_ALTITUDE else None


def _degrees(text: str, digits: int) -> float:
    """Degrees, or degrees with minutes, or with minutes and seconds, all run together (``+4030.5`` is 40° 30.5')."""
    whole, _, fraction = text[1:].partition(".")
    degrees, rest = whole[:digits], whole[digits:]
    if not rest:
        value = float(text[1:])
    elif len(rest) <= 2:
        value = int(degrees) + float(f"{rest}.{fraction or 0}") / 60
    else:
        value = int(degrees) + int(rest[:2]) / 60 + float(f"{rest[2:]}.{fraction or 0}") / 3600
    return round(-value if text[0] == "-" else value, 7)
