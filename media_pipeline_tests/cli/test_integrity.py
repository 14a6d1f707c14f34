"""The commands that hold store, archive and catalogue against each other, as a person uses them on a bad day."""

from __future__ import annotations

import json
import os
import random
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from media_pipeline import cli
from media_pipeline.catalog import backups
from media_pipeline_tests.cli.shell import Shell
from media_pipeline_tests.faulty_host import FaultyHost
from media_pipeline_tests.ids import telling
from media_pipeline_tests.library import DAY, STAGES, Library, picture, tweet

MANY = 3


class Terminal:
    """Runs commands in this process, and keeps what they print."""

    def __init__(self, library: Library, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
        self._monkeypatch, self._capfd = monkeypatch, capfd
        for name, value in library.settings.model_dump(exclude_defaults=True).items():
            said = ",".join(map(str, value)) if isinstance(value, tuple) else str(value)
            monkeypatch.setenv(name.upper(), said)
        monkeypatch.setenv("COLUMNS", "300")

    def run(self, *arguments: str) -> tuple[int, str, str]:
        """Exit code, standard output and standard error."""
        self._monkeypatch.setattr(sys, "argv", ["media-pipeline", *arguments])
        self._capfd.readouterr()
        with pytest.raises(SystemExit) as ended:
            cli.main()
        printed = self._capfd.readouterr()
        return int(ended.value.code or 0), printed.out, printed.err


@pytest.fixture
def filled(library: Library, host: FaultyHost, tmp_path: Path) -> Library:
    chosen = library.with_settings(media_archive_path=tmp_path / "archive")
    chosen.land("a.json", [tweet(n, host.serve(f"/{n}.jpg", picture(n))) for n in range(MANY)])
    chosen.run(stages=STAGES)
    return chosen


@pytest.fixture
def terminal(filled: Library, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Terminal:
    return Terminal(filled, monkeypatch, capfd)


def test_an_import_path_that_is_not_mounted_stops_ingest_before_it_copies(
    filled: Library, host: FaultyHost, tmp_path: Path
) -> None:
    export = tmp_path / "export.json"
    export.write_text(json.dumps([tweet(9, host.serve("/9.jpg", picture(9)))]))
    filled.settings.import_path.rename(tmp_path / "elsewhere")
    filled.settings.import_path.mkdir()
    shell = Shell(filled, MEDIA_ARCHIVE_PATH=str(filled.settings.archive_path))
    done = shell.run("ingest", str(export), "--platform", "twitter", "--date", DAY.isoformat(), code=1)
    lines = done.stderr.strip().splitlines()
    assert len(lines) == 1
    assert f"{filled.settings.import_path} (MEDIA_IMPORT_PATH)" in lines[0]
    assert "media-pipeline places --register imports" in lines[0]
    assert list(filled.settings.import_path.iterdir()) == []


def test_places_are_shown_and_registered(filled: Library, terminal: Terminal) -> None:
    code, out, _ = terminal.run("places", "--json")
    said = json.loads(out)
    assert code == 0
    assert len(said["library"]) == 32
    assert {place["kind"]: place["current"] for place in said["places"]} == {
        "store": True,
        "archive": True,
        "imports": True,
    }
    shutil.rmtree(filled.settings.archive_path)
    assert terminal.run("archive", "--all")[0] == 1
    code, out, _ = terminal.run("places", "--register", "archive", "--json")
    assert (code, json.loads(out)["new"]) == (0, True)
    code, out, _ = terminal.run("archive", "--all", "--json")
    assert (code, json.loads(out)["sent"]) == (0, MANY)


def test_verify_asks_the_archive_for_everything_and_its_exit_code_tells(filled: Library, terminal: Terminal) -> None:
    assert terminal.run("verify", "--archive", "--read")[0] == 0
    broken = next(filled.settings.archive_path.rglob("*.jpg"))
    body = bytearray(broken.read_bytes())
    body[100] ^= 1
    broken.write_bytes(body)
    assert terminal.run("verify", "--archive")[0] == 0, "its size is right"
    code, out, err = terminal.run("verify", "--archive", "--read", "--json")
    assert code == 1
    assert [row["s3_key"] for row in json.loads(out)["wrong"]] == [
        broken.relative_to(filled.settings.archive_path).as_posix()
    ]
    assert "media-pipeline archive --all" in err
    code, out, _ = terminal.run("archive", "--all", "--json")
    assert (code, json.loads(out)["sent"], json.loads(out)["failures"]) == (0, 1, [])
    assert terminal.run("verify", "--archive", "--read")[0] == 0


def test_orphans_are_named_adopted_and_removed(filled: Library, terminal: Terminal) -> None:
    assert terminal.run("verify", "--orphans")[0] == 0
    stray = filled.storage / "media" / "images" / "00" / "stray.jpg"
    stray.parent.mkdir()
    stray.write_bytes(picture(9))
    code, out, _ = terminal.run("verify", "--orphans", "--json")
    assert (code, json.loads(out)["orphans"]) == (1, [{"local_path": "media/images/00/stray.jpg"}])
    assert terminal.run("verify", "--orphans", "--adopt")[0] == 1, "its name says nothing of its bytes"
    assert terminal.run("verify", "--orphans", "--remove")[0] == 0
    assert not stray.exists()


@pytest.mark.parametrize(
    "arguments",
    [("--read",), ("--adopt",), ("--remove",), ("--orphans", "--adopt", "--remove"), ("--archive", "--orphans")],
    ids=telling,
)
def test_options_of_verify_that_do_not_belong_together_are_wrong_usage(
    terminal: Terminal, arguments: tuple[str, ...]
) -> None:
    assert terminal.run("verify", *arguments)[0] == 2


def test_stats_say_where_the_archive_is_and_whether_it_is_a_second_place(filled: Library, terminal: Terminal) -> None:
    said = json.loads(terminal.run("stats", "--json")[1])
    assert said["archive"] == str(filled.settings.archive_path)
    assert said["archive_on_the_stores_device"] is True


def test_counts_of_what_could_not_be_archived_are_never_capped(
    make_library: object, host: FaultyHost, tmp_path: Path
) -> None:
    from media_pipeline.stages.archive.s3_archive import archive_files
    from media_pipeline.stages.downloads.cached_media import cache_media
    from media_pipeline.stages.imports.media_manifest import write_manifests
    from media_pipeline.stages.imports.raw_posts import read_posts

    library = make_library(media_archive_path=tmp_path / "archive")  # type: ignore[operator]
    library.land("a.json", [tweet(n, host.serve(f"/{n}.jpg", picture(n))) for n in range(60)])
    library.run(stages=(read_posts, write_manifests, cache_media))
    for path in library.files():
        path.rename(path.with_suffix(".hidden"))
    with library.open() as context:
        done = archive_files(context)
    assert len(done.failures) == 60
    assert all("No such file" in failure["error"] for failure in done.failures)


# The catalogue.


def test_the_embedded_catalogue_is_backed_up_daily_and_kept_for_a_week(filled: Library, terminal: Terminal) -> None:
    file = filled.storage / "catalog.sqlite"
    with filled.open():
        pass
    first = backups.sqlite_backups(file)
    assert len(first) == 1
    assert all(path.stat().st_mode & 0o077 == 0 for path in first)
    filled.run(stages=STAGES)
    assert backups.sqlite_backups(file) == first, "once a day is enough"
    for path in first:
        path.unlink()
    now = datetime.now(UTC)
    for days in (*range(1, 10), -3650):
        stamp = (now - timedelta(days=days)).strftime("%Y%m%dT%H%M%S")
        shutil.copy(file, file.parent / "backups" / f"catalog-{stamp}Z-daily.sqlite")
    with filled.open():
        pass
    names = [path.name for path in backups.sqlite_backups(file)]
    assert len(names) == backups.KEPT
    assert any(name.startswith(f"catalog-{now:%Y%m%d}") for name in names), "one of the future does not count"
    code, out, _ = terminal.run("backups", "--json")
    assert (code, [row["backup"] for row in json.loads(out)]) == (0, names)


def test_backups_of_a_week_under_a_wrong_clock_do_not_push_out_those_of_the_right_one(filled: Library) -> None:
    file = filled.storage / "catalog.sqlite"
    backups.back_up_sqlite(file, "by-hand")
    for days in range(backups.KEPT + 1):
        stamp = (datetime.now(UTC) + timedelta(days=3650 + days)).strftime("%Y%m%dT%H%M%S")
        shutil.copy(file, file.parent / "backups" / f"catalog-{stamp}Z-daily.sqlite")
    made = backups.back_up_sqlite(file, backups.DAILY)
    kept = backups.sqlite_backups(file)
    assert kept[0] == made
    assert len([path for path in kept if "daily" in path.name]) == backups.KEPT
    assert made.name in backups.restore_advice(file)


def test_a_catalogue_that_has_doubled_since_its_backup_is_backed_up_again(tmp_path: Path) -> None:
    file = tmp_path / "catalog.sqlite"
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("CREATE TABLE one (text)")
        connection.commit()
        backups.back_up_sqlite(file, backups.DAILY)
        assert not backups.is_daily_due(file, datetime.now(UTC))
        connection.executemany("INSERT INTO one VALUES (?)", [("x" * 1000,)] * 100)
        connection.commit()
    assert backups.is_daily_due(file, datetime.now(UTC))


def test_a_schema_whose_text_is_no_utf8_is_damage_in_a_line(tmp_path: Path) -> None:
    file = tmp_path / "catalog.sqlite"
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("CREATE TABLE one (text TEXT)")
        connection.execute("PRAGMA writable_schema = ON")
        connection.execute("UPDATE sqlite_master SET sql = CAST(X'435245415445AC' AS TEXT)")
        connection.commit()
    found = backups.damage_of(file)
    assert found is not None
    assert len(found.splitlines()) == 1


def test_a_damaged_catalogue_does_not_push_out_a_good_backup(filled: Library) -> None:
    file = filled.storage / "catalog.sqlite"
    before = [backups.back_up_sqlite(file, "by-hand")]
    _flip_many(file, random.Random(1), 300)
    assert backups.damage_of(file) is not None
    with pytest.raises(backups.BackupError, match=r"damaged.*media-pipeline backups --restore catalog-"):
        backups.back_up_sqlite(file, "by-hand")
    assert backups.sqlite_backups(file) == before


@pytest.mark.parametrize("seed", range(4))
def test_bytes_that_flip_inside_the_catalogue_are_one_clear_line_and_the_way_back(
    filled: Library, terminal: Terminal, seed: int
) -> None:
    file = filled.storage / "catalog.sqlite"
    assert terminal.run("backups", "--now")[0] == 0
    (newest, *_) = backups.sqlite_backups(file)
    whole = json.loads(terminal.run("stats", "--json")[1])
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    _flip_many(file, random.Random(seed), 200)
    codes = set()
    for arguments in (("stats",), ("list",), ("verify",), ("archive", "--all")):
        code, _, err = terminal.run(*arguments)
        assert "Traceback" not in err
        codes.add(code)
        if code:
            assert len(err.strip().splitlines()) == 1, err
            assert "media-pipeline backups --restore" in err
    assert 1 in codes
    code, _, err = terminal.run("backups", "--restore", newest.name)
    assert code == 0
    assert "before-restore" in err
    assert json.loads(terminal.run("stats", "--json")[1]) == whole


def _flip_many(file: Path, dice: random.Random, count: int) -> None:
    """Bytes anywhere but in the first page, by which a file is known as SQLite's at all."""
    body = bytearray(file.read_bytes())
    for _ in range(count):
        body[dice.randrange(4096, len(body))] ^= 1 << dice.randrange(8)
    file.write_bytes(body)


def test_on_a_disk_that_can_only_be_read_list_stats_and_verify_work(filled: Library) -> None:
    """In a mount namespace of the test's own; skipped where none can be made."""
    program = (
        "set -e; mount --bind {folder} {folder}; mount -o remount,bind,ro {folder}; cd /; "
        "for command in 'list --json' 'stats --json' 'verify --json'; do "
        "{python} -m media_pipeline.cli $command; done; "
        "{python} -m media_pipeline.cli archive --all && exit 9 || exit 0"
    )
    shell = Shell(filled, MEDIA_ARCHIVE_PATH=str(filled.settings.archive_path))
    script = program.format(folder=filled.folder, python=sys.executable)
    if os.geteuid() or subprocess.run(["unshare", "--mount", "true"], capture_output=True).returncode:
        pytest.skip("mounting needs root")
    done = subprocess.run(
        ["unshare", "--mount", "sh", "-c", script], env=shell.environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    listed, rest = done.stdout.split("\n]\n", 1)
    assert listed.count("media_id") == MANY
    counted, verified = (json.loads(line) for line in rest.splitlines())
    assert counted["stored"] == MANY
    assert verified == {"checked": MANY, "corrupt": []}
    assert "can only be read" in done.stderr
    assert "can't be written" in done.stderr or "read-only" in done.stderr.lower()


def test_no_backup_is_made_of_a_catalogue_that_is_not_there(filled: Library, terminal: Terminal) -> None:
    """An empty one was made, and was the newest, which is the one that a damaged catalogue is to be restored from."""
    file = filled.storage / "catalog.sqlite"
    good = backups.back_up_sqlite(file, "by-hand")
    for path in filled.storage.glob("catalog.sqlite*"):
        path.unlink()
    code, _, said = terminal.run("backups", "--now")
    assert (code, file.exists()) == (1, False)
    assert f"--restore {good.name}" in said
