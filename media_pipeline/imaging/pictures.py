"""Still and animated pictures through Pillow: opening, orientation, previews.

What belongs here: everything that touches a picture's decoder. What does not: facts, recipes, files written.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from PIL import ExifTags, Image, UnidentifiedImageError

from media_pipeline.imaging.errors import TooManyPixels, UnreadableMedia, decoding
from media_pipeline.imaging.facts.jpeg import jpeg_coding
from media_pipeline.imaging.mending import mended

FORMATS = ("JPEG", "PNG", "GIF", "WEBP", "AVIF", "TIFF", "BMP", "DIB", "ICO", "CUR", "JPEG2000", "PPM", "TGA", "PCX")
"""Decoders that a file may reach. Left out on purpose: EPS, which starts Ghostscript, and formats nobody posts."""

LOSS = "media_pipeline.loss"
"""In a picture's ``info``: what of its file had to be left out for a decoder to take it."""
PREVIEW_QUALITY = 60
UPRIGHT = 1
MOST_LOOKED_AT = 100
"""Frames, for the first that decodes."""
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
    with decoding(), _identified(path, mime_type, formats) as image:
        yield image


@dataclass(frozen=True, slots=True)
class Frame:
    """A frame of an animation that was reached, and why it can't be decoded, if so."""

    number: int
    error: UnreadableMedia | None = None


def decoded_frames(image: Image.Image, most: int, first: int = 0) -> Iterator[Frame]:
    """Each frame from ``first`` on, decoded while it is at hand, up to the last, or to one that hides all behind it.

    A frame that can't be decoded is passed over. Raises TooManyPixels.
    """
    for number in range(first, most):
        is_reached = False
        try:
            with decoding():
                if not _reach(image, number):
                    return
                is_reached = True
                image.load()
        except TooManyPixels:
            raise
        except UnreadableMedia as error:
            yield Frame(number, error)
            if not is_reached:
                return
        else:
            yield Frame(number)


def has_frame(image: Image.Image, number: int) -> bool:
    """Whether there is a frame of this number that can be reached."""
    try:
        with decoding():
            return _reach(image, number)
    except UnreadableMedia:
        return False


def _reach(image: Image.Image, number: int) -> bool:
    try:
        image.seek(number)
    except EOFError:
        return False
    return True


def load_still(image: Image.Image) -> UnreadableMedia | None:
    """Decode the first frame that can be decoded; return why the first of all can't. Raises UnreadableMedia."""
    # Asked before it is decoded, since some decoders look for the answer in the second frame.
    has_frames = is_animated(image)
    try:
        with decoding():
            image.load()
    except TooManyPixels:
        raise
    except UnreadableMedia as error:
        if not has_frames or not _has_other_frame(image):
            raise
        return error
    return None


def is_animated(image: Image.Image) -> bool:
    """Whether it has frames, and not just other views (MPO)."""
    return image.format != "MPO" and bool(getattr(image, "is_animated", False))


def _has_other_frame(image: Image.Image) -> bool:
    return any(frame.error is None for frame in decoded_frames(image, MOST_LOOKED_AT, first=1))


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
    except (UnidentifiedImageError, ValueError) as error:
        if image := _mended(path, mime_type, formats):
            return image
        if isinstance(error, ValueError):
            raise
        coding = jpeg_coding(path) if mime_type == "image/jpeg" else None
        raise UnreadableMedia(f"{coding} can't be decoded" if coding else "no picture of a known format") from None


def _mended(path: Path, mime_type: str, formats: tuple[str, ...]) -> Image.Image | None:
    copy = mended(path, mime_type)
    if copy is None:
        return None
    try:
        image = Image.open(copy.content, formats=formats)
    except (UnidentifiedImageError, ValueError):
        return None
    if copy.loss:
        image.info[LOSS] = copy.loss
    return image


def _register_heif(mime_type: str) -> bool:
    """Teach Pillow HEIF when it is needed; importing libheif costs each worker 80 ms."""
    if not mime_type.startswith(("image/heic", "image/heif")):
        return False
    import pillow_heif

    pillow_heif.register_heif_opener()  # pyright: ignore[reportUnknownMemberType]
    return True
