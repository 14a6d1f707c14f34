"""What is printed for people: nothing that they copy is broken, on a terminal of whatever width."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from media_pipeline.cli import terminal
from media_pipeline.model import Status

WIDTHS = (20, 40, 60, 80, 100, 120, 200)
MEDIA_ID = "med-08435798b3abfa044"
URL = f"https://host.test/{'long' * 20}.jpg"
SENTENCE = "the host says that it no longer exists (404)"

ROWS: Mapping[str, list[dict[str, Any]]] = {
    "ids and sentences": [{"media_id": MEDIA_ID, "s3_key": "originals/" + "a1" * 20, "error": SENTENCE}] * 2,
    "addresses": [{"status": Status.GONE, "reason": "gone", "media": 1234, "detail": SENTENCE, "example": URL}],
    "addresses within sentences": [{"error": f"a placeholder is in its place, {URL}: shared", "detail": SENTENCE}],
    "wide letters": [{"author": "写真写真写真写真写真写真写真写真写真写真", "media_id": MEDIA_ID, "error": SENTENCE}],
    "nothing": [{"media_id": None, "url": URL}, {"media_id": MEDIA_ID, "url": None}],
}


@pytest.fixture(params=WIDTHS)
def width(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr(terminal.out, "_width", request.param)
    return request.param


def words_of(rows: list[dict[str, Any]]) -> set[str]:
    return {word for row in rows for value in row.values() if isinstance(value, str) for word in value.split()}


@pytest.mark.parametrize("rows", ROWS.values(), ids=ROWS)
def test_a_table_breaks_no_id_and_no_address(
    width: int, rows: list[dict[str, Any]], capsys: pytest.CaptureFixture[str]
) -> None:
    terminal.print_table("Title", rows)
    printed = capsys.readouterr().out
    assert words_of(rows) <= set(printed.split())
    assert "None" not in printed


def test_a_sentence_in_a_table_has_several_lines_where_the_screen_is_narrow(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(terminal.out, "_width", 60)
    terminal.print_table("Title", [{"media_id": MEDIA_ID, "error": SENTENCE}])
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 60
    assert len(lines) == 5, lines


def test_facts_break_no_address(width: int, capsys: pytest.CaptureFixture[str]) -> None:
    terminal.print_facts("Library", {"posts": 1234567, "archive": URL, "status": {Status.STORED: 1200}, "same": False})
    words = set(capsys.readouterr().out.split())
    assert {"1,234,567", URL, "no"} <= words
    assert not words & {"False", "{'stored':", "None"}


def test_lines_say_times_and_lists_in_words(capsys: pytest.CaptureFixture[str]) -> None:
    seen = datetime(2025, 11, 1, 12, 0, 1, 999, tzinfo=UTC)
    terminal.print_lines("Post", {"posted_at": seen, "tags": ["a", "b"], "own": True, "likes": 1234, "gone": None})
    assert capsys.readouterr().out.splitlines() == [
        "",
        "Post",
        "posted_at  2025-11-01 12:00:01 UTC",
        "tags       a, b",
        "own        yes",
        "likes      1,234",
        "gone",
    ]


def test_csv_has_times_and_lists_as_programs_read_them(capsys: pytest.CaptureFixture[str]) -> None:
    seen = datetime(2025, 11, 1, 12, tzinfo=UTC)
    terminal.print_csv([{"at": seen, "tags": ["a", None], "own": True, "likes": 1234, "none": None, "text": "True"}])
    assert capsys.readouterr().out.splitlines() == [
        "at,tags,own,likes,none,text",
        '2025-11-01T12:00:00+00:00,"[""a"",null]",true,1234,,True',
    ]
