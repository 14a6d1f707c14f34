"""Fingerprints of decoded pictures: a digest of the pixels, and PDQ, which forgives scaling and compression.

What belongs here: from pixels to fingerprints. What does not: decoding still pictures, comparing fingerprints
(:mod:`media_pipeline.search.near`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import pdqhash  # pyright: ignore[reportMissingTypeStubs]
from PIL import Image

from media_pipeline.imaging.colour import flattened, in_srgb
from media_pipeline.imaging.pictures import UPRIGHT, upright, upright_size

STRIP_PIXELS = 250_000
"""Pixels that are converted and digested at a time: a large picture needs no second copy of itself, and a strip stays
in the processor's cache (12 megapixels: 28 ms, of which SHA-256 19; in strips of 4 million 49)."""
PROFILED_STRIP_PIXELS = 4_000_000
"""The same where there is a colour profile, whose transform is built anew for each strip."""
PDQ_SIDE = 64
"""PDQ looks at 64 x 64 averages of the picture. Scaling to them here takes 0.6 instead of the library's 7 ms, differs
from its hash of the full picture by 7 bits of 256 on average (18 at most), as do other PDQ programs, which scale to
512 first, and holds better when copies are scaled: at most 4 bits to a picture of a third of the size, where hashes
of the full pictures differ by up to 30."""
PDQ_GAP = 2.0
"""Box reduction down to twice the 64 pixels, then Hamming: 0.6 instead of 1.6 ms, at most 4 bits apart."""


@dataclass(frozen=True, slots=True)
class Pdq:
    """A perceptual hash of 256 bits, after Meta's "PDQ & TMK + PDQF" (2019)."""

    hash: str
    """64 hex digits, zero-padded, the most significant bit first, as the reference programs print it."""
    quality: int
    """0 to 100. Below 50 there is too little in the picture to tell it from others."""


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """What a picture is known by."""

    pixel_sha256: str
    pdq: str
    pdq_quality: int


def fingerprint(image: Image.Image, orientation: int = UPRIGHT, profile: bytes | None = None) -> Fingerprint:
    """The fingerprint of a decoded picture, which is turned by its EXIF orientation and brought to sRGB."""
    perceptual = pdq(image, orientation, profile)
    return Fingerprint(pixel_sha256(image, orientation, profile), perceptual.hash, perceptual.quality)


def pixel_sha256(image: Image.Image, orientation: int = UPRIGHT, profile: bytes | None = None) -> str:
    """SHA-256 of the picture as seen: the same pixels have the same digest in every lossless format.

    Of ``<width>x<height> RGB`` and a line feed, then the pixels, upright and in sRGB, row by row, 8 bits a channel
    (of 16 the upper ones). With any transparency ``RGBA`` stands for ``RGB``, and pixels that can't be seen are black.
    Of an animation it is the frame at hand. A lossy file's pixels depend on its decoder's version.
    """
    width, height = upright_size(image.size, orientation)
    # Values beyond 8 bits may be stretched between the extremes of the whole picture.
    source = flattened(image) if image.mode == "F" or image.mode.startswith("I") else image
    transparent = _is_transparent(source)
    digest = hashlib.sha256(f"{width}x{height} {'RGBA' if transparent else 'RGB'}\n".encode())
    for strip in _strips(source, orientation, PROFILED_STRIP_PIXELS if profile else STRIP_PIXELS):
        digest.update((_rgba(strip, profile) if transparent else _rgb(strip, profile)).tobytes())
    return digest.hexdigest()


def pdq(image: Image.Image, orientation: int = UPRIGHT, profile: bytes | None = None) -> Pdq:
    """PDQ of the picture as seen, transparency on white."""
    # White shows through the small picture as through the large one, which would need three more copies of itself.
    picture = image if image.mode in ("RGBA", "LA") else flattened(image)
    small = picture.resize((PDQ_SIDE, PDQ_SIDE), Image.Resampling.HAMMING, reducing_gap=PDQ_GAP)
    return pdq_of_square(upright(in_srgb(flattened(small), profile), orientation))


def pdq_of_square(small: Image.Image) -> Pdq:
    """PDQ of an upright opaque picture that has been scaled to ``PDQ_SIDE`` pixels each way."""
    bits, quality = cast("Any", pdqhash).compute(np.asarray(small.convert("RGB")))
    return Pdq(np.packbits(bits).tobytes().hex(), int(quality))


def _is_transparent(image: Image.Image) -> bool:
    """Whether any pixel is less than opaque: an alpha channel alone says nothing."""
    return image.has_transparency_data and any(
        cast("int", strip.convert("RGBA").getchannel("A").getextrema()[0]) < 255
        for strip in _strips(image, UPRIGHT, STRIP_PIXELS)
    )


def _strips(image: Image.Image, orientation: int, pixels: int) -> Iterator[Image.Image]:
    """The upright picture from top to bottom."""
    width, height = upright_size(image.size, orientation)
    rows = max(1, pixels // width)
    for top in range(0, height, rows):
        yield upright(image.crop(_stored_box(image.size, orientation, top, min(top + rows, height))), orientation)


def _stored_box(size: tuple[int, int], orientation: int, top: int, bottom: int) -> tuple[int, int, int, int]:
    """Where the rows ``top`` to ``bottom`` of the upright picture lie in the stored one."""
    width, height = size
    match orientation:
        case 3 | 4:
            return 0, height - bottom, width, height - top
        case 5 | 6:
            return top, 0, bottom, height
        case 7 | 8:
            return width - bottom, 0, width - top, height
        case _:
            return 0, top, width, bottom


def _rgb(strip: Image.Image, profile: bytes | None) -> Image.Image:
    opaque = strip.convert("RGBA").convert("RGB") if strip.has_transparency_data else flattened(strip)
    colour = in_srgb(opaque, profile)
    return colour if colour.mode == "RGB" else colour.convert("RGB")


def _rgba(strip: Image.Image, profile: bytes | None) -> Image.Image:
    grey = strip.mode in ("L", "LA", "La")
    layer = strip.convert("LA" if grey else "RGBA")
    alpha = layer.getchannel("A")
    seen = in_srgb(layer.convert("L" if grey else "RGB"), profile).convert("RGB")
    colour = Image.new("RGB", seen.size)
    colour.paste(seen, mask=alpha.point(lambda value: 255 if value else 0))
    return Image.merge("RGBA", (*colour.split(), alpha))
