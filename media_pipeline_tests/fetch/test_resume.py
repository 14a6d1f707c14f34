"""A download that broke off is gone on with, and only with more of the same."""

import hashlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from media_pipeline.fetch.unfinished import UnfinishedDownloads
from media_pipeline.model import FetchedFile, FetchFailure, Status
from media_pipeline_tests import faulty_host
from media_pipeline_tests.faulty_host import HTML, JPEG
from media_pipeline_tests.patience import PATIENCE_SECONDS, wait_for

BODY = JPEG + os.urandom(3_000_000) + b"\xff\xd9"
OTHER = JPEG + os.urandom(3_000_000) + b"\xff\xd9"
HALF = len(BODY) // 2


@pytest.fixture
def storage(tmp_path):
    return tmp_path / "storage"


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "fetched").mkdir()
    return tmp_path / "fetched"


def unfinished(storage: Path) -> list[str]:
    return sorted(path.name for path in (storage / "parts").glob("*"))


def break_off(fetcher, host, url: str, folder: Path, storage: Path) -> None:
    """Three tries, each cut: what is left is the half."""
    failure = fetcher(media_storage_path=storage).fetch(url, folder)
    assert isinstance(failure, FetchFailure)
    assert failure.status is Status.FAILED
    assert len(unfinished(storage)) == 2
    assert list(folder.iterdir()) == []


def test_only_the_rest_is_asked_for_and_the_file_is_the_whole(host, fetcher, folder, storage):
    url = host.serve("/a", BODY, ETag='"v1"', fault=faulty_host.cut_then(1, faulty_host.ranged))
    file = fetcher(media_storage_path=storage).fetch(url, folder)
    assert isinstance(file, FetchedFile)
    assert file.path.read_bytes() == BODY
    assert file.sha256 == hashlib.sha256(BODY).hexdigest()
    assert file.md5_sum == hashlib.md5(BODY).hexdigest()
    assert file.file_size == len(BODY)
    assert [attempt.bytes_received for attempt in file.attempts] == [HALF, len(BODY) - HALF]
    headers = host.requests[1].headers
    assert (headers["Range"], headers["If-Range"]) == (f"bytes={HALF}-", '"v1"')
    assert unfinished(storage) == []


def test_the_next_run_goes_on_where_this_one_gave_up(host, fetcher, folder, storage):
    modified = "Wed, 21 Oct 2015 07:28:00 GMT"
    url = host.serve("/a", BODY, Last_Modified=modified, fault=faulty_host.cut)
    break_off(fetcher, host, url, folder, storage)
    host.serve("/a", BODY, Last_Modified=modified, fault=faulty_host.ranged)
    file = fetcher(media_storage_path=storage).fetch(url, folder)
    assert isinstance(file, FetchedFile)
    assert file.path.read_bytes() == BODY
    assert file.last_modified == modified
    assert host.requests[-1].headers["If-Range"] == modified
    assert host.requests[-1].headers["Range"] == f"bytes={HALF}-"


def test_a_redirect_to_a_host_that_can_resume_is_followed_with_the_range(host, fetcher, folder, storage):
    host.serve("/a", BODY, ETag='"v1"', fault=faulty_host.cut_then(1, faulty_host.ranged))
    url = host.serve("/link", fault=faulty_host.redirect("/a"))
    file = fetcher(media_storage_path=storage).fetch(url, folder)
    assert isinstance(file, FetchedFile)
    assert file.path.read_bytes() == BODY
    assert "Range" in host.asked("/a")[1].headers


@pytest.mark.parametrize("etag", ['"v1"', '"v2"'])
def test_another_version_is_never_spliced_to_the_old_one(host, fetcher, folder, storage, etag):
    """Whether the host tells versions apart, or sends the rest of another one under the same ETag's length."""
    url = host.serve("/a", BODY, ETag='"v1"', fault=faulty_host.cut)
    break_off(fetcher, host, url, folder, storage)
    if etag == '"v1"':
        host.serve("/a", OTHER + b"longer", ETag=etag, fault=faulty_host.ranged)
    else:
        host.serve("/a", OTHER, ETag=etag, fault=faulty_host.ranged)
    file = fetcher(media_storage_path=storage).fetch(url, folder)
    assert isinstance(file, FetchedFile)
    assert file.path.read_bytes() in (OTHER, OTHER + b"longer")
    assert unfinished(storage) == []


def test_a_rest_from_another_byte_than_asked_for_is_refused(host, fetcher, folder, storage):
    url = host.serve("/a", BODY, ETag='"v1"', fault=faulty_host.cut)
    break_off(fetcher, host, url, folder, storage)

    def wrong_rest(exchange):
        if "Range" in exchange.handler.headers:
            exchange.reply(206, BODY[10:], Content_Range=f"bytes 10-{len(BODY) - 1}/{len(BODY)}")
        else:
            exchange.serve()

    host.serve("/a", BODY, ETag='"v1"', fault=wrong_rest)
    file = fetcher(media_storage_path=storage).fetch(url, folder)
    assert isinstance(file, FetchedFile)
    assert file.path.read_bytes() == BODY
    assert [attempt.error_kind for attempt in file.attempts] == ["range_refused", None]


def test_a_416_is_no_success_unless_everything_is_there(host, fetcher, folder, storage):
    url = host.serve("/a", BODY, ETag='"v1"', fault=faulty_host.cut)
    break_off(fetcher, host, url, folder, storage)

    def refuse_ranges(exchange):
        if "Range" in exchange.handler.headers:
            exchange.reply(416, b"", Content_Range=f"bytes */{len(BODY)}")
        else:
            exchange.serve()

    host.serve("/a", BODY, ETag='"v1"', fault=refuse_ranges)
    file = fetcher(media_storage_path=storage).fetch(url, folder)
    assert isinstance(file, FetchedFile)
    assert file.path.read_bytes() == BODY
    assert [attempt.http_status for attempt in file.attempts] == [416, 200]


def test_a_download_that_was_whole_when_the_process_died_needs_no_byte_more(host, fetcher, folder, storage):
    url = host.serve("/a", BODY, ETag='"v1"', fault=faulty_host.cut)
    break_off(fetcher, host, url, folder, storage)
    (part,) = (storage / "parts").glob("*.part")
    part.write_bytes(BODY)
    note = part.with_suffix(".json")
    written = json.loads(note.read_bytes())
    note.write_text(json.dumps({**written, "size": len(BODY), "sha256": hashlib.sha256(BODY).hexdigest()}))
    host.serve("/a", BODY, ETag='"v1"', fault=faulty_host.ranged)
    file = fetcher(media_storage_path=storage).fetch(url, folder)
    assert isinstance(file, FetchedFile)
    assert file.path.read_bytes() == BODY
    assert [(attempt.http_status, attempt.bytes_received) for attempt in file.attempts] == [(416, 0)]


@pytest.mark.parametrize("harm", ["zeros", "shorter", "note", "no note"])
def test_what_does_not_hold_its_digest_after_a_crash_is_begun_anew(host, fetcher, folder, storage, harm):
    url = host.serve("/a", BODY, ETag='"v1"', fault=faulty_host.cut)
    break_off(fetcher, host, url, folder, storage)
    (part,) = (storage / "parts").glob("*.part")
    if harm == "zeros":
        part.write_bytes(part.read_bytes()[:-5000] + bytes(5000))
    elif harm == "shorter":
        part.write_bytes(part.read_bytes()[:-5000])
    elif harm == "note":
        part.with_suffix(".json").write_text("{")
    else:
        part.with_suffix(".json").unlink()
    host.serve("/a", BODY, ETag='"v1"', fault=faulty_host.ranged)
    file = fetcher(media_storage_path=storage).fetch(url, folder)
    assert isinstance(file, FetchedFile)
    assert file.path.read_bytes() == BODY
    assert "Range" not in host.requests[-1].headers
    assert unfinished(storage) == []


@pytest.mark.parametrize(
    ("page", "status"),
    [
        ({"fault": faulty_host.status(404)}, Status.GONE),
        ({"fault": faulty_host.status(403)}, Status.FORBIDDEN),
        ({"body": HTML}, Status.NOT_MEDIA),
    ],
)
def test_what_is_final_leaves_no_part_behind(host, fetcher, folder, storage, page, status):
    url = host.serve("/a", BODY, ETag='"v1"', fault=faulty_host.cut)
    break_off(fetcher, host, url, folder, storage)
    host.serve("/a", **page)
    assert fetcher(media_storage_path=storage).fetch(url, folder).status is status
    assert unfinished(storage) == []


@pytest.mark.parametrize("headers", [{}, {"ETag": 'W/"v1"'}, {"ETag": '"v1"', "Accept_Ranges": "none"}])
def test_without_a_sure_sign_of_the_version_nothing_is_kept(host, fetcher, folder, storage, headers):
    url = host.serve("/a", BODY, fault=faulty_host.cut, **headers)
    assert fetcher(media_storage_path=storage).fetch(url, folder).status is Status.FAILED
    assert unfinished(storage) == []
    assert list(folder.iterdir()) == []


def test_a_small_file_is_simply_asked_for_again(host, fetcher, folder, storage):
    url = host.serve("/a", JPEG, ETag='"v1"', fault=faulty_host.cut_then(1, faulty_host.ranged))
    assert isinstance(fetcher(media_storage_path=storage).fetch(url, folder), FetchedFile)
    assert "Range" not in host.requests[1].headers


def test_a_medium_that_turns_out_too_large_is_not_kept(host, fetcher, folder, storage):
    url = host.serve("/a", BODY, ETag='"v1"', fault=faulty_host.cut)
    break_off(fetcher, host, url, folder, storage)
    host.serve("/a", BODY, ETag='"v1"', fault=faulty_host.ranged)
    assert fetcher(media_storage_path=storage, media_max_file_mb=2).fetch(url, folder).status is Status.TOO_LARGE
    assert unfinished(storage) == []


def test_a_killed_process_leaves_a_part_that_the_next_goes_on_with(host, fetcher, folder, storage, tmp_path):
    """The part's note is written while it comes: nothing is done at the end of a process that is killed."""
    body = JPEG + os.urandom(40_000_000)
    killed_by_then = threading.Event()

    def stall(exchange):
        exchange.begin(200, Content_Length=str(len(body)))
        exchange.send(body[:35_000_000])
        killed_by_then.wait(PATIENCE_SECONDS)

    url = host.serve("/a", body, ETag='"v1"', fault=stall)
    script = (
        "import sys\n"
        "from pathlib import Path\n"
        "from media_pipeline.fetch.dispatch.downloader import Downloader\n"
        "from media_pipeline.fetch.dispatch.journey import Wanted\n"
        "from media_pipeline.model import Candidate\n"
        "from media_pipeline.settings import Settings\n"
        "storage, address, url, folder = sys.argv[1:]\n"
        "settings = Settings(\n"
        "    _env_file=None, media_storage_path=storage, media_allowed_hosts=(address,), media_timeout_seconds=300\n"
        ")\n"
        "Downloader(settings, 1).submit(Wanted((Candidate(url),)), Path(folder)).result()\n"
    )
    killed = subprocess.Popen([sys.executable, "-c", script, str(storage), host.address, url, str(folder)])
    wait_for(lambda: any(name.endswith(".json") for name in unfinished(storage)) and _size(storage) >= 34_000_000)
    held = UnfinishedDownloads(storage / "parts")
    assert held.claim(url) is None, "a process that is alive keeps it"
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    killed_by_then.set()
    host.serve("/a", body, ETag='"v1"', fault=faulty_host.ranged)
    file = fetcher(media_storage_path=storage).fetch(url, folder)
    assert isinstance(file, FetchedFile)
    assert file.sha256 == hashlib.sha256(body).hexdigest()
    start = int(host.requests[-1].headers["Range"].removeprefix("bytes=").removesuffix("-"))
    assert 16_000_000 <= start <= 35_000_000


def _size(storage: Path) -> int:
    return sum(path.stat().st_size for path in (storage / "parts").glob("*.part"))


def test_parts_that_nobody_goes_on_with_are_removed_after_a_time(host, fetcher, folder, storage):
    for name in ("/old", "/new"):
        break_off_url = host.serve(name, BODY, ETag='"v1"', fault=faulty_host.cut)
        fetcher(media_storage_path=storage).fetch(break_off_url, folder)
    parts = UnfinishedDownloads(storage / "parts")
    assert len(unfinished(storage)) == 4
    for path in (storage / "parts").glob("*"):
        if path.stem == _stem(host.url("/old")):
            long_ago = time.time() - 1000
            os.utime(path, (long_ago, long_ago))
    assert parts.remove_older_than(500) == 1
    assert {name.partition(".")[0] for name in unfinished(storage)} == {_stem(host.url("/new"))}
    for path in (storage / "parts").glob("*"):
        in_ten_years = time.time() + 315_000_000
        os.utime(path, (in_ten_years, in_ten_years))
    assert parts.remove_older_than(500) == 1, "what a wrong clock has dated would be kept for ten years"
    assert unfinished(storage) == []


def _stem(url: str) -> str:
    return hashlib.sha256(url.encode()).hexdigest()[:32]
