"""A run under a clock that is ten years ahead, and the runs after it has been set right."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta

from media_pipeline.catalog import imports, media_due
from media_pipeline_tests import faulty_host
from media_pipeline_tests.faulty_host import FaultyHost
from media_pipeline_tests.library import TWITTER, picture, tweet
from media_pipeline_tests.stages.either_database import MakeEither, signed
from media_pipeline_tests.wrong_clock import run_ahead


def test_a_run_under_a_clock_ten_years_ahead_leaves_nothing_that_waits_once_the_clock_is_right(
    make_either: MakeEither, host: FaultyHost
) -> None:
    library = make_either()
    there = host.serve("/there.jpg", picture(1))
    busy = host.serve("/busy.jpg", fault=faulty_host.status(503, Retry_After="86400"))
    alive = host.serve(signed("/alive.jpg", datetime.now(UTC) + timedelta(minutes=50)), picture(2))
    dead = host.serve(signed("/dead.jpg", datetime.now(UTC) - timedelta(days=1)), picture(3))
    library.land("a.json", [tweet(n, url) for n, url in enumerate((there, busy, alive, dead))])
    run_ahead(library)
    assert {url: library.reference(url)["status"] for url in (there, busy, alive, dead)} == {
        there: "stored",
        busy: "failed",
        alive: "expired",
        dead: "expired",
    }
    assert library.reference(busy)["next_attempt_at"] > datetime.now(UTC) + timedelta(days=3000)
    assert library.reference(alive)["updated_at"] > datetime.now(UTC) + timedelta(days=3000)
    with library.catalogue() as connection:
        assert imports.unfinished_partitions(connection) == [TWITTER]

    host.serve("/busy.jpg", picture(4))
    host.requests.clear()
    library.fetch()
    assert library.statuses() == {"stored": 3, "expired": 1}
    assert len(host.requests) == 2, "what was stored is not fetched again, and what has expired is not asked"
    host.requests.clear()
    library.fetch()
    assert host.requests == [], "what has expired by the right clock is not due"
    with library.catalogue() as connection:
        assert media_due.count_due(connection, [TWITTER]) == 0


def test_a_file_that_is_changed_after_a_proof_of_the_future_is_found_and_healed(
    make_either: MakeEither, host: FaultyHost
) -> None:
    library = make_either()
    library.land("a.json", [tweet(1, host.serve("/a.jpg", picture(1)))])
    run_ahead(library)
    (file,) = library.table("media_files")
    ahead = datetime.now(UTC) + timedelta(days=3000)
    assert min(file["verified_at"], file["last_used_at"]) > ahead
    path = library.storage / file["local_path"]
    path.chmod(0o600)
    path.write_bytes(bytes(path.stat().st_size))
    os.utime(path)
    library.fetch()
    assert path.read_bytes() == picture(1)
    (file,) = library.table("media_files")
    assert max(file["verified_at"], file["last_used_at"]) < ahead, "and what was used then is not the last to leave"
    assert library.statuses() == {"stored": 1}
