"""Paths that can't be imported from, of every kind, each made in an import folder; and one look at that folder.

``python -m media_pipeline_tests.defs.bad_paths STORAGE IMPORTS…`` evaluates the sensor ``new_imports`` for each import
folder and prints what it requests and what it says.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg

from media_pipeline.defs.sensors import build_sensor
from media_pipeline.settings import Settings

DAY = "2025-11-01"


def _in(*parts: str) -> Callable[[Path], None]:
    """A file at this place."""

    def make(imports: Path) -> None:
        path = imports.joinpath(*parts)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("[]")

    return make


def _soon(days: int) -> str:
    return (datetime.now(UTC).date() + timedelta(days=days)).isoformat()


def _folder_like_an_export(imports: Path) -> None:
    (imports / "twitter" / DAY / "folder.json").mkdir(parents=True)


def _beyond_the_longest_path(imports: Path) -> None:
    """Deeper than the system lets a path be named: made, as such folders are, step by step."""
    imports.mkdir(parents=True, exist_ok=True)
    folder = os.open(imports, os.O_RDONLY)
    for name in ("twitter", DAY, *(["x" * 250] * 20)):
        with contextlib.suppress(FileExistsError):
            os.mkdir(name, dir_fd=folder)
        inside = os.open(name, os.O_RDONLY, dir_fd=folder)
        os.close(folder)
        folder = inside
    os.close(folder)


def _unreadable_file(imports: Path) -> None:
    _in("twitter", DAY, "secret.json")(imports)
    (imports / "twitter" / DAY / "secret.json").chmod(0)


def _unreadable_folder(imports: Path) -> None:
    _in("twitter", "2025-11-02", "a.json")(imports)
    (imports / "twitter" / "2025-11-02").chmod(0)


def _folder_that_can_only_be_listed(imports: Path) -> None:
    _in("twitter", "2025-11-03", "a.json")(imports)
    (imports / "twitter" / "2025-11-03").chmod(0o600)


def _lost_and_found(imports: Path) -> None:
    (imports / "lost+found").mkdir(parents=True)
    (imports / "lost+found").chmod(0)


def _dangling_link(imports: Path) -> None:
    folder = imports / "twitter" / DAY
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "link.json").symlink_to("nowhere.json")


@dataclass(frozen=True, slots=True)
class BadPath:
    """How a bad path is made, and what is said of it; nothing where it is passed over."""

    make: Callable[[Path], None]
    said: str = ""


ALWAYS: Mapping[str, BadPath] = {
    "a day that has not come": BadPath(_in("twitter", _soon(2), "a.json"), "has not come yet"),
    "the last day there is": BadPath(_in("twitter", "9999-12-31", "a.json"), "has not come yet"),
    "the first day there is": BadPath(_in("twitter", "0001-01-01", "a.json"), "MEDIA_START_DATE"),
    "a day before the first import date": BadPath(_in("twitter", "2023-12-31", "a.json"), "MEDIA_START_DATE"),
    "the year 0": BadPath(_in("twitter", "0000-01-01", "a.json"), "calendar"),
    "a day that no calendar has": BadPath(_in("twitter", "2025-02-30", "a.json"), "calendar"),
    "digits of another script": BadPath(_in("twitter", "٢٠٢٥-١١-٠١", "a.json"), "YYYY-MM-DD"),
    "full-width digits": BadPath(_in("twitter", "２０２５-11-01", "a.json"), "YYYY-MM-DD"),
    "a date with a line break": BadPath(_in("twitter", "2025-11-01\n", "a.json"), "YYYY-MM-DD"),
    "a partition key as a folder": BadPath(_in("twitter", "2025-11-01|twitter", "a.json"), "YYYY-MM-DD"),
    "an unknown platform": BadPath(_in("myspace", DAY, "a.json"), "unknown platform"),
    "a platform with a line break": BadPath(_in("twitter\n", DAY, "a.json"), "unknown platform"),
    "a file called like a platform": BadPath(_in("linkedin"), "<platform>"),
    "a file called like a date": BadPath(_in("reddit", DAY), "<YYYY-MM-DD>"),
    "a folder called like an export": BadPath(_folder_like_an_export),
    "another kind of file": BadPath(_in("twitter", DAY, "a.docx"), "not a kind of export"),
    "a name with markup": BadPath(_in("[/red]", DAY, "[bold]a.json"), "unknown platform"),
    "a name with an escape sequence": BadPath(_in("\x1b]0;title\x07", DAY, "a.json"), "unknown platform"),
    "a platform that is not UTF-8": BadPath(_in(os.fsdecode(b"tw\xfftter"), DAY, "a.json"), "unknown platform"),
    "a path longer than an index takes": BadPath(
        _in("twitter", DAY, "x" * 250, "x" * 250, "x" * 250, "x" * 250, "a.json"), "longer than"
    ),
    "a path beyond the system's longest": BadPath(_beyond_the_longest_path, "File name too long"),
    "a link to nowhere": BadPath(_dangling_link),
}
"""By what they are."""

WITH_PERMISSIONS: Mapping[str, BadPath] = {
    "a file that can't be read": BadPath(_unreadable_file, "may not read"),
    "a folder that can't be opened": BadPath(_unreadable_folder, "Permission denied"),
    "a folder that can only be listed": BadPath(_folder_that_can_only_be_listed, "Permission denied"),
    "lost+found at the root of a disk": BadPath(_lost_and_found, "Permission denied"),
}
"""Bad only for a user whom the system refuses something."""


@dataclass(frozen=True, slots=True)
class Tick:
    """What one evaluation of the sensor came to."""

    requested: list[str]
    said: str


def tick(settings: Settings) -> Tick:
    """Evaluate the sensor as the daemon does."""
    lines: list[str] = []

    class Lines(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(record.getMessage())

    with dg.build_sensor_context() as context:
        context.log.addHandler(Lines())
        result = build_sensor(settings)(context)
    assert isinstance(result, dg.SensorResult)
    if result.skip_reason:
        lines.append(str(result.skip_reason.skip_message))
    requested = [str(request.partition_key) for request in result.run_requests or []]
    return Tick(requested, "\n".join(lines))


if __name__ == "__main__":
    storage, *folders = map(Path, sys.argv[1:])
    ticks = [
        tick(Settings(_env_file=None, media_storage_path=storage, media_import_path=imports)) for imports in folders
    ]
    print(json.dumps([asdict(found) for found in ticks]))
