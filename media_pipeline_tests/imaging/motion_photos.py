"""Motion photos as telephones write them, with a gain map or without, and live photos."""

from __future__ import annotations

import struct

from PIL import ExifTags, Image

from media_pipeline_tests.imaging.formats import noise, saved
from media_pipeline_tests.imaging.unknown_parts import boxes

_SPACES = (
    'xmlns:GCamera="http://ns.google.com/photos/1.0/camera/" xmlns:hdrgm="http://ns.adobe.com/hdr-gain-map/1.0/" '
    'xmlns:Container="http://ns.google.com/photos/1.0/container/" '
    'xmlns:Item="http://ns.google.com/photos/1.0/container/item/"'
)
IDENTIFIER = "1E2D3C4B-0000-4000-8000-123456789ABC"


def xmp(words: str = "", content: str = "") -> bytes:
    rdf = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
    described = f'<rdf:Description rdf:about="" {_SPACES} {words}>{content}</rdf:Description>'
    return f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="{rdf}">{described}</rdf:RDF></x:xmpmeta>'.encode()


def _directory(*items: tuple[str, int]) -> str:
    listed = "".join(
        f'<rdf:li rdf:parseType="Resource"><Container:Item Item:Semantic="{semantic}" Item:Length="{length}"/></rdf:li>'
        for semantic, length in (("Primary", 0), *items)
    )
    return f"<Container:Directory><rdf:Seq>{listed}</rdf:Seq></Container:Directory>"


def _jpeg(words: str = "", content: str = "") -> bytes:
    return saved(noise(), "JPEG", xmp=xmp(words, content))


def google(video: bytes) -> bytes:
    return _jpeg('GCamera:MotionPhoto="1"', _directory(("MotionPhoto", len(video)))) + video


def google_in_elements(video: bytes) -> bytes:
    """As programs write XMP that put nothing into attributes."""
    item = f"<Item:Semantic>MotionPhoto</Item:Semantic><Item:Length>{len(video)}</Item:Length>"
    listed = f'<rdf:li><Container:Item rdf:parseType="Resource">{item}</Container:Item></rdf:li>'
    directory = f"<Container:Directory><rdf:Seq>{listed}</rdf:Seq></Container:Directory>"
    return _jpeg("", f"<GCamera:MotionPhoto>1</GCamera:MotionPhoto>{directory}") + video


def micro_video(video: bytes) -> bytes:
    return _jpeg(f'GCamera:MicroVideo="1" GCamera:MicroVideoOffset="{len(video)}"') + video


def with_gain_map(video: bytes) -> bytes:
    gain_map = saved(noise(40, 30), "JPEG")
    items = _directory(("GainMap", len(gain_map)), ("MotionPhoto", len(video)))
    return _jpeg('GCamera:MotionPhoto="1" hdrgm:Version="1.0"', items) + gain_map + video


def samsung(video: bytes) -> bytes:
    """Without XMP: the trailer alone names the video, and stands around it."""
    name = b"MotionPhoto_Data"
    entry = struct.pack("<HHI", 0, 0x0A30, len(name)) + name + video
    directory = b"SEFH" + struct.pack("<IIHHII", 106, 1, 0, 0x0A30, len(entry), len(entry))
    return saved(noise(), "JPEG") + entry + directory + struct.pack("<I", len(directory)) + b"SEFT"


def heic(video: bytes) -> bytes:
    return saved(noise(), "HEIF") + struct.pack(">I4s", 8 + len(video), b"mpvd") + video


def heic_with_video_behind(video: bytes) -> bytes:
    return saved(noise(), "HEIF", xmp=xmp('GCamera:MotionPhoto="1"', _directory(("MotionPhoto", len(video))))) + video


def live_picture() -> bytes:
    """A JPEG with Apple's maker note, whose one tag is the content identifier."""
    text = IDENTIFIER.encode() + b"\0"
    note = b"Apple iOS\0\0\1MM" + struct.pack(">HHHII", 1, 0x11, 2, len(text), 14 + 2 + 12 + 4) + bytes(4) + text
    exif = Image.Exif()
    exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.MakerNote] = note
    return saved(noise(), "JPEG", exif=exif)


def live_video(content: bytes) -> bytes:
    """A MOV that ends in its ``moov`` box, with the tag in it as Apple writes it."""
    start, end, kind = list(boxes(content))[-1]
    assert kind == b"moov"
    key = b"com.apple.quicktime.content.identifier"
    handler = _box(b"hdlr", bytes(8) + b"mdta" + bytes(14))
    keys = _box(b"keys", struct.pack(">II", 0, 1) + _box(b"mdta", key))
    value = _box(b"data", struct.pack(">II", 1, 0) + IDENTIFIER.encode())
    item = struct.pack(">II", 8 + len(value), 1) + value
    moov = content[start + 8 : end] + _box(b"meta", handler + keys + _box(b"ilst", item))
    return content[:start] + _box(b"moov", moov)


def _box(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I4s", 8 + len(body), kind) + body
