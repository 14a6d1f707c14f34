"""Still and animated pictures through Pillow: opening, orientation, previews.

What belongs here: everything that touches a picture's decoder. What does not: facts, recipes, files written.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path

from PIL import ExifTags, Image, UnidentifiedImageError

from media_pipeline.imaging.errors import UnreadableMedia, decoding
from media_pipeline.imaging.facts.jpeg import jpeg_coding

FORMATS = ("JPEG", "PNG", "GIF", "WEBP", "AVIF", "TIFF", "BMP", "DIB", "ICO", "CUR", "JPEG2000", "PPM", "TGA", "PCX")
"""Decoders that a file may reach. Left out on purpose: EPS, which starts Ghostscript, and formats nobody posts."""

PREVIEW_QUALITY = 60
UPRIGHT = 1
_TRANSPOSE = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""From EXIF 2.32, tag 274, to the movement that makes the picture upright."""


@contextmanager
def opened_picture(path: Path, mime_type: str) -> Generator[Image.Image]:
    """The picture, its header read and its pixels not yet; closed at the end.

    Raises UnreadableMedia, also for whatever the decoder raises inside the ``with``.
    """
    formats = (*FORMATS, "HEIF") if _register_heif(mime_type) else FORMATS
    with decoding():
        try:
            with _identified(path, mime_type, formats) as image:
                yield image
        except Image.DecompressionBombError as error:
            raise UnreadableMedia(f"it has more pixels than MEDIA_MAX_IMAGE_PIXELS allows ({error})") from error


def orientation_of(image: Image.Image) -> int:
    """EXIF orientation, 1 to 8. Raises UnreadableMedia when the EXIF block itself is broken."""
    with decoding():
        value = image.getexif().get(ExifTags.Base.Orientation, UPRIGHT)
    return value if value in _TRANSPOSE else UPRIGHT


def upright_size(size: tuple[int, int], orientation: int) -> tuple[int, int]:
    """Width and height as seen."""
    return (size[1], size[0]) if orientation >= 5 else size


def upright(image: Image.Image, orientation: int) -> Image.Image:
    """The picture as seen."""
    return image if orientation == UPRIGHT else image.transpose(_TRANSPOSE[orientation])


def preview(path: Path, side: int) -> bytes | None:
    """For pages and sheets: WebP of at most ``side`` pixels each way; None when the file can't be opened."""
    try:
        with Image.open(path) as image:
            # Before it is decoded: a JPEG is read at a reduced scale.
            image.draft("RGB", (side, side))
            picture = image.convert("RGB")
    except OSError:
        return None
    picture.thumbnail((side, side))
    out = BytesIO()
    picture.save(out, "WEBP", quality=PREVIEW_QUALITY)
    return out.getvalue()


def _identified(path: Path, mime_type: str, formats: tuple[str, ...]) -> Image.Image:
    try:
        return Image.open(path, formats=formats)
    except UnidentifiedImageError:
        coding = jpeg_coding(path) if mime_type == "image/jpeg" else None
        raise UnreadableMedia(f"{coding} can't be decoded" if coding else "no picture of a known format") from None


def _register_heif(mime_type: str) -> bool:
    """Teach Pillow HEIF when it is needed; importing libheif costs each worker 80 ms."""
    if not mime_type.startswith(("image/heic", "image/heif")):
        return False
    import pillow_heif

    pillow_heif.register_heif_opener()  # pyright: ignore[reportUnknownMemberType]
    return True
