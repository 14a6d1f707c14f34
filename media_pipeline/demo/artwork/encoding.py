"""Pictures as the bytes of files: JPEG, PNG, WebP, and a JPEG as a camera leaves it.

What belongs here: encoders and their options. What does not: what a picture shows, and moving pictures (``clips``).
"""

from __future__ import annotations

from io import BytesIO

from PIL import ExifTags, Image

CAMERA_MAKE, CAMERA_MODEL = "Sample Optics", "Pier 35"
TAKEN_AT = "2026:08:14 20:41:07"
LATITUDE, LONGITUDE = (54.0, 10.0, 47.4), (12.0, 5.0, 12.6)
"""Degrees, minutes, seconds, north and east: the water off Warnemünde."""
_TURNED_LEFT = 6
"""EXIF's orientation of a telephone held upright: turn it clockwise to see it (EXIF 2.32, tag 0x0112)."""


def jpeg(picture: Image.Image, quality: int = 88) -> bytes:
    """A plain JPEG."""
    return _encoded(picture, "JPEG", quality=quality)


def png(picture: Image.Image) -> bytes:
    """A PNG, with transparency where the picture has it."""
    return _encoded(picture, "PNG")


def webp(picture: Image.Image) -> bytes:
    """A lossy WebP."""
    return _encoded(picture, "WEBP", quality=86)


def camera_jpeg(upright: Image.Image) -> bytes:
    """A JPEG that lies on its side and says so in EXIF, with camera, date and place."""
    exif = Image.Exif()
    exif[ExifTags.Base.Make] = CAMERA_MAKE
    exif[ExifTags.Base.Model] = CAMERA_MODEL
    exif[ExifTags.Base.Orientation] = _TURNED_LEFT
    details = exif.get_ifd(ExifTags.IFD.Exif)
    details[ExifTags.Base.DateTimeOriginal] = TAKEN_AT
    details[ExifTags.Base.OffsetTimeOriginal] = "+02:00"
    details[ExifTags.Base.FNumber] = 2.8
    details[ExifTags.Base.ISOSpeedRatings] = 400
    place = exif.get_ifd(ExifTags.IFD.GPSInfo)
    place[ExifTags.GPS.GPSLatitudeRef], place[ExifTags.GPS.GPSLatitude] = "N", LATITUDE
    place[ExifTags.GPS.GPSLongitudeRef], place[ExifTags.GPS.GPSLongitude] = "E", LONGITUDE
    return _encoded(upright.transpose(Image.Transpose.ROTATE_90), "JPEG", quality=90, exif=exif)


def recompressed(picture: bytes, share: float, quality: int) -> bytes:
    """The picture smaller and coarser: what a platform makes of an upload."""
    with Image.open(BytesIO(picture)) as image:
        size = (round(image.width * share), round(image.height * share))
        return jpeg(image.resize(size, Image.Resampling.LANCZOS), quality)


def _encoded(picture: Image.Image, form: str, **options: object) -> bytes:
    buffer = BytesIO()
    picture.save(buffer, form, **options)
    return buffer.getvalue()
