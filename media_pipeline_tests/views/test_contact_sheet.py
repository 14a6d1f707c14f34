"""The contact sheet: pictures in Markdown, within a limit."""

from __future__ import annotations

import re
from base64 import b64decode
from dataclasses import replace
from io import BytesIO
from pathlib import Path

from PIL import Image

from media_pipeline.imaging.pictures import preview
from media_pipeline.views.sheets import COLUMNS, SIDE, Picture, contact_sheet


def thumbnails(folder: Path, count: int) -> list[Picture]:
    found = []
    for number in range(count):
        path = folder / f"{number}.webp"
        Image.effect_noise((300, 300), 90).save(path)
        found.append(Picture(preview(path, SIDE), (f"picture {number}",)))
    return found


def pictures_in(sheet: str) -> list[Image.Image]:
    return [Image.open(BytesIO(b64decode(data))) for data in re.findall(r"\(data:image/webp;base64,([^)]*)\)", sheet)]


def test_every_picture_is_shown_where_there_is_room(tmp_path: Path) -> None:
    sheet = contact_sheet(thumbnails(tmp_path, 6))
    pictures = pictures_in(sheet)
    assert [picture.size for picture in pictures] == [(SIDE, SIDE)] * 6
    assert "more" not in sheet
    assert all(line.count("(data:") <= COLUMNS for line in sheet.splitlines())
    assert "picture 5 |" in sheet


def test_the_limit_holds_and_the_rest_is_counted(tmp_path: Path) -> None:
    sheet = contact_sheet(thumbnails(tmp_path, 60), limit_bytes=30_000)
    shown = len(pictures_in(sheet))
    assert len(sheet.encode()) < 30_000
    assert 4 < shown < 60
    assert sheet.endswith(f"and {60 - shown} more")


def test_a_caption_cannot_break_the_table(tmp_path: Path) -> None:
    (picture,) = thumbnails(tmp_path, 1)
    sheet = contact_sheet([replace(picture, lines=("a|b\n](x) <b>",))])
    assert len(sheet.splitlines()) == 4, "head, rule, pictures, captions"
    assert r"a\|b" in sheet
    assert "<b>" not in sheet.replace(r"\<b\>", "")


def test_a_missing_thumbnail_is_counted_not_raised(tmp_path: Path) -> None:
    sheet = contact_sheet([*thumbnails(tmp_path, 1), Picture(preview(tmp_path / "gone.webp", SIDE), ("gone",))])
    assert len(pictures_in(sheet)) == 1
    assert sheet.endswith("and 1 more")


def test_a_sheet_of_no_pictures_is_empty_text() -> None:
    assert contact_sheet([]) == ""
