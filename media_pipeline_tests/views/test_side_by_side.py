"""Groups of pictures in Markdown: as many as fit, and how many more there are."""

from __future__ import annotations

import base64
import io
import re
from pathlib import Path

from PIL import Image

from media_pipeline.imaging.pictures import preview
from media_pipeline.views.sheets import SIDE, Picture, side_by_side
from media_pipeline_tests.imaging.copies import photograph


def a_picture(folder: Path) -> bytes | None:
    path = folder / "a.jpg"
    photograph(1, (400, 300)).save(path)
    return preview(path, SIDE)


def test_each_group_is_a_table_of_pictures_above_their_lines(tmp_path: Path) -> None:
    webp = a_picture(tmp_path)
    sheet = side_by_side(
        [[Picture(webp, ("**keep**|", "1 MB")), Picture(webp, ("near", "2 MB"))], [Picture(webp, ("x", "y"))]]
    )
    first, second = sheet.strip().split("\n\n")
    assert first.splitlines()[3:] == [r"|\*\*keep\*\*\||near|", "|1 MB|2 MB|"], "what stands below is plain text"
    assert [line.count("|") for line in first.splitlines()] == [3, 3, 3, 4, 3]
    assert len(second.splitlines()) == 5
    (encoded,) = set(re.findall(r"data:image/webp;base64,([\w+/=]+)", sheet))
    with Image.open(io.BytesIO(base64.b64decode(encoded))) as picture:
        assert picture.size == (SIDE, SIDE * 3 // 4)


def test_a_sheet_keeps_under_its_limit_and_counts_the_rest(tmp_path: Path) -> None:
    webp = a_picture(tmp_path)
    groups = [[Picture(webp, ("keep",))] * 9] * 50
    sheet = side_by_side(groups, hidden=1000, limit_bytes=30_000)
    assert len(sheet.encode()) < 30_000
    shown = sheet.count("and 5 more files")
    assert 0 < shown < 50
    assert sheet.endswith(f"and {1050 - shown:,} more groups")
    assert side_by_side([]) == ""


def test_a_picture_that_is_missing_or_broken_leaves_its_lines(tmp_path: Path) -> None:
    broken = tmp_path / "broken.webp"
    broken.write_bytes(b"RIFF")
    sheet = side_by_side(
        [
            [
                Picture(None, ("a",)),
                *(Picture(preview(path, SIDE), (name,)) for path, name in ((broken, "b"), (tmp_path / "none", "c"))),
            ]
        ]
    )
    assert sheet.splitlines()[2:] == ["|–|–|–|", "|a|b|c|"]
    assert preview(broken, 100) is None
