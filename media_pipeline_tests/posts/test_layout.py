"""A path says which partition a file belongs to, or what to do about it."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from media_pipeline.model import ImportPartition
from media_pipeline.policy.import_dates import ImportDates
from media_pipeline.posts.layout import Rejection, partition_of

IMPORTS = Path("somewhere") / "imports"
DATES = ImportDates(date(2024, 1, 1), date(2026, 11, 26))


def place(name: str) -> ImportPartition | Rejection | None:
    return partition_of(IMPORTS / name, IMPORTS, ("twitter", "linkedin"), DATES)


@pytest.mark.parametrize(
    "name",
    ["twitter/2026-11-20/a.json", "twitter/2026-11-20/archive/data/tweets.js", "twitter/2026-11-20/x/y.ndjson.gz"],
)
def test_a_file_below_a_date_belongs_to_that_day_and_platform(name: str) -> None:
    assert place(name) == ImportPartition(date(2026, 11, 20), "twitter")


@pytest.mark.parametrize(
    ("name", "advice"),
    [
        ("a.json", "<platform>/<YYYY-MM-DD>"),
        ("myspace/2026-11-20/a.json", "known are linkedin, twitter"),
        ("Twitter/2026-11-20/a.json", "known are linkedin, twitter"),
        ("twitter/a.json", "twitter/<YYYY-MM-DD>/"),
        ("twitter/20261120/a.json", "YYYY-MM-DD"),
        ("twitter/2026-W47-5/a.json", "YYYY-MM-DD"),
        ("twitter/archive/2026-11-20/a.json", "YYYY-MM-DD"),
        ("twitter/2026-02-30/a.json", "calendar"),
        ("twitter/2023-12-31/a.json", "MEDIA_START_DATE"),
        ("twitter/0001-01-01/a.json", "MEDIA_START_DATE"),
        ("twitter/0000-01-01/a.json", "calendar"),
        ("twitter/2026-11-27/a.json", "has not come yet"),
        ("twitter/9999-12-31/a.json", "has not come yet"),
        ("twitter/٢٠٢٦-١١-٢٠/a.json", "YYYY-MM-DD"),
        (f"twitter/2026-11-20/{'x' * 200}/{'y' * 200}/{'z' * 600}/a.json", "longer than"),
        ("twitter/2026-11-20/a.xlsx", ".json, .jsonl, .ndjson, .js"),
        ("../elsewhere.json", "not under the import folder"),
    ],
)
def test_a_misplaced_file_is_rejected_with_what_to_do(name: str, advice: str) -> None:
    rejection = place(name)
    assert isinstance(rejection, Rejection)
    assert advice in rejection.reason
    assert rejection.path == IMPORTS / name


def test_a_file_elsewhere_is_rejected() -> None:
    rejection = partition_of(Path("other/a.json"), IMPORTS, ("twitter",), DATES)
    assert isinstance(rejection, Rejection)
    assert str(IMPORTS) in rejection.reason


@pytest.mark.parametrize(
    "name",
    [
        ".DS_Store",
        "twitter/.git/config",
        "twitter/2026-11-20/a.json.part",
        "twitter/2026-11-20/a.json.TMP",
        "twitter/2026-11-20/a.json~",
        "twitter/2026-11-20/~$a.json",
        "twitter/2026-11-20/.a.json.x1",
    ],
)
def test_hidden_and_unfinished_files_are_passed_over(name: str) -> None:
    assert place(name) is None
