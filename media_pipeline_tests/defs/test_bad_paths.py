"""One bad path never stops the sensor: beside a path of every bad kind, the good one is taken."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from media_pipeline.defs.partitions import divided, import_partitions, ranges_of
from media_pipeline.defs.schedules import build_schedules
from media_pipeline.defs.sensors import REFUSED_NAMED
from media_pipeline.model import ImportPartition
from media_pipeline.policy.import_dates import ImportDates
from media_pipeline.posts.platforms import platform_names
from media_pipeline.stages.imports import landing, raw_posts
from media_pipeline.stages.imports.folders import files_below
from media_pipeline.stages.imports.provenance import provenance_of
from media_pipeline_tests import unprivileged
from media_pipeline_tests.defs.bad_paths import ALWAYS, WITH_PERMISSIONS, BadPath, Tick, tick
from media_pipeline_tests.library import TWITTER, Library, tweet

ODD_NAMES = (b"\xff\xfe.json", b"n" * 250 + b".json", b"line\nbreak.json", b"[red]\x1b[31m.json", b"=1+1|`.json")
"""Names of exports that are good: what a file is called is nobody's business."""


def assert_is_named(said: str, bad: BadPath) -> None:
    assert bad.said in said
    assert "\x1b" not in said


@pytest.mark.parametrize("kind", ALWAYS)
def test_the_good_path_beside_a_bad_one_is_requested_and_the_bad_one_is_named(library: Library, kind: str) -> None:
    ALWAYS[kind].make(library.settings.import_path)
    assert_is_named(tick(library.settings).said, ALWAYS[kind])
    library.land("good.json", [tweet(1)])
    found = tick(library.settings)
    assert found.requested == [TWITTER.key]
    assert_is_named(found.said, ALWAYS[kind])


def test_the_good_path_beside_bad_ones_of_every_kind_is_requested_and_read(library: Library) -> None:
    for bad in ALWAYS.values():
        bad.make(library.settings.import_path)
    library.land("good.json", [tweet(1)])
    found = tick(library.settings)
    assert found.requested == [TWITTER.key]
    named = sum(bool(bad.said) for bad in ALWAYS.values())
    assert len(found.said.splitlines()) == min(named, REFUSED_NAMED), "each on one line"
    assert library.run()["read_posts"].numbers["posts"] == 1
    assert tick(library.settings).requested == []


def test_exports_with_odd_names_are_read_and_their_provenance_is_found_again(library: Library) -> None:
    folder = library.land("good.json", [tweet(100)]).parent
    for number, name in enumerate(ODD_NAMES):
        library.land("passing.json", [tweet(number, f"https://pictures.example/{number}.jpg")]).rename(
            folder / os.fsdecode(name)
        )
    assert tick(library.settings).requested == [TWITTER.key]
    assert library.with_settings(download_media=False).run()["read_posts"].numbers["posts"] == len(ODD_NAMES) + 1
    assert tick(library.settings).requested == []
    media = [media_id for (media_id,) in library.rows("SELECT media_id FROM post_media")]
    with library.open() as stage:
        paths = {os.fsencode(provenance_of(stage.settings, stage.database, media_id).path.name) for media_id in media}
    assert paths == set(ODD_NAMES)


def test_a_file_that_vanishes_while_it_is_looked_at_costs_only_itself(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    library.land("a.json", [tweet(1)])
    gone = library.land("b.json", [tweet(2)])
    library.land("c.json", [tweet(3)])

    def losing_one(folder: Path) -> Iterable[Any]:
        for entry in files_below(folder):
            gone.unlink(missing_ok=True)
            yield entry

    monkeypatch.setattr(landing, "files_below", losing_one)
    with library.open() as stage:
        (files,) = landing.look(library.settings, stage.database).waiting.values()
    assert [Path(file.path).name for file in files] == ["a.json", "c.json"]


def test_an_import_path_that_is_a_file_is_named(library: Library) -> None:
    library.settings.import_path.parent.mkdir(parents=True, exist_ok=True)
    library.settings.import_path.write_text("no folder")
    found = tick(library.settings)
    assert found.requested == []
    assert "Not a directory" in found.said


def test_the_good_path_beside_each_and_all_that_this_user_may_not_read_is_requested(tmp_path: Path) -> None:
    if why := unprivileged.missing():
        pytest.skip(why)
    cases = [*([kind] for kind in WITH_PERMISSIONS), list(WITH_PERMISSIONS)]
    libraries = [Library(tmp_path, media_import_path=tmp_path / str(number)) for number in range(len(cases))]
    try:
        for library, kinds in zip(libraries, cases, strict=True):
            library.land("good.json", [tweet(1)])
            for kind in kinds:
                WITH_PERMISSIONS[kind].make(library.settings.import_path)
        ticks = _ticks_of_user(tmp_path / "data", [library.settings.import_path for library in libraries])
    finally:
        _give_back(tmp_path)
    for found, kinds in zip(ticks, cases, strict=True):
        assert found.requested == [TWITTER.key], kinds
        for kind in kinds:
            assert_is_named(found.said, WITH_PERMISSIONS[kind])


def _give_back(folder: Path) -> None:
    """Or pytest can't remove the folders when it is not root."""
    for below in folder.rglob("*"):
        below.chmod(0o700)


def _ticks_of_user(storage: Path, folders: list[Path]) -> list[Tick]:
    command = [sys.executable, "-m", "media_pipeline_tests.defs.bad_paths", str(storage), *map(str, folders)]
    done = subprocess.run(unprivileged.command(command), cwd=storage.parent, capture_output=True, check=True, text=True)
    return [Tick(**found) for found in json.loads(done.stdout)]


def test_a_file_that_can_not_be_read_costs_the_run_only_itself(library: Library) -> None:
    """The memory of this process, read from its beginning, answers as a bad disk does."""
    library.land("good.json", [tweet(1)])
    bad = library.land("bad.json", [tweet(2)])
    bad.unlink()
    bad.symlink_to("/proc/self/mem")
    report = library.run(stages=[raw_posts.read_posts])["read_posts"]
    assert (report.numbers["posts"], report.numbers["unreadable_files"]) == (1, 1)
    assert "Input/output error" in str(report.table[0])
    bad.unlink()
    library.land("bad.json", [tweet(2)])
    assert library.run()["read_posts"].numbers["posts"] == 2, "the next run reads it"


def test_dagster_has_a_partition_for_exactly_the_dates_that_are_not_refused(library: Library) -> None:
    definition = import_partitions(library.settings)
    today = date.min
    while today != datetime.now(UTC).date():
        today = datetime.now(UTC).date()
        dates = ImportDates(library.settings.media_start_date, today)
        near = [middle + timedelta(days=n) for middle in (dates.first, dates.today) for n in range(-3, 4)]
        days = [date.min, *near, date.max]
        differing = [
            day
            for day in days
            for platform in platform_names()
            if definition.has_partition_key(ImportPartition(day, platform).key) != (dates.refusal(day) is None)
        ]
    assert differing == []


def test_the_nightly_backfill_leaves_partitions_alone_that_dagster_does_not_have(library: Library) -> None:
    """MEDIA_START_DATE was changed later; a clock was wrong once; the platform is of another version."""
    library.land("a.json", [tweet(1)])
    days = [date(2024, 12, 30), date(2024, 12, 31), date(2025, 1, 1), date(2025, 1, 2), date(9999, 12, 30)]
    with library.with_settings(media_start_date=date(1, 1, 1)).open() as stage:
        for day in days:
            library.land("a.json", [tweet(day.toordinal(), "https://x.test/a.jpg")], ImportPartition(day, "twitter"))
        raw_posts.read_posts(stage, [ImportPartition(day, "twitter") for day in days])
    library.execute("UPDATE imports SET import_date = '9999-12-31' WHERE import_date = '9999-12-30'")
    later = library.with_settings(media_start_date=date(2025, 1, 1))
    schedule = build_schedules(later.settings)[0]
    result: Any = schedule(dg.build_schedule_context(scheduled_execution_time=datetime(2026, 11, 21, 3, tzinfo=UTC)))
    wanted = [ImportPartition(date(2025, 1, 1), "twitter"), ImportPartition(date(2025, 1, 2), "twitter"), TWITTER]
    assert [request.tags for request in result] == [found.tags for found in ranges_of(wanted)]
    taken, left_alone = divided(later.settings, [*wanted, ImportPartition(date(2025, 1, 1), "myspace")])
    assert taken == wanted
    assert left_alone == ["2025-01-01|myspace: this version knows no platform 'myspace'"]
