"""Paths with odd names, folders that can't be used, names as long as names may be, busy ports: one clear line each."""

from __future__ import annotations

import contextlib
import json
import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media_pipeline.posts.layout import LONGEST_NAME, fitting
from media_pipeline.stages.imports.landing import land
from media_pipeline_tests import unprivileged
from media_pipeline_tests.cli.shell import Shell
from media_pipeline_tests.faulty_host import FaultyHost
from media_pipeline_tests.ids import telling
from media_pipeline_tests.library import DAY, TWITTER, Library, picture, tweet
from media_pipeline_tests.mounts import full_disk

pytestmark = pytest.mark.long

ODD = "a #b 'c\" é漢 100% ~d;e&f+g\n:h"
"""A name that every part takes."""
UNFIT = ("a?b", "a%41b", "a[b]", "a*b")
"""Names that Dagster's history does not take."""

INGEST = ("ingest", "export.json", "-p", "twitter", "--date", DAY.isoformat())


@pytest.fixture
def shell(library: Library, host: FaultyHost) -> Shell:
    library.folder.mkdir(parents=True)
    export = [tweet(1, host.serve("/1.jpg", picture(1)))]
    (library.folder / "export.json").write_text(json.dumps(export))
    return Shell(library)


def places(shell: Shell, name: str) -> dict[str, Any]:
    """Store, imports and archive in folders of this name."""
    root = shell.library.folder
    return {
        "MEDIA_STORAGE_PATH": str(root / "store" / name),
        "MEDIA_IMPORT_PATH": str(root / "imports" / name),
        "MEDIA_ARCHIVE_PATH": str(root / "archive" / name),
    }


def assert_a_line_says(done: subprocess.CompletedProcess[str], *said: str) -> None:
    """The last line of standard error is the error, and nothing is a traceback."""
    assert "Traceback" not in done.stdout + done.stderr
    last = done.stderr.strip().splitlines()[-1]
    for part in said:
        assert part in last, done.stderr


def assert_everything_works(shell: Shell, **environment: Any) -> None:
    shell.run(*INGEST, **environment)
    (row,) = json.loads(shell.run("list", "--json", **environment).stdout)
    assert row["status"] == "stored"
    assert (Path(environment["MEDIA_STORAGE_PATH"]) / row["local_path"]).is_file()
    assert row["archived_at"]
    shell.run("verify", **environment)
    assert json.loads(shell.run("backups", "--now", "--json", **environment).stdout)


def test_every_command_works_with_folders_of_odd_names(shell: Shell) -> None:
    assert_everything_works(shell, **places(shell, ODD))
    assert sorted(path.name for path in (shell.library.folder / "store").iterdir()) == [ODD], "and nothing beside it"


def test_folders_whose_names_urls_and_globs_read_otherwise_work_with_another_dagster_home(shell: Shell) -> None:
    home = shell.library.folder / "dagster-home"
    home.mkdir()
    name = "".join(UNFIT) + ODD
    assert_everything_works(shell, **places(shell, name), DAGSTER_HOME=str(home))
    assert sorted(path.name for path in (shell.library.folder / "store").iterdir()) == [name]


@pytest.mark.parametrize("name", UNFIT)
def test_a_storage_path_that_dagster_would_misread_is_refused_before_anything_lands(shell: Shell, name: str) -> None:
    surroundings = places(shell, name)
    assert_a_line_says(shell.run(*INGEST, code=1, **surroundings), name, "DAGSTER_HOME")
    assert_a_line_says(shell.run("dev", "--port", str(_free_port()), code=1, **surroundings), name, "DAGSTER_HOME")
    assert not Path(surroundings["MEDIA_IMPORT_PATH"]).exists()
    shell.run("migrate", **surroundings)
    assert shell.run("stats", **surroundings).stdout


@pytest.mark.parametrize("name", ["MEDIA_STORAGE_PATH", "MEDIA_IMPORT_PATH", "MEDIA_ARCHIVE_PATH", "DAGSTER_HOME"])
def test_a_path_that_is_not_utf_8_is_refused_by_its_setting(shell: Shell, name: str) -> None:
    assert_a_line_says(shell.run("stats", code=2, **{name: os.fsdecode(b"/tmp/\xff")}), name)


WORKS_ON = {
    "MEDIA_STORAGE_PATH": ("migrate",),
    "MEDIA_IMPORT_PATH": INGEST,
    "MEDIA_ARCHIVE_PATH": ("archive", "--all"),
    "DAGSTER_HOME": INGEST,
}
"""By setting, a command that needs the folder."""


@pytest.mark.parametrize("setting", WORKS_ON)
@pytest.mark.parametrize(
    "kind",
    [
        "a file",
        "read-only",
        "full",
        *(pytest.param(f"below {kind}", marks=pytest.mark.slow) for kind in ("a file", "read-only")),
    ],
)
def test_a_folder_that_can_not_be_used_is_one_line_that_names_it(
    shell: Shell, setting: str, kind: str, tmp_path: Path
) -> None:
    if setting == "MEDIA_ARCHIVE_PATH":
        # Something has to be sent.
        shell.library.land("a.json", (shell.library.folder / "export.json").read_text())
        shell.library.run()
        shell.library.execute("UPDATE media_files SET archived_at = NULL, s3_key = NULL")
        shell.library.execute("DELETE FROM places WHERE kind = 'archive'")
    with _unusable(tmp_path / "unusable", kind) as folder:
        done = _run_as_user(shell, *WORKS_ON[setting], **{setting: str(folder)})
        assert done.returncode == 1, done.stdout + done.stderr
        assert_a_line_says(done, "error:" if setting != "MEDIA_ARCHIVE_PATH" or kind != "full" else "")
        reason = r"disk is full|No space left" if kind == "full" else re.escape(str(tmp_path / "unusable"))
        assert re.search(reason, done.stderr.strip().splitlines()[-1]), done.stderr


@contextlib.contextmanager
def _unusable(path: Path, kind: str) -> Iterator[Path]:
    if kind.endswith("file"):
        path.write_text("no folder")
        yield path / "below" if kind.startswith("below") else path
    elif kind == "full":
        with full_disk(path) as folder:
            yield folder
    else:
        if why := unprivileged.missing():
            pytest.skip(why)
        path.mkdir(mode=0o500)
        yield path / "below" if kind.startswith("below") else path


def _run_as_user(shell: Shell, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "media_pipeline.cli", *arguments]
    return subprocess.run(
        command if unprivileged.missing() else unprivileged.command(command),
        env={**shell.environment, **environment},
        cwd=shell.library.folder,
        capture_output=True,
        text=True,
        check=False,
    )


def test_names_as_long_as_names_may_be_land_whole_and_never_overwrite(library: Library, tmp_path: Path) -> None:
    for stem in ("n" * 250, "é" * 125, "漢" * 83):
        export = tmp_path / f"{stem}.json"
        for number in range(2):
            export.write_text(json.dumps([tweet(number)]))
            (landed,) = land(library.settings, export, TWITTER)
            assert (library.settings.import_path / landed).read_text() == export.read_text()
    folder = library.settings.import_path / "twitter" / DAY.isoformat()
    assert len(list(folder.iterdir())) == 6
    assert library.run()["read_posts"].numbers["posts"] == 2


@given(st.text(min_size=1, max_size=400), st.sampled_from([".json", ".json.gz", ".ndjson", ".zip", "", ".x" * 200]))
def test_a_fitting_name_is_short_enough_and_keeps_what_says_its_kind(stem: str, suffix: str) -> None:
    name = (stem.replace("/", "_").replace("\0", "_") + suffix).encode("utf-8", "replace").decode()
    found = fitting(name)
    assert len(os.fsencode(found)) <= LONGEST_NAME
    assert found == name or len(os.fsencode(name)) > LONGEST_NAME
    if len(suffix) < 10:
        assert found.endswith(suffix)
    assert fitting(found) == found


def test_dev_on_a_busy_port_is_one_line(shell: Shell) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        assert_a_line_says(shell.run("dev", "--port", str(port), code=1), "error:", str(port), "in use")


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["--host", "no.such.host.invalid"], 1, "no.such.host.invalid"),
        (["--host", "192.0.2.1"], 1, "192.0.2.1"),
        (["--port", "99999"], 2, "--port"),
    ],
    ids=telling,
)
def test_dev_at_an_address_that_is_none_is_one_line(shell: Shell, arguments: list[str], code: int, said: str) -> None:
    assert_a_line_says(shell.run("dev", *arguments, code=code), "error:", said)


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def _day(distance: int) -> str:
    return (datetime.now(UTC).date() + timedelta(days=distance)).isoformat()


@pytest.mark.parametrize(
    "day",
    [
        _day(2),
        "9999-12-31",
        "0001-01-01",
        "2023-12-31",
        "0000-01-01",
        "2025-02-30",
        "20251101",
        "2025-W44-6",
        "２０２５-11-01",
        "yesterday",
        "",
        "2025-11-01\n",
        "\x1b]0;owned\x07",
    ],
)
def test_a_date_that_is_no_partition_is_refused_by_ingest_and_backfill_before_anything_is_copied(
    shell: Shell, day: str
) -> None:
    calls = [
        ["ingest", "export.json", "-p", "twitter", "--date", day],
        ["backfill", "--start-date", day],
        ["backfill", "--start-date", DAY.isoformat(), "--end-date", day],
    ]
    for arguments in calls:
        done = shell.run(*arguments, code=2)
        (line,) = done.stderr.strip().splitlines()
        assert line.startswith("error:")
        assert "\x1b" not in line
    assert not shell.library.settings.import_path.exists()
    assert not shell.library.storage.exists()
