"""Exact duplicates: the oldest is canonical, the others point to it, nothing is deleted without being asked."""

from __future__ import annotations

from datetime import timedelta

from media_pipeline.model import ImportPartition
from media_pipeline_tests.faulty_host import FaultyHost
from media_pipeline_tests.library import DAY, TWITTER, Library, picture, tweet

TOMORROW = ImportPartition(DAY + timedelta(days=1), "twitter")
LINKEDIN = ImportPartition(DAY, "linkedin")


def pointers(library: Library) -> dict[str, str | None]:
    """Each post's number, and the number of the post whose medium its own points to."""
    rows = library.rows(
        "SELECT p.native_id, c.native_id FROM post_media m JOIN posts p USING (post_id) "
        "LEFT JOIN post_media d ON d.media_id = m.duplicate_of LEFT JOIN posts c ON c.post_id = d.post_id"
    )
    return dict(rows)


def test_the_oldest_post_is_canonical_whatever_is_imported_first(library: Library, host: FaultyHost) -> None:
    for number in (3, 1, 2):
        host.serve(f"/{number}.jpg", picture(0))
    library.land("a.json", [tweet(3, host.url("/3.jpg"))])
    library.land("b.json", [tweet(1, host.url("/1.jpg")), tweet(2, host.url("/2.jpg"))], TOMORROW)
    library.run(TWITTER)
    assert pointers(library) == {"3": None}
    report = library.run(TOMORROW)["report_duplicates"]
    assert pointers(library) == {"1": None, "2": "1", "3": "1"}
    assert report.numbers["duplicates"] == 1
    assert report.numbers["bytes_saved"] == len(picture(0))


def test_duplicates_are_counted_in_the_partition_in_the_library_and_by_author(
    library: Library, host: FaultyHost
) -> None:
    for number in range(1, 5):
        host.serve(f"/{number}.jpg", picture(0))
    library.land("a.json", [tweet(1, host.url("/1.jpg"))])
    library.land(
        "b.json",
        [
            tweet(2, host.url("/2.jpg"), author="ann"),
            tweet(3, host.url("/3.jpg"), author="bob"),
            tweet(4, host.url("/4.jpg"), author="bob"),
        ],
        TOMORROW,
    )
    library.run(TWITTER)
    numbers = library.run(TOMORROW)["report_duplicates"].numbers
    assert numbers["duplicates"] == 3
    assert (numbers["duplicates_in_library"], numbers["duplicates_in_partition"]) == (1, 2)
    assert numbers["duplicates_of_same_author"] == 2


def test_the_same_picture_on_two_platforms_is_a_duplicate(library: Library, host: FaultyHost) -> None:
    host.serve("/t.jpg", picture(0))
    host.serve("/l.jpg", picture(0))
    post = {
        "activity_urn": "7001",
        "text": "on LinkedIn",
        "posted_at": {"timestamp": 1_762_100_000_000},
        "media": {"type": "image", "items": [{"url": host.url("/l.jpg"), "width": 64, "height": 48}]},
    }
    library.land("a.json", [tweet(1, host.url("/t.jpg"))])
    library.land("l.json", [post], LINKEDIN)
    library.run(TWITTER)
    report = library.run(LINKEDIN)["report_duplicates"]
    assert pointers(library)["7001"] == "1"
    assert report.table[0]["tier"] == "same bytes"
    assert len(library.files()) == 1


def test_posts_of_the_same_content_point_to_the_oldest(library: Library, host: FaultyHost) -> None:
    for number in (1, 2, 3):
        host.serve(f"/{number}.jpg", picture(0))
    library.land(
        "a.json",
        [
            tweet(1, host.url("/1.jpg"), text="same  words"),
            tweet(2, host.url("/2.jpg"), text="same words"),
            tweet(3, host.url("/3.jpg"), text="other words"),
            tweet(4, text="thanks", author="ann"),
            tweet(5, text="thanks", author="bob"),
            tweet(6, text="thanks", author="bob"),
        ],
    )
    numbers = library.run()["report_duplicates"].numbers
    rows = library.rows("SELECT p.native_id, o.native_id FROM posts p JOIN posts o ON o.post_id = p.duplicate_of")
    assert sorted(rows) == [("2", "1"), ("6", "5")], "text alone counts only within one author"
    assert numbers["duplicate_posts"] == 2


def test_reporting_again_changes_no_row(library: Library, host: FaultyHost) -> None:
    library.land("a.json", [tweet(n, host.serve(f"/{n}.jpg", picture(n % 3))) for n in range(9)])
    library.run()
    before = library.snapshot()
    library.run()
    assert library.snapshot() == before
