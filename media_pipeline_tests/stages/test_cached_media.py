"""The life of a download: fetched once, verified, named when it fails, taken up when it was broken off."""

from __future__ import annotations

import io
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable
from datetime import timedelta

import pytest
from PIL import Image

from media_pipeline.model import ImportPartition
from media_pipeline.stages.downloads.cached_media import cache_media
from media_pipeline.stages.downloads.loop import Downloads
from media_pipeline.stages.imports.media_manifest import write_manifests
from media_pipeline.stages.imports.raw_posts import read_posts
from media_pipeline_tests import faulty_host
from media_pipeline_tests.conftest import MakeLibrary
from media_pipeline_tests.faulty_host import HTML, FaultyHost
from media_pipeline_tests.fetch.process_tree import download_workers, ends
from media_pipeline_tests.imaging.samples import camera_exif
from media_pipeline_tests.library import DAY, STAGES, TWITTER, Library, picture, tweet
from media_pipeline_tests.patience import PATIENCE_SECONDS

pytestmark = pytest.mark.long

CACHE = (read_posts, write_manifests, cache_media)
TOMORROW = ImportPartition(DAY + timedelta(days=1), "twitter")


def test_a_medium_is_stored_once_with_both_digests_and_its_facts(library: Library, host: FaultyHost) -> None:
    library.land("a.json", [tweet(1, host.serve("/a.jpg", picture(1)))])
    library.run(stages=CACHE)
    (row,) = library.rows("SELECT md5_sum, mime_type, width, height, frames, local_path, file_size FROM media_files")
    assert row[1:5] == ("image/jpeg", 64, 48, 1)
    assert row[5] == f"media/images/{row[0][:2]}/{row[0]}.jpg"
    assert [path.read_bytes() for path in library.files()] == [picture(1)]
    assert library.statuses() == {"stored": 1}
    assert len(library.rows("SELECT * FROM fetch_attempts WHERE status = 200 AND bytes = ?", row[6])) == 1


def test_a_second_run_makes_no_request_and_changes_no_row(library: Library, host: FaultyHost) -> None:
    urls = [host.serve(f"/{n}.jpg", picture(n)) for n in range(5)]
    urls += [host.serve("/gone.jpg", fault=faulty_host.status(404)), host.serve("/no.jpg", HTML)]
    library.land("a.json", [tweet(n, url) for n, url in enumerate(urls)])
    library.run()
    before, requests = library.snapshot(), len(host.requests)
    library.run()
    assert len(host.requests) == requests
    assert library.snapshot() == before


def test_a_url_that_several_posts_name_is_fetched_once(library: Library, host: FaultyHost) -> None:
    url = host.serve("/a.jpg", picture(1))
    library.land("a.json", [tweet(n, url) for n in range(200)])
    library.land("b.json", [tweet(999, url)], TOMORROW)
    library.run(TWITTER, stages=CACHE)
    library.run(TOMORROW, stages=CACHE)
    assert len(host.asked("/a.jpg")) == 1
    assert library.statuses() == {"stored": 201}


def test_a_dead_url_that_very_many_posts_name_is_asked_for_once(library: Library, host: FaultyHost) -> None:
    gone = host.serve("/gone.jpg", fault=faulty_host.status(404))
    others = [host.serve(f"/{n}.jpg", picture(n)) for n in range(30)]
    library.land("a.jsonl", [tweet(n, gone, *([others[n % 30]] if n < 30 else [])) for n in range(1500)])
    library.run(stages=CACHE)
    assert len(host.asked("/gone.jpg")) == 1
    assert library.statuses() == {"gone": 1500, "stored": 30}


def test_the_same_bytes_under_two_urls_are_kept_once(library: Library, host: FaultyHost) -> None:
    library.land("a.json", [tweet(1, host.serve("/a.jpg", picture(1))), tweet(2, host.serve("/b.jpg", picture(1)))])
    library.run(stages=CACHE)
    assert len(library.files()) == 1
    assert library.rows("SELECT count(*), count(DISTINCT sha256) FROM post_media") == [(2, 1)]


@pytest.mark.parametrize("damage", ["flip", "cut", "remove"])
def test_a_corrupt_file_is_fetched_again(library: Library, host: FaultyHost, damage: str) -> None:
    library.land("a.json", [tweet(n, host.serve(f"/{n}.jpg", picture(n))) for n in range(3)])
    library.run(stages=CACHE)
    broken = library.files()[1]
    body = broken.read_bytes()
    if damage == "remove":
        broken.unlink()
    else:
        broken.write_bytes(body[:-1] + bytes([body[-1] ^ 1]) if damage == "flip" else body[:100])
    report = library.run(stages=CACHE)["cache_media"]
    assert report.numbers["requests"] == 1
    assert broken.read_bytes() == body
    assert library.statuses() == {"stored": 3}


def test_what_the_store_has_lost_comes_from_the_archive_without_a_request(library: Library, host: FaultyHost) -> None:
    library.land("a.json", [tweet(1, host.serve("/a.jpg", picture(1)))])
    library.run()
    library.files()[0].unlink()
    asked = len(host.requests)
    library.run(stages=CACHE)
    assert library.statuses() == {"stored": 1}
    assert [path.read_bytes() for path in library.files()] == [picture(1)]
    assert len(host.requests) == asked


def test_every_failure_ends_in_a_status_with_its_reason(make_library: MakeLibrary, host: FaultyHost) -> None:
    library = make_library(media_max_file_mb=0.5)
    pages = {
        "gone": host.serve("/1.jpg", fault=faulty_host.status(404)),
        "forbidden": host.serve("/2.jpg", fault=faulty_host.status(403)),
        "not_media": host.serve("/3.jpg", HTML),
        "too_large": host.serve("/4.jpg", picture(4) + bytes(600_000)),
        "failed": host.serve("/5.jpg", fault=faulty_host.status(503)),
        "unsafe": "http://169.254.169.254/latest/meta-data/6.jpg",
        "quarantined": host.serve("/7.jpg", _broken_picture()),
        "stored": host.serve("/8.jpg", picture(8)),
    }
    library.land("a.json", [tweet(n, url) for n, url in enumerate(pages.values())])
    report = library.run(stages=CACHE)["cache_media"]
    assert library.statuses() == dict.fromkeys(pages, 1)
    assert {row["status"] for row in report.table} == pages.keys() - {"stored"}
    assert all(row["error"] for row in report.table)
    kept = [path.read_bytes() for path in library.files("quarantine") if path.suffix != ".json"]
    assert sorted(kept) == sorted([HTML, _broken_picture()]), "what was refused is kept for a look"
    assert [path.read_bytes() for path in library.files()] == [picture(8)]


def _broken_picture() -> bytes:
    """Whole, and of no use: its pixels are nonsense."""
    content = bytearray(picture(7, 640, 480, "PNG"))
    content[60:80] = b"\xaa" * 20
    return bytes(content)


def test_a_failure_that_may_pass_is_tried_again_when_its_time_has_come(library: Library, host: FaultyHost) -> None:
    host.serve("/a.jpg", fault=faulty_host.status(503))
    library.land("a.json", [tweet(1, host.url("/a.jpg"))])
    library.run(stages=CACHE)
    host.serve("/a.jpg", picture(1))
    asked = len(host.requests)
    library.run(stages=CACHE)
    assert len(host.requests) == asked, "not before its time"
    library.make_due()
    library.run(stages=CACHE)
    assert library.statuses() == {"stored": 1}


def test_a_failure_that_never_passes_is_abandoned(make_library: MakeLibrary, host: FaultyHost) -> None:
    library = make_library(media_max_attempts=2)
    library.land("a.json", [tweet(1, host.serve("/a.jpg", fault=faulty_host.status(500)))])
    library.run(stages=CACHE)
    assert library.statuses() == {"failed": 1}
    library.make_due()
    library.run(stages=CACHE)
    assert library.statuses() == {"abandoned": 1}


def test_exif_is_read_into_columns_and_kept_whole(library: Library, host: FaultyHost) -> None:
    out = io.BytesIO()
    Image.new("RGB", (40, 20)).save(out, "JPEG", exif=camera_exif())
    library.land("a.json", [tweet(1, host.serve("/a.jpg", out.getvalue()))])
    library.run(stages=CACHE)
    columns = "camera_make, camera_model, taken_at, round(latitude, 2), round(longitude, 2)"
    assert library.rows(f"SELECT {columns} FROM media_files") == [
        ("Maker", "Model 7", "2024-05-06T07:08:09", -33.51, -70.25)
    ]
    assert "Image Make" in library.rows("SELECT exif FROM media_files")[0][0]


def test_fingerprints_and_new_facts_reach_an_older_library_by_a_normal_run(library: Library, host: FaultyHost) -> None:
    library.land("a.json", [tweet(n, host.serve(f"/{n}.jpg", picture(n))) for n in range(3)])
    library.run()
    known = library.rows("SELECT sha256, pixel_sha256, pdq, facts_version FROM media_files ORDER BY 1")
    assert all(len(pixels) == len(pdq) == 64 and version for _, pixels, pdq, version in known)
    library.rows("UPDATE media_files SET pixel_sha256 = NULL, pdq = NULL, facts_version = NULL RETURNING 1")
    asked = len(host.requests)
    library.run(stages=CACHE)
    assert library.rows("SELECT sha256, pixel_sha256, pdq, facts_version FROM media_files ORDER BY 1") == known
    assert len(host.requests) == asked, "nothing is fetched for it"


def test_a_file_that_takes_more_than_a_worker_may_have_costs_itself(
    make_library: MakeLibrary, host: FaultyHost
) -> None:
    library = make_library(media_image_memory_mb=500, media_max_image_pixels=400_000_000)
    large = io.BytesIO()
    Image.new("RGB", (14_000, 14_000)).save(large, "PNG", compress_level=1)
    hungry = host.serve("/1.png", large.getvalue())
    library.land("a.json", [tweet(1, hungry), tweet(2, host.serve("/2.jpg", picture(2)))])
    report = library.run(stages=CACHE)["cache_media"]
    assert library.statuses() == {"stored": 1, "quarantined": 1}
    (row,) = report.table
    assert "MEDIA_IMAGE_MEMORY_MB" in row["error"]


def test_without_downloads_only_manifests_are_written(make_library: MakeLibrary, host: FaultyHost) -> None:
    library = make_library(download_media=False)
    library.land("a.json", [tweet(1, host.serve("/a.jpg", picture(1)))])
    library.run()
    assert host.requests == []
    assert library.statuses() == {"pending": 1}
    library.with_settings(download_media=True).run()
    assert library.statuses() == {"stored": 1}


def test_two_runs_at_once_fetch_each_url_once(library: Library, host: FaultyHost) -> None:
    urls = [host.serve(f"/{n}.jpg", picture(n), fault=_slowly) for n in range(12)]
    library.land("a.json", [tweet(n, url) for n, url in enumerate(urls)])
    library.land("b.json", [tweet(100 + n, url) for n, url in enumerate(urls)], TOMORROW)
    library.run(TWITTER, TOMORROW, stages=(read_posts, write_manifests))
    start = multiprocessing.get_context("spawn")
    runs = [start.Process(target=_cache, args=(library, partition)) for partition in (TWITTER, TOMORROW)]
    for run in runs:
        run.start()
    for run in runs:
        run.join(PATIENCE_SECONDS)
    assert [run.exitcode for run in runs] == [0, 0]
    assert sorted(request.path for request in host.requests) == sorted(f"/{n}.jpg" for n in range(12))
    assert library.statuses() == {"stored": 24}


def _slowly(exchange: faulty_host.Exchange) -> None:
    time.sleep(0.05)
    exchange.serve()


def _cache(library: Library, partition: ImportPartition) -> None:
    library.run(partition, stages=(cache_media,))


def test_a_medium_of_another_role_is_fetched_only_when_a_setting_asks(
    make_library: MakeLibrary, host: FaultyHost
) -> None:
    library = make_library()
    video = {"type": "video", "media_url_https": host.serve("/poster.jpg", picture(1))}
    library.land("a.json", [{**tweet(1), "extended_entities": {"media": [video]}}])
    library.run(stages=CACHE)
    assert library.statuses() == {"skipped": 1}
    assert library.rows("SELECT error FROM post_media")[0][0]
    assert host.requests == []


def test_nothing_temporary_is_left(library: Library, host: FaultyHost) -> None:
    library.land("a.json", [tweet(n, host.serve(f"/{n}.jpg", picture(n))) for n in range(5)])
    library.run(stages=STAGES)
    assert library.files("tmp") == []


def test_the_store_is_private_unless_it_is_made_public(make_library: MakeLibrary, host: FaultyHost) -> None:
    make_library().land("a.json", [tweet(1, host.serve("/a.jpg", picture(1)))])
    library = make_library(media_public=True)
    library.run()
    assert {oct(path.stat().st_mode & 0o777) for path in library.files()} == {"0o644"}
    assert oct((library.storage / "catalog.sqlite").stat().st_mode & 0o777) == "0o600", "posts stay private"


@pytest.mark.parametrize("workers", [1, 5, 16])
def test_all_media_are_stored_whatever_the_number_of_workers_and_the_batch(
    make_library: MakeLibrary, host: FaultyHost, workers: int
) -> None:
    library = make_library(media_download_workers=workers, media_batch_size=7)
    library.land("a.json", [tweet(n, host.serve(f"/{n % 40}.jpg", picture(n % 40))) for n in range(100)])
    library.run(stages=CACHE)
    assert library.statuses() == {"stored": 100}
    assert len(host.requests) == 40


def _long_list(library: Library, host: FaultyHost, fault: faulty_host.Fault | None = None) -> list[str]:
    """Enough different pictures that worker processes fetch them, not so fast that none of them gets to it."""
    urls = [host.serve(f"/{n}.jpg", picture(n) + n.to_bytes(2, "big"), fault=fault or _unhurriedly) for n in range(300)]
    library.land("a.jsonl", [tweet(n, url) for n, url in enumerate(urls)])
    return urls


def _unhurriedly(exchange: faulty_host.Exchange) -> None:
    time.sleep(0.01)
    exchange.serve()


def test_a_long_list_is_fetched_by_processes_that_are_gone_afterwards(
    make_library: MakeLibrary, host: FaultyHost
) -> None:
    library = make_library(media_download_workers=4, media_download_processes=2)
    urls = _long_list(library, host)
    library.run(stages=CACHE[:2])
    seen: set[int] = set()
    watch = _Watch(lambda: seen.update(download_workers()))
    with library.open() as context, watch:
        Downloads(context, (TWITTER,)).run()
    assert len(seen) == 2
    assert all(ends(worker) for worker in seen)
    assert library.statuses() == {"stored": len(urls)}
    assert len(host.requests) == len(urls)
    assert library.files("tmp") == []


def test_a_killed_download_process_loses_nothing_and_nothing_stored_is_fetched_twice(
    make_library: MakeLibrary, host: FaultyHost
) -> None:
    library = make_library(media_download_workers=4, media_download_processes=2)
    urls = _long_list(library, host)
    library.run(stages=CACHE[:2])
    killed: dict[int, tuple[set[str], int]] = {}

    def kill() -> None:
        """Two workers, each after some time; noted is what was stored by then, and how many requests were made."""
        workers = [pid for pid in download_workers() if pid not in killed]
        if len(killed) < 2 and workers and len(host.requests) > 60 * (len(killed) + 1):
            stored = {url for (url,) in library.rows("SELECT media_url FROM post_media WHERE status = 'stored'")}
            killed[workers[0]] = stored, len(host.requests)
            os.kill(workers[0], signal.SIGKILL)

    with library.open() as context, _Watch(kill):
        Downloads(context, (TWITTER,)).run()
    assert len(killed) == 2
    assert library.statuses() == {"stored": len(urls)}
    assert library.files("tmp") == []
    for stored, asked in killed.values():
        assert not stored & {host.url(request.path) for request in host.requests[asked:]}


def test_ctrl_c_ends_the_processes_and_keeps_what_came(make_library: MakeLibrary, host: FaultyHost) -> None:
    library = make_library(media_download_workers=4, media_download_processes=2)
    interrupted = threading.Event()

    def slowly_at_last(exchange: faulty_host.Exchange) -> None:
        """What is left would take a quarter of a minute, by which the signal has come."""
        time.sleep(0.25 if len(host.requests) > 100 and not interrupted.is_set() else 0.01)
        exchange.serve()

    urls = _long_list(library, host, slowly_at_last)
    library.run(stages=CACHE[:2])
    run = multiprocessing.get_context("spawn").Process(target=_cache, args=(library, TWITTER))
    run.start()
    assert run.pid is not None
    while len(host.requests) < 100:
        time.sleep(0.01)
    workers = download_workers(run.pid)
    os.kill(run.pid, signal.SIGINT)
    run.join(PATIENCE_SECONDS)
    interrupted.set()
    assert run.exitcode not in (None, 0)
    assert all(ends(worker) for worker in workers)
    asked = len(host.requests)
    assert asked < len(urls), "what had not begun was not begun"
    assert library.statuses() == {"stored": asked, "pending": len(urls) - asked}
    library.run(stages=(cache_media,))
    assert library.statuses() == {"stored": len(urls)}
    assert len(host.requests) == len(urls), "nothing was asked for twice"


class _Watch:
    """Does something over and over beside what runs in its ``with`` block."""

    def __init__(self, look: Callable[[], object]) -> None:
        self._look = look
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._over.wait(0.01):
            self._look()
