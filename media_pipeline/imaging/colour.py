"""Colours: any mode and profile to opaque sRGB, colour or grey.

What belongs here: transparency, bit depth, colour spaces. What does not: sizes and files.
"""

from __future__ import annotations

from io import BytesIO
from typing import Any, Literal, cast

from PIL import Image, ImageCms

from media_pipeline.imaging.errors import UnreadableMedia, decoding

WHITE = "white"
MAX_16_BIT = 65535
MAX_PROFILE_BYTES = 8_000_000
"""Of an ICC profile; printers' tables take up to 3 million."""
_PRIMARIES = {1: "BT.709", 5: "BT.601", 6: "BT.601", 9: "BT.2020", 11: "DCI-P3", 12: "Display P3"}
_TRANSFERS = {16: "PQ", 18: "HLG"}
"""Code points of ITU-T H.273, tables 2 and 3, by their usual names."""
_SRGB_PRIMARIES, _SRGB_TRANSFER = 1, 13


def flattened(image: Image.Image) -> Image.Image:
    """The picture without transparency (on white) and with 8 bits a channel; mode RGB, L, CMYK or LAB.

    The colour space is still the embedded profile's: see :func:`in_srgb`.
    """
    if image.mode == "F" or image.mode.startswith("I"):
        return _eight_bits(image)
    if image.has_transparency_data:
        return _on_white(image)
    if image.mode in ("RGB", "L", "CMYK", "LAB"):
        return image
    return image.convert("L" if image.mode == "1" else "RGB")


def in_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """A flattened picture in sRGB, mode RGB or L. A broken or unfitting profile is ignored."""
    converted = _through_profile(image, profile)
    return converted if converted.mode in ("RGB", "L") else converted.convert("RGB")


def profile_name(profile: bytes) -> str:
    """The name that an ICC profile gives itself. Raises UnreadableMedia."""
    with decoding():
        if len(profile) > MAX_PROFILE_BYTES:
            raise UnreadableMedia(f"it is {len(profile):,} bytes long")
        return ImageCms.getProfileDescription(ImageCms.ImageCmsProfile(BytesIO(profile))).strip()


def coded_name(primaries: int, transfer: int) -> str | None:
    """The usual name of a colour space by its code points (ITU-T H.273), as videos, HEIC and AVIF have them."""
    if (primaries, transfer) == (_SRGB_PRIMARIES, _SRGB_TRANSFER):
        return "sRGB"
    name = _PRIMARIES.get(primaries)
    return " ".join(filter(None, (name, _TRANSFERS.get(transfer)))) if name else None


def _through_profile(image: Image.Image, profile: bytes | None) -> Image.Image:
    if not profile and image.mode != "LAB":
        return image
    try:
        source = ImageCms.ImageCmsProfile(BytesIO(profile)) if profile else _standard_profile("LAB")
        if _is_srgb(source):
            return image
        return ImageCms.profileToProfile(image, source, _standard_profile("sRGB"), outputMode="RGB") or image
    except (ImageCms.PyCMSError, OSError, ValueError):
        return image


def _standard_profile(name: Literal["LAB", "sRGB"]) -> ImageCms.ImageCmsProfile:
    return ImageCms.ImageCmsProfile(cast("Any", ImageCms).createProfile(name))


def _is_srgb(profile: ImageCms.ImageCmsProfile) -> bool:
    """Most embedded profiles are sRGB itself: naming it saves a transform of every pixel."""
    description = ImageCms.getProfileDescription(profile).lower()
    return description.startswith("srgb") and "linear" not in description


def _on_white(image: Image.Image) -> Image.Image:
    mode = "L" if image.mode in ("L", "LA", "La") else "RGB"
    # A copy of 100 megapixels is 400 MB.
    layer = image if image.mode == mode + "A" else image.convert(mode + "A")
    canvas = Image.new(mode, image.size, WHITE)
    canvas.paste(layer.convert(mode), mask=layer.getchannel("A"))
    return canvas


def _eight_bits(image: Image.Image) -> Image.Image:
    """Grey of 16 bits is divided; wider or fractional values are stretched between their extremes."""
    values = image if image.mode in ("I", "F") else image.convert("I")
    low, high = _extremes(values)
    if values.mode == "I" and low >= 0 and high <= MAX_16_BIT:
        low, high = 0, MAX_16_BIT
    scale = 255 / (high - low) if high > low else 0.0
    return values.point(lambda value: value * scale - low * scale).convert("L")


def _extremes(image: Image.Image) -> tuple[float, float]:
    extremes = image.getextrema()
    low, high = extremes[0], extremes[1]
    if isinstance(low, tuple) or isinstance(high, tuple):
        raise ValueError(f"one channel expected, the mode is {image.mode}")
    return low, high
