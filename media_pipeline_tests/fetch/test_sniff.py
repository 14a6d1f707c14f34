import pytest

from media_pipeline.fetch.sniff import NotMedia, SniffedType, sniff
from media_pipeline.model import MediaType
from media_pipeline_tests.imaging.formats import FORMATS

IMAGE, VIDEO, AUDIO, DOCUMENT = MediaType.IMAGE, MediaType.VIDEO, MediaType.AUDIO, MediaType.DOCUMENT
PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes(17)


PICTURES = b"\0\0\0\x35meta\0\0\0\0\0\0\0\x21hdlr\0\0\0\0\0\0\0\0pict" + bytes(17) + b"abcd"
MOVIE = b"\0\0\0\x18moov" + bytes(16)


def ftyp(major: bytes, *compatible: bytes) -> bytes:
    brands = major + bytes(4) + b"".join(compatible)
    return (8 + len(brands)).to_bytes(4, "big") + b"ftyp" + brands + bytes(64)


@pytest.mark.parametrize(
    ("head", "extension", "media_type"),
    [
        (b"\xff\xd8\xff\xe0\x00\x10JFIF", "jpg", IMAGE),
        (b"\xff\xd8\xff\xe2\x00\x58MPF\x00", "jpg", IMAGE),
        (PNG, "png", IMAGE),
        (PNG + b"\x00\x00\x00\x08acTL" + bytes(20), "png", IMAGE),
        (b"GIF89a" + bytes(20), "gif", IMAGE),
        (b"RIFF\x10\x00\x00\x00WEBPVP8 " + bytes(20), "webp", IMAGE),
        (b"BM" + bytes(12) + b"\x28\x00\x00\x00" + bytes(40), "bmp", IMAGE),
        (b"II*\x00" + bytes(20), "tif", IMAGE),
        (b"MM\x00*" + bytes(20), "tif", IMAGE),
        (b"II+\x00\x08\x00" + bytes(20), "tif", IMAGE),
        (b"MM\x00+\x00\x08" + bytes(20), "tif", IMAGE),
        (b"\x00\x00\x01\x00\x01\x00" + bytes(20), "ico", IMAGE),
        (b"\x00\x00\x00\x0cjP  \r\n\x87\n" + bytes(20), "jp2", IMAGE),
        (ftyp(b"avif", b"mif1"), "avif", IMAGE),
        (ftyp(b"avis", b"msf1"), "avif", IMAGE),
        (ftyp(b"mif1", b"mif1", b"avif"), "avif", IMAGE),
        (ftyp(b"heic", b"mif1"), "heic", IMAGE),
        (ftyp(b"mif1", b"mif1", b"heic"), "heic", IMAGE),
        (ftyp(b"isom", b"iso2", b"mp41"), "mp4", VIDEO),
        (ftyp(b"dash"), "mp4", VIDEO),
        (ftyp(b"mp42") + b"moov....hdlr....soun", "m4a", AUDIO),
        (ftyp(b"mp42") + b"moov....hdlr....soun....vide", "mp4", VIDEO),
        (ftyp(b"qt  "), "mov", VIDEO),
        (b"\x00\x00\x00\x08wide\x00\x00\x10\x00mdat" + bytes(20), "mov", VIDEO),
        (ftyp(b"3gp5"), "3gp", VIDEO),
        (ftyp(b"M4A "), "m4a", AUDIO),
        (b"\x1aE\xdf\xa3\x01\x00\x00\x00\x00\x00\x00\x1fB\x82\x84webm" + bytes(20), "webm", VIDEO),
        (b"\x1aE\xdf\xa3\x01\x00\x00\x00\x00\x00\x00\x1fB\x82\x88matroska" + bytes(20), "mkv", VIDEO),
        (b"RIFF\x10\x00\x00\x00AVI LIST" + bytes(20), "avi", VIDEO),
        (ftyp(b"mif3avif"), "avif", IMAGE),
        (ftyp(b"wxyz", b"mif1", b"heic")[:-64] + PICTURES, "heic", IMAGE),
        (ftyp(b"wxyz")[:-64] + PICTURES, "heif", IMAGE),
        (ftyp(b"wxyz", b"avif")[:-64] + b"\0\0\0\x10mini" + bytes(8), "avif", IMAGE),
        (ftyp(b"isom", b"mp41")[:-64] + MOVIE + PICTURES, "mp4", VIDEO),
        (PICTURES, "heif", IMAGE),
        (PICTURES.replace(b"abcd", b"av01"), "avif", IMAGE),
        (b"\0\0\0\x0cbeam1234" + ftyp(b"isom"), "mp4", VIDEO),
        (b"\0\0\0\x0cpdin1234" + ftyp(b"heic"), "heic", IMAGE),
        (b"\0\0\0\1beam" + (20).to_bytes(8, "big") + b"1234" + MOVIE, "mov", VIDEO),
        ((b"\x47" + bytes(187)) * 4, "ts", VIDEO),
        ((b"\0\0\0\1\x47" + bytes(187)) * 4, "mts", VIDEO),
        ((b"\x47" + bytes(203)) * 4, "ts", VIDEO),
        (b"ID3\x04\x00" + bytes(20), "mp3", AUDIO),
        (b"\xff\xfb\x90\x64" + bytes(20), "mp3", AUDIO),
        (b"\xff\xf1\x50\x80" + bytes(20), "aac", AUDIO),
        (b"OggS\x00\x02" + bytes(22) + b"\x01\x1eOpusHead", "ogg", AUDIO),
        (b"OggS\x00\x02" + bytes(22) + b"\x01\x2a\x80theora", "ogv", VIDEO),
        (b"RIFF\x10\x00\x00\x00WAVEfmt " + bytes(20), "wav", AUDIO),
        (b"fLaC" + bytes(20), "flac", AUDIO),
        (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", "pdf", DOCUMENT),
    ],
)
def test_media_are_recognised_by_their_bytes(head, extension, media_type):
    found = sniff(head)
    assert isinstance(found, SniffedType)
    assert (found.extension, found.media_type) == (extension, media_type)


@pytest.mark.parametrize("name", FORMATS)
def test_real_files_of_every_format_are_recognised(name):
    mime_type, content = FORMATS[name]
    found = sniff(content()[:4096])
    assert isinstance(found, SniffedType)
    assert found.mime_type == mime_type


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (b"", "empty"),
        (b" \r\n", "empty"),
        (b"<!DOCTYPE html><html>", "html"),
        (b"\xef\xbb\xbf\n\n<html>", "html"),
        (b"<!-- cached -->\n<HTML>", "html"),
        ("<html><body>Anmelden</body>".encode("utf-16"), "html"),
        (b"<!doctype html><svg></svg><html>", "html"),
        (b'{"errors": []}', "json"),
        (b"[1]", "json"),
        (b"<?xml version='1.0'?><Error><Code>AccessDenied</Code></Error>", "xml"),
        (b"<?xml version='1.0'?>\n<svg xmlns='http://www.w3.org/2000/svg'/>", "svg"),
        (b"<svg width='1'/>", "svg"),
        (b"#EXTM3U\n#EXT-X-VERSION:3\n", "hls_playlist"),
        (b"<?xml version='1.0'?><MPD>", "dash_manifest"),
        (b"URL signature expired", "text"),
        (b"BMW is a maker of cars", "text"),
        (b"PK\x03\x04" + bytes(30), "zip"),
        (bytes(64), "unknown"),
        (b"\x00\x01\x02\x03 nothing known", "unknown"),
    ],
)
def test_what_hosts_send_instead_is_named(head, kind):
    assert sniff(head) == NotMedia(kind)
