"""The words that pictures carry: found in XMP, IPTC and EXIF, whoever wrote them and however they are encoded."""

from __future__ import annotations

import io
import struct
from pathlib import Path
from typing import Any

import pillow_heif
import pytest
from PIL import ExifTags, Image

from media_pipeline.imaging.facts.captions import MAX_CHARACTERS
from media_pipeline.imaging.facts.reading import read_facts
from media_pipeline.model import FileFacts
from media_pipeline_tests.imaging import samples

RDF = 'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:dc="http://purl.org/dc/elements/1.1/"'
ALT = 'xmlns:Iptc4xmpCore="http://iptc.org/std/Iptc4xmpCore/1.0/xmlns/"'


def xmp(properties: str, prolog: str = "") -> bytes:
    packet = f'{prolog}<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF {RDF}><rdf:Description {ALT}>{properties}'
    return (packet + "</rdf:Description></rdf:RDF></x:xmpmeta>").encode()


def alternatives(name: str, **texts: str) -> str:
    items = "".join(
        f'<rdf:li xml:lang="{language.replace("_", "-")}">{text}</rdf:li>' for language, text in texts.items()
    )
    return f"<{name}><rdf:Alt>{items}</rdf:Alt></{name}>"


def iptc(*datasets: tuple[int, int, bytes]) -> bytes:
    """An APP13 segment as Photoshop writes it."""
    records = b"".join(struct.pack(">BBBH", 0x1C, r, n, len(text)) + text for r, n, text in datasets)
    records += b"\0" * (len(records) % 2)
    body = b"Photoshop 3.0\0" + b"8BIM\x04\x04\0\0" + struct.pack(">I", len(records)) + records
    return b"\xff\xed" + struct.pack(">H", len(body) + 2) + body


def facts_of(folder: Path, kind: str = "JPEG", segment: bytes = b"", **options: object) -> FileFacts:
    pillow_heif.register_heif_opener()
    out = io.BytesIO()
    samples.corner_picture().save(out, kind, **options)
    content = out.getvalue()
    (folder / "a").write_bytes(content[:2] + segment + content[2:] if segment else content)
    return read_facts(folder / "a", f"image/{kind.lower()}")


def exif(**tags: object) -> Image.Exif:
    block = Image.Exif()
    if "description" in tags:
        block[ExifTags.Base.ImageDescription] = tags["description"]
    if "comment" in tags:
        block.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.UserComment] = tags["comment"]
    return block


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "AVIF", "HEIF", "TIFF"])
def test_a_description_in_xmp_is_the_caption(tmp_path: Path, kind: str) -> None:
    packet = xmp(alternatives("dc:description", en="A boat", x_default="Ein Boot &amp; das Meer"))
    options: dict[str, Any] = {"xmp": packet}
    if kind == "PNG":
        from PIL.PngImagePlugin import PngInfo

        options = {"pnginfo": PngInfo()}
        options["pnginfo"].add_itxt("XML:com.adobe.xmp", packet.decode())
    elif kind == "TIFF":
        options = {"tiffinfo": {700: packet}}
    facts = facts_of(tmp_path, kind, **options)
    assert (facts.caption, facts.warnings) == ("Ein Boot & das Meer", ())


def test_alternative_text_and_title_stand_in_for_a_description(tmp_path: Path) -> None:
    title = alternatives("dc:title", x_default="Title")
    alt = alternatives("Iptc4xmpCore:AltTextAccessibility", x_default="What is seen")
    assert facts_of(tmp_path, xmp=xmp(title)).caption == "Title"
    assert facts_of(tmp_path, xmp=xmp(title + alt)).caption == "What is seen"
    assert facts_of(tmp_path, xmp=xmp(title), exif=exif(description="By a camera")).caption == "By a camera"


@pytest.mark.parametrize(
    ("declared", "written"),
    [(b"\x1b%G", "Müller".encode()), (b"", "Müller".encode()), (b"", "Müller".encode("cp1252"))],
)
def test_iptc_is_read_in_its_character_set(tmp_path: Path, declared: bytes, written: bytes) -> None:
    datasets = [(1, 90, declared)] if declared else []
    facts = facts_of(tmp_path, segment=iptc(*datasets, (2, 5, b"Name"), (2, 120, b"Caption of " + written)))
    assert facts.caption == "Caption of Müller"
    assert facts_of(tmp_path, segment=iptc((2, 5, b"Name"))).caption == "Name"


@pytest.mark.parametrize(
    "comment",
    [
        b"ASCII\0\0\0Gr\xc3\xbc\xc3\x9fe",
        b"\0\0\0\0\0\0\0\0Gr\xfc\xdfe\0\0",
        b"UNICODE\0" + "Grüße".encode("utf-16-le"),
        b"UNICODE\0" + "Grüße".encode("utf-16-be"),
    ],
)
def test_a_comment_in_exif_is_read_in_its_encoding(tmp_path: Path, comment: bytes) -> None:
    assert facts_of(tmp_path, exif=exif(comment=comment)).caption == "Grüße"


def test_a_description_in_exif_comes_before_its_comment(tmp_path: Path) -> None:
    block = exif(description="Description", comment=b"ASCII\0\0\0Comment")
    assert facts_of(tmp_path, exif=block).caption == "Description"
    assert facts_of(tmp_path, exif=exif(description="  ", comment=b"ASCII\0\0\0\0\0")).caption is None


BOMB = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
OUTSIDE = '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/hostname">]>'


@pytest.mark.parametrize("prolog", [BOMB, OUTSIDE, '<!DOCTYPE x SYSTEM "http://127.0.0.1/x.dtd">'])
def test_xmp_with_a_document_type_is_refused_with_a_warning(tmp_path: Path, prolog: str) -> None:
    facts = facts_of(tmp_path, xmp=xmp(alternatives("dc:description", x_default="&a;"), prolog))
    assert facts.caption is None
    assert "document type" in facts.warnings[0]
    assert facts.width == 400


@pytest.mark.parametrize("packet", [b"<x", b"\xff\xfe\0", xmp("<dc:description>")[:-40], b"<a>" * 5000])
def test_broken_xmp_is_a_warning(tmp_path: Path, packet: bytes) -> None:
    facts = facts_of(tmp_path, xmp=packet)
    assert facts.width == 400
    assert facts.warnings


@pytest.mark.parametrize("segment", [b"\x1c\x02\x78\x90", b"\x1c\x02\x78\xff\xff" + b"\xff" * 40, b"\x1d" * 60])
def test_broken_iptc_is_no_failure(tmp_path: Path, segment: bytes) -> None:
    body = b"Photoshop 3.0\0" + b"8BIM\x04\x04\0\0" + struct.pack(">I", len(segment)) + segment
    facts = facts_of(tmp_path, segment=b"\xff\xed" + struct.pack(">H", len(body) + 2) + body)
    assert facts.width == 400


def test_a_caption_is_bounded_and_without_controls(tmp_path: Path) -> None:
    long = facts_of(tmp_path, "PNG", pnginfo=None, exif=exif(description="x" * 20_000)).caption
    assert long is not None
    assert len(long) <= MAX_CHARACTERS
    assert facts_of(tmp_path, exif=exif(description="a\x01b\x7f\nc")).caption == "ab\nc"
