"""Pictures that are like photographs, and copies of them as people make them."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw, ImageEnhance

from media_pipeline.imaging.facts.fingerprint import Pdq, pdq
from media_pipeline.search.near.clusters import clusters
from media_pipeline.search.near.index import NearIndex

_WAVES = ((3, 50), (7, 40), (15, 30), (40, 18), (100, 10), (300, 6))
"""Across the picture, and their weight: about the spectrum of natural pictures."""


@dataclass(frozen=True)
class Score:
    """How well copies of one kind are grouped with what they were made of."""

    kind: str
    recall: float
    """Of the originals, how many are in a group with their copy."""
    precision: float
    """Of all pairs in a group, how many are of one original."""
    furthest: int
    """Bits between an original and its copy, at most."""

    def __str__(self) -> str:
        return f"{self.kind:24} recall {self.recall:6.1%}  precision {self.precision:6.1%}  up to {self.furthest} bits"


def photograph(seed: int, size: tuple[int, int] = (640, 480)) -> Image.Image:
    rng = np.random.default_rng(seed)
    pixels = np.full((size[1], size[0], 3), 120, np.float32)
    for waves, weight in _WAVES:
        for channel in range(3):
            coarse = Image.fromarray(rng.normal(0, weight, (waves, waves)).astype(np.float32))
            pixels[..., channel] += np.asarray(coarse.resize(size, Image.Resampling.BICUBIC))
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))


def saved_as(picture: Image.Image, kind: str, **options: object) -> Image.Image:
    out = io.BytesIO()
    picture.save(out, kind, **options)
    return Image.open(out)


def _cropped(picture: Image.Image, share: float) -> Image.Image:
    """Without this share of its width and height, half of it on each side."""
    width, height = picture.size
    x, y = round(width * share / 2), round(height * share / 2)
    return picture.crop((x, y, width - x, height - y))


def _captioned(picture: Image.Image) -> Image.Image:
    """With two lines of white text on its lower part."""
    copy = picture.copy()
    ImageDraw.Draw(copy).text(
        (copy.width // 10, copy.height * 17 // 20),
        "nobody expects\na caption here",
        "white",
        font_size=copy.height // 18,
        stroke_width=2,
        stroke_fill="black",
    )
    return copy


COPIES: dict[str, Callable[[Image.Image], Image.Image]] = {
    "resized to a half": lambda picture: picture.resize((picture.width // 2, picture.height // 2)),
    "resized to a fifth": lambda picture: picture.resize((picture.width // 5, picture.height // 5)),
    "recompressed, quality 30": lambda picture: saved_as(picture, "JPEG", quality=30),
    "cropped by 5%": lambda picture: _cropped(picture, 0.05),
    "cropped by 2%": lambda picture: _cropped(picture, 0.02),
    "brightened by 30%": lambda picture: ImageEnhance.Brightness(picture).enhance(1.3),
    "as PNG": lambda picture: saved_as(picture, "PNG", compress_level=1),
    "as WebP, quality 50": lambda picture: saved_as(picture, "WEBP", quality=50),
    "as AVIF, quality 50": lambda picture: saved_as(picture, "AVIF", quality=50, speed=9),
    "captioned": _captioned,
}


def score(kind: str, originals: Sequence[Image.Image]) -> Score:
    """Group all originals and one copy of each, as a library would."""
    hashes = [pdq(picture) for picture in originals]
    hashes += [pdq(COPIES[kind](picture)) for picture in originals]
    assert min(hashed.quality for hashed in hashes) >= 50
    groups = grouped(hashes)
    count = len(originals)
    found = sum(number + count in group for group in groups for number in group if number < count)
    pairs = sum(len(group) * (len(group) - 1) // 2 for group in groups)
    furthest = max(apart(one, other) for one, other in zip(hashes[:count], hashes[count:], strict=True))
    return Score(kind, found / count, found / pairs if pairs else 1.0, furthest)


def grouped(hashes: Sequence[Pdq]) -> list[list[int]]:
    index = NearIndex(np.array([list(bytes.fromhex(hashed.hash)) for hashed in hashes], np.uint8))
    return [group.tolist() for group in clusters(index.pairs(), len(index))]


def apart(one: Pdq, other: Pdq) -> int:
    return (int(one.hash, 16) ^ int(other.hash, 16)).bit_count()
