"""What becomes of a reference that can't be had as it should: lesser candidates, expiry, later tries, and the end."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from media_pipeline.catalog import imports
from media_pipeline.model import ImportPartition
from media_pipeline_tests import faulty_host
from media_pipeline_tests.faulty_host import FaultyHost
from media_pipeline_tests.imaging.formats import clip
from media_pipeline_tests.library import DAY, picture, tweet
from media_pipeline_tests.stages.either_database import CACHE, MakeEither, photo, signed, video

HOUR = timedelta(hours=1)


def now() -> datetime:
    return datetime.now(UTC)


# Lesser candidates.


def test_a_lesser_candidate_is_stored_as_the_downgrade_that_it_is(make_either: MakeEither, host: FaultyHost) -> None:
    library = make_either()
    gone = host.serve("/800x600/gone.mp4", fault=faulty_host.status(404))
    refused = host.serve("/400x300/gone.mp4", fault=faulty_host.status(403))
    less = host.serve("/80x60/gone.mp4", clip(1, 80, 60))
    best, unasked = host.serve("/800x600/best.mp4", clip(2, 800, 600)), host.serve("/80x60/best.mp4")
    library.land(
        "a.json", [video((less, 80), (gone, 800), (refused, 400)), video((unasked, 80), (best, 800), number=2)]
    )
    report = library.fetch()
    row = library.reference(gone)
    assert (row["status"], row["error"], row["attempts"], row["version"]) == ("stored", None, 1, 1)
    assert row["downgrade"] == (
        "candidate 3 of 3 (mp4 by bitrate), as the best failed: the host says that it no longer exists (404)"
    )
    assert (row["declared_width"], row["declared_height"], row["fetched_url"]) == (80, 60, less)
    assert library.bytes_of(row["sha256"]) == clip(1, 80, 60)
    assert [attempt["url"] for attempt in library.table("fetch_attempts", media_id=row["media_id"])] == [
        gone,
        refused,
        less,
    ]
    row = library.reference(best)
    assert (row["downgrade"], row["declared_width"], row["fetched_url"]) == (None, 800, best)
    assert host.asked("/80x60/best.mp4") == []
    assert (report.numbers["downgrades"], report.numbers["stored"]) == (1, 2)


def test_the_best_candidate_is_waited_for_as_long_as_there_is_a_later_try(
    make_either: MakeEither, host: FaultyHost
) -> None:
    """What may pass is no reason for a lesser one, unless this is the last try or the best dies before the next."""
    library = make_either(media_max_attempts=2)
    down = faulty_host.status(503)
    lasting = host.serve("/800x600/lasting.mp4", fault=down)
    dying = host.url(signed("/800x600/dying.mp4", now() + timedelta(minutes=30)))
    host.serve(dying.removeprefix(host.url("")), fault=down)
    for name in ("lasting", "dying"):
        host.serve(f"/80x60/{name}.mp4", clip(1, 80, 60))
    library.land(
        "a.json",
        [
            video((lasting, 800), (host.url("/80x60/lasting.mp4"), 80), number=1),
            video((dying, 800), (host.url("/80x60/dying.mp4"), 80), number=2),
        ],
    )
    library.fetch()
    row = library.reference(dying)
    assert row["status"] == "stored"
    assert row["downgrade"].endswith("as the best failed: the host answered 503")
    row = library.reference(lasting)
    assert (row["status"], row["error"], row["sha256"]) == ("failed", "the host answered 503", None)
    assert host.asked("/80x60/lasting.mp4") == []
    library.make_due()
    assert library.fetch().numbers["downgrades"] == 2
    row = library.reference(lasting)
    assert (row["status"], row["next_attempt_at"]) == ("stored", None)
    assert row["downgrade"].endswith("as the best failed: the host answered 503")


def test_a_template_is_asked_when_all_candidates_failed(make_either: MakeEither, host: FaultyHost) -> None:
    library = make_either(media_fetch_via=("{url}", host.url("/mirror?of={url}")))
    best = host.serve("/800x600/a.mp4", fault=faulty_host.status(404))
    less = host.serve("/80x60/a.mp4", fault=faulty_host.status(404))
    mirror = host.serve(f"/mirror?of={best}", clip(1, 800, 600))
    library.land("a.json", [video((best, 800), (less, 80))])
    library.fetch()
    row = library.reference(best)
    assert (row["status"], row["downgrade"], row["fetched_url"]) == ("stored", None, mirror)
    assert [request.path for request in host.requests] == [
        "/800x600/a.mp4",
        "/80x60/a.mp4",
        f"/mirror?of={best}",
    ]


def test_a_picture_smaller_than_declared_is_flagged(make_either: MakeEither, host: FaultyHost) -> None:
    library = make_either()
    sizes = {"whole": (100, 100), "nearly": (95, 95), "less": (94, 95), "larger": (200, 200)}
    urls = {name: host.serve(f"/{name}.png", picture(1, *size, "PNG")) for name, size in sizes.items()}
    undeclared = host.serve("/undeclared.png", picture(1, 10, 10, "PNG"))
    library.land(
        "a.json",
        [photo(url, 100, 100, n) for n, url in enumerate(urls.values())] + [photo(undeclared, None, None, 9)],
    )
    assert library.fetch().numbers["downgrades"] == 1
    assert library.reference(urls["less"])["downgrade"] == "the export declares 100x100, the host sent less"
    for name in ("whole", "nearly", "larger"):
        assert library.reference(urls[name])["downgrade"] is None, name
    assert library.reference(undeclared)["downgrade"] is None
    assert library.fetch().numbers["downgrades"] == 1


@pytest.mark.parametrize("side", [70_000, 3_000_000_000])
def test_sizes_that_no_picture_has_stop_nothing(make_either: MakeEither, host: FaultyHost, side: int) -> None:
    """An export declares what it likes: a side of 2^31 or more, or more pixels than that."""
    library = make_either()
    url = host.serve("/a.jpg", picture(1))
    library.land("a.json", [photo(url, side, side)])
    library.fetch()
    assert library.reference(url)["status"] == "stored"


# Expiry.


def test_an_expired_url_is_called_expired_without_a_request(make_either: MakeEither, host: FaultyHost) -> None:
    library = make_either()
    dead = host.serve(signed("/dead.jpg", now() - timedelta(days=3)), picture(1))
    dead_best = host.serve(signed("/800x600/a.mp4", now() - timedelta(days=3)), clip(2))
    alive = host.serve("/80x60/a.mp4", clip(3, 80, 60))
    library.land("a.json", [tweet(1, dead), video((dead_best, 800), (alive, 80), number=2)])
    library.fetch()
    row = library.reference(dead)
    assert (row["status"], row["attempts"], row["next_attempt_at"]) == ("expired", 0, None)
    assert "MEDIA_TRY_EXPIRED" in row["error"]
    row = library.reference(dead_best)
    assert row["status"] == "stored"
    assert row["downgrade"] == "candidate 2 of 2 (mp4 by bitrate), as the best failed: its URL has expired"
    assert [request.path for request in host.requests] == ["/80x60/a.mp4"]
    library.fetch()
    assert len(host.requests) == 1, "what is final is not taken up by itself"
    library.with_settings(media_try_expired=True).fetch()
    assert library.reference(dead)["status"] == "stored", "a verdict of settings is due again when they change"


def test_a_setting_has_expired_urls_asked(make_either: MakeEither, host: FaultyHost) -> None:
    library = make_either(media_try_expired=True)
    past = now() - timedelta(days=3)
    served = host.serve(signed("/served.jpg", past), picture(1))
    refused = host.serve(signed("/refused.jpg", past), fault=faulty_host.status(403))
    library.land("a.json", [tweet(1, served), tweet(2, refused)])
    report = library.fetch()
    assert library.reference(served)["status"] == "stored"
    row = library.reference(refused)
    assert (row["status"], row["attempts"], row["next_attempt_at"]) == ("expired", 1, None)
    assert report.numbers["saved_in_last_hour"] == 0, "it was past its life"


def test_what_was_saved_in_the_last_hour_of_its_life_is_counted(make_either: MakeEither, host: FaultyHost) -> None:
    library = make_either()
    ends = {"soon": timedelta(minutes=30), "today": timedelta(hours=2)}
    urls = [host.serve(signed(f"/{name}.jpg", now() + life), picture(1)) for name, life in ends.items()]
    never = host.serve("/never.jpg", picture(2))
    lost = host.serve(signed("/lost.jpg", now() + timedelta(minutes=30)), fault=faulty_host.status(404))
    library.land("a.json", [tweet(n, url) for n, url in enumerate([*urls, never, lost])])
    report = library.fetch()
    assert (report.numbers["stored"], report.numbers["saved_in_last_hour"]) == (3, 1)
    assert library.fetch().numbers["saved_in_last_hour"] == 1, "whenever the report is asked for"


# Later tries.


def test_a_failure_waits_longer_each_time_and_is_abandoned_in_the_end(
    make_either: MakeEither, host: FaultyHost
) -> None:
    library = make_either(media_max_attempts=4)
    url = host.serve("/a.jpg", fault=faulty_host.status(500))
    library.land("a.json", [tweet(1, url)])
    for attempts, hours in ((1, 1), (2, 2), (3, 4)):
        begun = now()
        library.fetch()
        row = library.reference(url)
        assert (row["status"], row["attempts"]) == ("failed", attempts)
        assert begun + hours * HOUR <= row["next_attempt_at"] <= now() + hours * HOUR
        asked = len(host.requests)
        library.fetch()
        assert len(host.requests) == asked, "not before its time"
        library.make_due()
    library.fetch()
    row = library.reference(url)
    assert (row["status"], row["attempts"], row["next_attempt_at"]) == ("abandoned", 4, None)
    assert row["error"] == "the host answered 500"
    assert len(library.table("fetch_attempts")) == len(host.requests) == 4 * 3
    library.fetch()
    assert len(host.requests) == 4 * 3


def test_a_host_that_is_left_alone_costs_no_tries(make_either: MakeEither, host: FaultyHost) -> None:
    """However often: what is not asked for is never abandoned."""
    library = make_either(media_max_attempts=2, media_host_workers=1, media_download_workers=2)
    urls = [host.serve(f"/{n}.jpg", fault=faulty_host.status(429, Retry_After="7200")) for n in range(5)]
    library.land("a.json", [tweet(n, url) for n, url in enumerate(urls)])
    for run in (1, 2, 3):
        begun = now()
        library.fetch()
        rows = [library.reference(url) for url in urls]
        assert len(host.requests) == run
        assert sum(row["attempts"] for row in rows) == run
        for row in rows:
            if row["status"] == "failed":
                assert row["next_attempt_at"] >= begun + 2 * HOUR - timedelta(seconds=1)
            else:
                assert (row["status"], row["attempts"]) == ("abandoned", 2)
        library.make_due()


def test_a_run_takes_what_is_due_and_nothing_else(make_either: MakeEither, host: FaultyHost) -> None:
    """What the nightly backfill finds, and what it then asks for."""
    library = make_either(media_max_attempts=3)
    days = [ImportPartition(DAY + timedelta(days=number), "twitter") for number in range(4)]
    down = faulty_host.status(503)
    due, waiting = host.serve("/due.jpg", fault=down), host.serve("/waiting.jpg", fault=down)
    gone = host.serve("/gone.jpg", fault=faulty_host.status(404))
    expired = host.serve(signed("/expired.jpg", now() - HOUR))
    other_day = host.serve("/other-day.jpg", fault=down)
    library.land("a.json", [tweet(n, url) for n, url in enumerate((due, waiting, gone, expired))], days[0])
    library.land("b.json", [tweet(10, other_day)], days[1])
    library.land("c.json", [tweet(20, gone)], days[2])
    library.run(*days, stages=CACHE)

    def unfinished() -> list[ImportPartition]:
        with library.catalogue() as connection:
            return imports.unfinished_partitions(connection)

    assert unfinished() == []
    library.make_due(due)
    assert unfinished() == [days[0]]
    host.requests.clear()
    host.serve("/due.jpg", picture(1))
    library.run(*unfinished(), stages=CACHE)
    assert [request.path for request in host.requests] == ["/due.jpg"]
    assert library.reference(due)["status"] == "stored"
    assert library.statuses() == {"stored": 1, "failed": 2, "gone": 2, "expired": 1}
