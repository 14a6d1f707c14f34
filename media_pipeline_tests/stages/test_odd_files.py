"""What lies under the import path and is no plain export: links in a circle, pipes, sockets, devices, packed blanks."""

from __future__ import annotations

import gzip
import json
import os
import socket
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from media_pipeline.catalog.database import Database
from media_pipeline.model import Fault
from media_pipeline.posts.extract import ReadRecord, read_records
from media_pipeline.posts.platforms.base import MOST_WITHOUT_POST
from media_pipeline.posts.readers.source_text import record_at, value_at
from media_pipeline.stages.imports.folders import files_below, only_files
from media_pipeline.stages.imports.handing_over import NothingToImport
from media_pipeline.stages.imports.landing import Landed, land, look
from media_pipeline.stages.imports.media_manifest import write_manifests
from media_pipeline.stages.imports.raw_posts import read_posts
from media_pipeline_tests.library import TWITTER, Library, tweet

GIGABYTE = 1 << 30
PIECE = 1 << 26


@pytest.fixture
def odd(tmp_path: Path) -> Iterator[Library]:
    """A library with a good export, and one odd thing of each kind beside it that is named like an export."""
    library = Library(tmp_path / "library", download_media=False)
    folder = library.land("good.json", [tweet(1)]).parent
    (folder / "circle").symlink_to("circle")
    (folder / "parent").symlink_to("..")
    (folder / "nowhere.json").symlink_to("nothing")
    os.mkfifo(folder / "pipe.json")
    os.mkfifo(folder / "pipe.zip")
    (folder / "device.json").symlink_to("/dev/zero")
    (folder / "tweets_media").mkdir()
    os.mkfifo(folder / "tweets_media" / "1-a.jpg")
    os.mkfifo(folder / ".hidden.json")
    working = Path.cwd()
    os.chdir(folder)  # a socket's address is short
    try:
        with socket.socket(socket.AF_UNIX) as listening:
            listening.bind("socket.json")
            yield library
    finally:
        os.chdir(working)


def looked(library: Library) -> Landed:
    with closing(Database.open(library.settings)) as database:
        return look(library.settings, database)


def test_links_in_a_circle_pipes_sockets_and_devices_are_refused_by_name_and_the_good_file_waits(odd: Library):
    landed = looked(odd)
    assert [Path(file.path).name for file in landed.waiting[TWITTER]] == ["good.json"]
    refused = {rejection.path.name: rejection.reason for rejection in landed.rejected}
    assert refused.keys() == {
        "circle",
        "parent",
        "nowhere.json",
        "pipe.json",
        "pipe.zip",
        "device.json",
        "socket.json",
    }
    assert "pipe" in refused["pipe.json"]
    assert "socket" in refused["socket.json"]
    assert "device" in refused["device.json"]
    assert "folder that it lies in" in refused["parent"]


def test_a_run_reads_the_good_file_and_opens_nothing_else(odd: Library):
    report = odd.run(stages=(read_posts, write_manifests))["read_posts"]
    assert (report.numbers["files"], report.numbers["posts"]) == (1, 1)


def test_ingest_of_a_folder_takes_its_files_alone(odd: Library):
    folder = odd.settings.import_path / "twitter" / "2025-11-01"
    landed = land(odd.settings, folder, TWITTER)
    assert [Path(path).name for path in landed] == ["good.json"]
    with pytest.raises(NothingToImport, match="holds no export"):
        land(odd.settings, folder / "pipe.json", TWITTER)


def test_a_link_to_a_folder_elsewhere_is_followed_as_often_as_it_is_named(tmp_path: Path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "a.json").touch()
    (tmp_path / "imports").mkdir()
    for name in ("one", "two"):
        (tmp_path / "imports" / name).symlink_to("../elsewhere")
    found = [path.relative_to(tmp_path / "imports").as_posix() for path in only_files(tmp_path / "imports")]
    assert found == ["one/a.json", "two/a.json"]
    assert len(list(files_below(tmp_path))) == 3


def test_a_file_that_can_not_be_opened_keeps_no_other_from_being_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    library = Library(tmp_path / "library", download_media=False)
    bad = library.land("a.json", [tweet(1)])
    library.land("b.json", [tweet(2)])
    opened = Path.open

    def refuse(path: Path, *arguments: Any, **named: Any) -> Any:
        if path == bad:
            raise PermissionError(13, "Permission denied")
        return opened(path, *arguments, **named)

    monkeypatch.setattr(Path, "open", refuse)
    assert library.run(stages=(read_posts,))["read_posts"].numbers["posts"] == 1
    monkeypatch.undo()
    assert library.run(stages=(read_posts,))["read_posts"].numbers["posts"] == 2


def test_two_members_of_one_name_in_a_zip_are_both_read_and_found_again(tmp_path: Path):
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive, pytest.warns(UserWarning, match="Duplicate name"):
        for number in range(3):
            archive.writestr("posts.json", json.dumps([tweet(number)]))
        archive.writestr("posts.json (2)", "[]")
        archive.writestr("posts.json (2)/x.json", json.dumps([tweet(7)]))
    posts = [read.post for part in read_records(path) if isinstance(part, ReadRecord) for read in part.posts]
    assert [post.native_id for post in posts] == ["0", "1", "2", "7"]
    assert len({str(post.locator) for post in posts}) == 4
    assert [json.loads(value_at(*record_at(path, post.locator)))["id_str"] for post in posts] == ["0", "1", "2", "7"]


def packed(path: Path, head: bytes, filling: bytes) -> Path:
    """Two gigabytes of something after a beginning."""
    piece = gzip.compress(filling * (PIECE // len(filling)))
    with path.open("wb") as file:
        file.write(gzip.compress(head))
        for _ in range(2 * GIGABYTE // PIECE):
            file.write(piece)
    return path


@pytest.mark.parametrize("name", ["a.jsonl.gz", "a.json.gz"])
@pytest.mark.parametrize("head", [b"", b"{", b'{"a": 1}\n', b'[{"a": "'])
@pytest.mark.parametrize("filling", [b"\n", b" "])
def test_two_gigabytes_of_packed_blanks_are_a_fault_within_seconds(
    tmp_path: Path, name: str, head: bytes, filling: bytes
):
    path = packed(tmp_path / name, head, filling)
    began = time.process_time()
    found = list(read_records(path))
    assert any(isinstance(part, Fault) and "white space" in part.reason for part in found)
    # Of the processor's time, so that a busy machine makes no difference.
    assert time.process_time() - began < 20


COUNT_FAULTS = """
import resource, sys
from pathlib import Path
resource.setrlimit(resource.RLIMIT_DATA, (3 << 29, 3 << 29))
from media_pipeline.model import Fault
from media_pipeline.posts.extract import read_records
print(sum(isinstance(part, Fault) for part in read_records(Path(sys.argv[1]))))
print(resource.getrusage(resource.RUSAGE_SELF).ru_utime)
"""


@pytest.mark.slow
@pytest.mark.parametrize("head", [b"", b"[", b'{"a": '])
@pytest.mark.parametrize("filling", [b"1", b"1,", b"{}\n", b"x\n", b"[", b'"'])
def test_two_gigabytes_of_packed_nothing_are_a_fault_within_a_minute_and_one_and_a_half_gigabytes(
    tmp_path: Path, head: bytes, filling: bytes
):
    path = packed(tmp_path / "a.jsonl.gz", head, filling)
    run = subprocess.run([sys.executable, "-c", COUNT_FAULTS, path], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr[-2000:]
    faults, seconds = run.stdout.split()
    assert 1 <= int(faults) <= MOST_WITHOUT_POST + 1
    assert float(seconds) < 60
