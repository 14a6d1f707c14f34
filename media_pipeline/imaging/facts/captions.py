"""What a picture says it shows, in the words that it carries: XMP, IPTC, EXIF's comment.

What belongs here: finding the words and their encoding. What does not: EXIF's structure
(:mod:`media_pipeline.imaging.facts.exif`), and which of several captions is taken
(:mod:`media_pipeline.imaging.facts.reading`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, cast
from xml.parsers import expat

from PIL import ExifTags, Image
from PIL.IptcImagePlugin import getiptcinfo

from media_pipeline.model import MediaPipelineError

MAX_CHARACTERS = 5000
"""Of a caption; longer ones are cut and end in an ellipsis."""
MAX_XMP_BYTES = 8_000_000
"""Photoshop's history of a file grows to megabytes; more than this is not looked into."""

_DC = "http://purl.org/dc/elements/1.1/ "
_IPTC_CORE = "http://iptc.org/std/Iptc4xmpCore/1.0/xmlns/ "
DESCRIPTION = _DC + "description"
ALT_TEXT = _IPTC_CORE + "AltTextAccessibility"
TITLE = _DC + "title"
_WANTED = frozenset({DESCRIPTION, ALT_TEXT, TITLE})
_ITEM = "http://www.w3.org/1999/02/22-rdf-syntax-ns# li"
_LANGUAGE = "http://www.w3.org/XML/1998/namespace lang"

IPTC_CAPTION = (2, 120)
IPTC_TITLE = (2, 5)
_IPTC_CHARACTER_SET = (1, 90)
_UTF_8 = b"\x1b%G"
"""ISO 2022's escape to UTF-8, as IPTC-IIM 4.2 writes it into 1:90."""


class BrokenXmp(MediaPipelineError):
    """The XMP can't be read; the text says why."""


def tidy(text: str) -> str | None:
    """The text without controls and lone surrogates, in bounded length; None when nothing is left."""
    text = text[: 2 * MAX_CHARACTERS]
    if not text.isprintable():
        text = text.encode("utf-8", "replace").decode("utf-8")
        text = "".join(character for character in text if character.isprintable() or character in "\n\t")
    text = text.strip()
    if len(text) > MAX_CHARACTERS:
        text = text[: MAX_CHARACTERS - 1] + "…"
    return text or None


def xmp_captions(xmp: bytes | str) -> Mapping[str, str]:
    """Description, alternative text and title, by their full names; of several languages the default one.

    Raises BrokenXmp. There is no document type in XMP: one is refused, and with it every entity that it would declare.
    """
    content = xmp.encode("utf-8", "replace") if isinstance(xmp, str) else xmp
    if len(content) > MAX_XMP_BYTES:
        raise BrokenXmp(f"it is {len(content):,} bytes long")
    reader = _XmpReader()
    try:
        reader.parser.Parse(content.strip(b"\0 \t\r\n"), True)
    except (expat.ExpatError, ValueError) as error:
        raise BrokenXmp(str(error)) from error
    return {name: tidied for name, text in reader.found.items() if (tidied := tidy(text))}


class _XmpReader:
    """Collects the text of the wanted elements, whether it stands in them, in a list's items, or in an attribute."""

    def __init__(self) -> None:
        self.found: dict[str, str] = {}
        self.parser = expat.ParserCreate(namespace_separator=" ")
        self.parser.StartDoctypeDeclHandler = self._refuse
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._text
        self._element: str | None = None
        self._pieces: list[str] = []
        self._length = 0
        self._is_default = False

    def _refuse(self, *_: object) -> None:
        raise BrokenXmp("it declares a document type")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        for attribute in _WANTED & attributes.keys():
            self.found.setdefault(attribute, attributes[attribute])
        if name in _WANTED:
            self._element = name
            self._is_default = False
            self._clear()
        elif name == _ITEM and self._element:
            self._is_default = attributes.get(_LANGUAGE) == "x-default"
            self._clear()

    def _end(self, name: str) -> None:
        if self._element is None or name not in (_ITEM, self._element):
            return
        text = "".join(self._pieces)
        if text.strip() and (self._is_default or not self.found.get(self._element)):
            self.found[self._element] = text
        self._clear()
        if name == self._element:
            self._element = None

    def _text(self, text: str) -> None:
        if self._element is not None and self._length < 2 * MAX_CHARACTERS:
            self._pieces.append(text)
            self._length += len(text)

    def _clear(self) -> None:
        self._pieces.clear()
        self._length = 0


def iptc_captions(image: Image.Image) -> Mapping[tuple[int, int], str]:
    """Caption (2:120) and object name (2:05) of a JPEG or TIFF (IPTC-IIM 4.2). Raises whatever broken bytes cause."""
    found: Mapping[tuple[int, int], Any] = getiptcinfo(cast("Any", image)) or {}
    is_utf_8 = _first(found.get(_IPTC_CHARACTER_SET)) == _UTF_8
    texts = ((name, _iptc_text(_first(found.get(name)), is_utf_8)) for name in (IPTC_CAPTION, IPTC_TITLE))
    return {name: tidied for name, text in texts if (tidied := tidy(text))}


def _first(value: Any) -> bytes:
    """A field may be repeated."""
    if isinstance(value, list):
        value = next(iter(value), b"")  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
    return value if isinstance(value, bytes) else b""


def _iptc_text(value: bytes, is_utf_8: bool) -> str:
    """In the character set that is declared, or that most programs write without a word: UTF-8, else Windows'."""
    if is_utf_8:
        return value.decode("utf-8", "replace")
    return _decoded(value, ("utf-8", "cp1252", "latin-1"))


def exif_comment(image: Image.Image) -> str | None:
    """EXIF's UserComment: eight bytes that name the encoding, then the text (EXIF 2.32, tag 0x9286).

    Raises whatever broken EXIF causes.
    """
    if "exif" not in image.info and image.format != "TIFF":
        return None
    content: Any = image.getexif().get_ifd(ExifTags.IFD.Exif).get(ExifTags.Base.UserComment)
    if isinstance(content, str):
        return tidy(content)
    if not isinstance(content, bytes):
        return None
    code, text = content[:8].rstrip(b"\0 "), content[8:]
    if code == b"UNICODE":
        # In the byte order of the file, says the standard; writers don't agree: Latin letters show it.
        order = "utf-16-be" if text[::2].count(0) > text[1::2].count(0) else "utf-16-le"
        return tidy(text.decode(order, "replace"))
    if code == b"JIS":
        return tidy(text.decode("iso2022_jp", "replace"))
    if code in (b"ASCII", b""):
        return tidy(_decoded(text.rstrip(b"\0"), ("utf-8", "cp1252", "latin-1")))
    return None


def _decoded(content: bytes, encodings: Iterable[str]) -> str:
    for encoding in encodings:
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    return ""
