"""What XMP says of other files behind a picture: a motion photo's video, a gain map.

What belongs here: the words (Google's Motion Photo format 1.0 and MicroVideo, Ultra HDR's hdrgm 1.0). What does not:
whether those files are there (:mod:`media_pipeline.imaging.embedded`), and captions.
"""

from __future__ import annotations

from dataclasses import dataclass
from xml.parsers import expat

from media_pipeline.imaging.facts.captions import MAX_XMP_BYTES

_CAMERA = "http://ns.google.com/photos/1.0/camera/ "
_CONTAINER = "http://ns.google.com/photos/1.0/container/ "
_ITEM = "http://ns.google.com/photos/1.0/container/item/ "
_HDR = "http://ns.adobe.com/hdr-gain-map/1.0/ "
_MAX_ITEMS = 50
_MAX_DIGITS = 12
_MAX_PIECES = 10
"""Of a text: numbers and words are short."""
MOTION_PHOTO, GAIN_MAP = "MotionPhoto", "GainMap"
"""Semantics of items."""


@dataclass(frozen=True, slots=True)
class Promise:
    """A file that is said to lie behind the picture."""

    length: int | None = None
    from_end: int | None = None
    """Bytes from its beginning to the end of the whole file."""


def promised_parts(xmp: bytes | str) -> dict[str, Promise]:
    """By semantic; empty for XMP that is broken or declares a document type."""
    content = xmp.encode("utf-8", "replace") if isinstance(xmp, str) else xmp
    found = _Reader()
    try:
        found.parser.Parse(content.strip(b"\0 \t\r\n")[: MAX_XMP_BYTES + 1], True)
    except (expat.ExpatError, ValueError):
        return {}
    parts = _of_items(found.items)
    if found.words.get("MicroVideo") == "1" and MOTION_PHOTO not in parts:
        length = _number(found.words.get("MicroVideoOffset"))
        parts[MOTION_PHOTO] = Promise(length, length)
    if found.words.get("MotionPhoto") == "1":
        parts.setdefault(MOTION_PHOTO, Promise())
    if "Version" in found.words:
        parts.setdefault(GAIN_MAP, Promise())
    return parts


def _of_items(items: list[dict[str, str]]) -> dict[str, Promise]:
    """The items lie behind the picture in their order, the last one at the end of the file."""
    parts: dict[str, Promise] = {}
    from_end: int | None = 0
    for item in reversed(items):
        length = _number(item.get("Length"))
        size = None if length is None else length + (_number(item.get("Padding")) or 0)
        from_end = None if from_end is None or size is None else from_end + size
        if item.get("Semantic") in (MOTION_PHOTO, GAIN_MAP):
            parts[item["Semantic"]] = Promise(length, from_end)
    return parts


def _number(text: str | None) -> int | None:
    is_number = text is not None and text.isascii() and text.isdigit() and len(text) <= _MAX_DIGITS
    return int(text) if is_number and text else None


class _Reader:
    """Collects items, and words of the camera and of the gain map, whether they stand in attributes or in elements."""

    def __init__(self) -> None:
        self.words: dict[str, str] = {}
        self.items: list[dict[str, str]] = []
        self._texts: list[str] = []
        self.parser = expat.ParserCreate(namespace_separator=" ")
        self.parser.StartDoctypeDeclHandler = self._refuse
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._text

    def _refuse(self, *_: object) -> None:
        raise ValueError("it declares a document type")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._texts.clear()
        item = {key.removeprefix(_ITEM): value for key, value in attributes.items() if key.startswith(_ITEM)}
        if (item or name == f"{_CONTAINER}Item") and len(self.items) < _MAX_ITEMS:
            self.items.append(item)
        for key, value in attributes.items():
            self._note(key, value)

    def _end(self, name: str) -> None:
        text = "".join(self._texts).strip()
        if name.startswith(_ITEM) and self.items:
            self.items[-1].setdefault(name.removeprefix(_ITEM), text)
        self._note(name, text)
        self._texts.clear()

    def _text(self, text: str) -> None:
        if len(self._texts) < _MAX_PIECES:
            self._texts.append(text)

    def _note(self, name: str, value: str) -> None:
        for namespace in (_CAMERA, _HDR):
            if name.startswith(namespace):
                self.words.setdefault(name.removeprefix(namespace), value.strip())
