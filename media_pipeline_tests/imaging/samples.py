"""Files of media that the tests of imaging make for themselves."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
from PIL import ExifTags, Image, ImageCms, ImageDraw

from media_pipeline.model import Recipe, RenditionKind

OPTIMIZED = Recipe(RenditionKind.OPTIMIZED, 1920, 85)
THUMBNAIL = Recipe(RenditionKind.THUMBNAIL, 300, 80)
RECIPES = (OPTIMIZED, THUMBNAIL)
RED, BLUE, WHITE = (255, 0, 0), (0, 0, 255), (255, 255, 255)


def corner_picture(width: int = 400, height: int = 300) -> Image.Image:
    """Blue, with a red block in the upper left corner."""
    picture = Image.new("RGB", (width, height), BLUE)
    ImageDraw.Draw(picture).rectangle((0, 0, width // 4, height // 4), fill=RED)
    return picture


def stored_turned(picture: Image.Image, orientation: int) -> Image.Image:
    """The picture as a camera stores it that writes this EXIF orientation."""
    undo = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    return picture.transpose(undo[orientation]) if orientation in undo else picture


def save_jpeg(path: Path, picture: Image.Image, orientation: int = 1, **options: object) -> Path:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    picture.save(path, "JPEG", quality=92, exif=exif, **options)
    return path


def camera_exif(**changes: Any) -> Image.Exif:
    """The EXIF of a photograph taken south of the equator and west of Greenwich."""
    exif = Image.Exif()
    exif[ExifTags.Base.Make] = "Maker"
    exif[ExifTags.Base.Model] = "Model 7"
    exif[ExifTags.Base.DateTime] = "2024:05:06 09:00:00"
    if "software" in changes:
        exif[ExifTags.Base.Software] = changes["software"]
    times = exif.get_ifd(ExifTags.IFD.Exif)
    if "lens" in changes:
        times[ExifTags.Base.LensModel] = changes["lens"]
    if "colour_space" in changes:
        times[ExifTags.Base.ColorSpace] = changes["colour_space"]
    times[ExifTags.Base.DateTimeOriginal] = changes.get("original", "2024:05:06 07:08:09")
    if "offset" in changes:
        times[ExifTags.Base.OffsetTimeOriginal] = changes["offset"]
    place = exif.get_ifd(ExifTags.IFD.GPSInfo)
    place[ExifTags.GPS.GPSLatitudeRef] = "S"
    place[ExifTags.GPS.GPSLatitude] = changes.get("latitude", (33.0, 30.0, 36.0))
    place[ExifTags.GPS.GPSLongitudeRef] = "W"
    place[ExifTags.GPS.GPSLongitude] = changes.get("longitude", (70.0, 15.0, 0.0))
    if "altitude" in changes:
        place[ExifTags.GPS.GPSAltitude], place[ExifTags.GPS.GPSAltitudeRef] = changes["altitude"]
    return exif


def swapped_profile() -> bytes:
    """An RGB profile whose red and blue primaries are those of sRGB exchanged."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    tags = {
        bytes(profile[at : at + 4]): at for at in range(132, 132 + 12 * struct.unpack_from(">I", profile, 128)[0], 12)
    }
    red, blue = tags[b"rXYZ"] + 4, tags[b"bXYZ"] + 4
    profile[red : red + 8], profile[blue : blue + 8] = profile[blue : blue + 8], profile[red : red + 8]
    # A description other than sRGB's own, of the same length in UTF-16.
    return bytes(profile).replace("sRGB".encode("utf-16-be"), "swap".encode("utf-16-be"))


def png_bomb(path: Path, width: int = 60_000, height: int = 60_000) -> Path:
    """A PNG that claims billions of pixels in a hundred bytes."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 100)) + chunk(b"IEND", b"")
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + body)
    return path


def ultra_hdr(picture: Image.Image, gain_map: Image.Image) -> bytes:
    """A JPEG with a gain map behind it, as Android 14 writes it: an XMP that names the version, and an MPF index."""
    out = io.BytesIO()
    xmp = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    xmp += b'<rdf:Description xmlns:hdrgm="http://ns.adobe.com/hdr-gain-map/1.0/" hdrgm:Version="1.0"/></rdf:RDF>'
    picture.save(out, "MPO", save_all=True, append_images=[gain_map], xmp=xmp + b"</x:xmpmeta>")
    return out.getvalue()


def save_video(path: Path, frames: int = 40, rate: int = 10, size: tuple[int, int] = (160, 96)) -> Path:
    """Blue in its first fifth, red up to its half, then white."""
    shares = (number / frames for number in range(frames))
    colours = (BLUE if share < 0.2 else RED if share < 0.5 else WHITE for share in shares)
    return save_frames(path, [Image.new("RGB", size, colour) for colour in colours], rate)


def save_frames(path: Path, pictures: Sequence[Image.Image], rate: int = 10, **options: str) -> Path:
    """A silent H.264 video; its container is the one that the path's suffix names."""
    with av.open(str(path), "w", options=options) as container:
        stream = container.add_stream("libx264", rate=rate)
        stream.width, stream.height = pictures[0].size
        stream.pix_fmt = "yuv420p"
        stream.time_base = Fraction(1, rate)
        for picture in pictures:
            container.mux(stream.encode(av.VideoFrame.from_image(picture)))
        container.mux(stream.encode(None))
    return path


def turn_video(path: Path) -> None:
    """Write a quarter turn into the track header, as a telephone held upright does."""
    content = bytearray(path.read_bytes())
    matrix = content.index(b"tkhd") + 4 + 4 + 20 + 16
    one = 1 << 16
    struct.pack_into(">9i", content, matrix, 0, one, 0, -one, 0, 0, 0, 0, 1 << 30)
    path.write_bytes(content)


def save_sound(path: Path, seconds: int = 1, rate: int = 8000) -> Path:
    data = b"\0\0" * rate * seconds
    head = struct.pack(
        "<4sI4s4sIHHIIHH4sI",
        b"RIFF",
        36 + len(data),
        b"WAVE",
        b"fmt ",
        16,
        1,
        1,
        rate,
        rate * 2,
        2,
        16,
        b"data",
        len(data),
    )
    path.write_bytes(head + data)
    return path


def save_pdf(path: Path, pages: int = 2) -> Path:
    first = Image.new("RGB", (300, 400), RED)
    first.save(path, "PDF", save_all=True, append_images=[Image.new("RGB", (300, 400), WHITE)] * (pages - 1))
    return path


def near(pixel: Any, colour: Any, tolerance: int = 12) -> bool:
    values = pixel if isinstance(pixel, tuple) else (pixel,) * 3
    return all(abs(a - b) <= tolerance for a, b in zip(values, colour, strict=True))
