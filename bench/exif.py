"""EXIF against ``exiftool -fast -json``: 400 small JPEGs with camera, times and place.

Ours in one process, from opening each file to all its tags; ``exiftool`` reads them all in one process too.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from PIL import ExifTags, Image

from bench.measure import Row, fresh_folder, in_turn, rate_row, run
from bench.peers import EXIFTOOL, is_there
from media_pipeline.imaging.facts.exif import read_block
from media_pipeline.imaging.pictures import opened_picture

FILES = 400
ROUNDS = 3
AIM = 10


def rows() -> list[Row]:
    """Files a second."""
    folder = fresh_folder("exif")
    files = [_write(folder / f"{number}.jpg", number) for number in range(FILES)]
    sides = [lambda: _ours(files)]
    if is_there(EXIFTOOL):
        sides.append(lambda: run(["exiftool", "-fast", "-json", *files]).seconds)
    ours, *peer = in_turn(ROUNDS, *sides)
    return [rate_row("EXIF", FILES, ours, peer[0] if peer else None, "exiftool -fast -json", AIM)]


def _ours(files: list[Path]) -> float:
    started = time.perf_counter()
    for path in files:
        with opened_picture(path, "image/jpeg") as image:
            block: Any = image.info["exif"]
            assert read_block(block).latitude is not None
    return time.perf_counter() - started


def _write(path: Path, number: int) -> Path:
    exif = Image.Exif()
    exif[ExifTags.Base.Make], exif[ExifTags.Base.Model] = "Maker", f"Model {number}"
    exif[ExifTags.Base.Software], exif[ExifTags.Base.DateTime] = "1.0", "2024:05:06 09:00:00"
    times = exif.get_ifd(ExifTags.IFD.Exif)
    times[ExifTags.Base.DateTimeOriginal], times[ExifTags.Base.OffsetTimeOriginal] = "2024:05:06 07:08:09", "+02:00"
    times[ExifTags.Base.FNumber], times[ExifTags.Base.ExposureTime], times[ExifTags.Base.LensModel] = 1.8, 0.01, "Lens"
    place = exif.get_ifd(ExifTags.IFD.GPSInfo)
    place[ExifTags.GPS.GPSLatitudeRef], place[ExifTags.GPS.GPSLatitude] = "S", (33.0, 30.0, 36.0)
    place[ExifTags.GPS.GPSLongitudeRef], place[ExifTags.GPS.GPSLongitude] = "W", (70.0, 15.0, float(number % 60))
    Image.new("RGB", (320, 240), (number % 256, 90, 120)).save(path, exif=exif)
    return path
