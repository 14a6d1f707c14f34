"""Files that are less than they should be: truncated ones, and placeholders that hosts send in place of many."""

from __future__ import annotations

import pytest

from media_pipeline.policy.foreign_text import for_markdown
from media_pipeline.stages.downloads.cached_media import cache_media
from media_pipeline.stages.imports.media_manifest import write_manifests
from media_pipeline.stages.imports.raw_posts import read_posts
from media_pipeline_tests import faulty_host
from media_pipeline_tests.conftest import MakeLibrary
from media_pipeline_tests.faulty_host import FaultyHost
from media_pipeline_tests.imaging.broken import locked_pdf
from media_pipeline_tests.imaging.formats import FORMATS
from media_pipeline_tests.library import Library, picture, tweet

CACHE = (read_posts, write_manifests, cache_media)


def test_a_truncated_picture_is_asked_for_once_more_and_kept_where_the_host_has_no_better(
    library: Library, host: FaultyHost
) -> None:
    half = picture(1, 640, 480)[:-600]
    library.land("a.json", [tweet(1, host.serve("/a.jpg", half))])
    library.run(stages=CACHE)
    (found,) = library.rows("SELECT status, error, attempts, next_attempt_at IS NOT NULL FROM post_media")
    assert found == ("failed", "truncated: its picture data ends before the end-of-image marker", 1, 1)
    assert [path.read_bytes() for path in library.files()] == [half], "it is kept meanwhile"
    asked = len(host.requests)
    library.run(stages=CACHE)
    assert len(host.requests) == asked, "not before its time"
    library.make_due()
    report = library.run(stages=CACHE)["cache_media"]
    assert library.rows("SELECT status, error, attempts, version FROM post_media") == [("stored", None, 2, 1)]
    assert (report.numbers["stored"], report.numbers["truncated"]) == (1, 1)
    assert [path.read_bytes() for path in library.files()] == [half]
    assert library.files("quarantine") == []
    asked = len(host.requests)
    library.make_due()
    library.run(stages=CACHE)
    assert len(host.requests) == asked, "and then it is left at that"


def test_a_whole_picture_takes_the_place_of_a_truncated_one(library: Library, host: FaultyHost) -> None:
    whole = picture(1, 640, 480)
    library.land("a.json", [tweet(1, host.serve("/a.jpg", whole[:-600]))])
    library.run(stages=CACHE)
    host.serve("/a.jpg", whole)
    library.make_due()
    report = library.run(stages=CACHE)["cache_media"]
    assert library.statuses() == {"stored": 1}
    assert report.numbers["truncated"] == 0
    held = "SELECT width, version FROM post_media JOIN media_files USING (sha256) WHERE truncated IS NULL"
    assert library.rows(held) == [(640, 2)]
    kept = "SELECT media_versions.version FROM media_versions JOIN media_files USING (sha256) WHERE truncated <> ''"
    assert library.rows(kept) == [(1,)]


def test_half_a_picture_stays_when_its_host_loses_it(make_library: MakeLibrary, host: FaultyHost) -> None:
    library = make_library(media_max_attempts=2)
    half = picture(1, 640, 480)[:-600]
    library.land("a.json", [tweet(n, host.serve(f"/{n}.jpg", half[:-n] + b"x" * n)) for n in (1, 2)])
    library.run(stages=CACHE)
    assert library.statuses() == {"failed": 2}
    host.serve("/1.jpg", fault=faulty_host.status(404))
    host.serve("/2.jpg", fault=faulty_host.status(503))
    library.make_due()
    report = library.run(stages=CACHE)["cache_media"]
    assert library.statuses() == {"stored": 2}
    assert report.numbers["truncated"] == 2


@pytest.mark.parametrize("max_attempts", [1, 2, 8])
def test_a_truncated_file_of_which_nothing_can_be_decoded_never_stays_stored(
    make_library: MakeLibrary, host: FaultyHost, max_attempts: int
) -> None:
    library = make_library(media_max_attempts=max_attempts)
    half = FORMATS["heic"][1]()[:1500]
    library.land("a.json", [tweet(1, host.serve("/a.jpg", half))])
    library.run(stages=CACHE)
    assert library.statuses() == ({"quarantined": 1} if max_attempts == 1 else {"failed": 1})
    library.make_due()
    library.run(stages=CACHE)
    assert library.statuses() == {"quarantined": 1}
    (error,) = library.rows("SELECT error FROM post_media")[0]
    assert "nothing of what there is can be decoded" in error
    assert half in [path.read_bytes() for path in library.files("quarantine")]
    assert library.rows("SELECT count(*) FROM media_files WHERE truncated IS NOT NULL") == [(1,)]


def test_a_whole_file_takes_the_place_of_one_of_which_nothing_could_be_decoded(
    library: Library, host: FaultyHost
) -> None:
    whole = FORMATS["heic"][1]()
    library.land("a.json", [tweet(1, host.serve("/a.jpg", whole[:1500]))])
    library.run(stages=CACHE)
    host.serve("/a.jpg", whole)
    library.make_due()
    library.run()
    assert library.statuses() == {"stored": 1}
    assert [path.read_bytes() for path in library.files()] == [whole]


def test_a_document_that_wants_a_password_is_stored_and_nothing_is_drawn_of_it(
    library: Library, host: FaultyHost
) -> None:
    library.land("a.json", [tweet(1, host.serve("/a.jpg", locked_pdf()))])
    report = library.run()["make_renditions"]
    assert library.statuses() == {"stored": 1}
    assert "password" in library.rows("SELECT warnings FROM media_files")[0][0]
    assert report.numbers["failed"] == 0


def test_what_many_authors_share_under_different_urls_is_shown_as_a_placeholder(
    make_library: MakeLibrary, host: FaultyHost
) -> None:
    library = make_library(media_placeholder_authors=4)
    gone = [tweet(n, host.serve(f"/{n}.jpg", picture(1)), author=f"author-{n}") for n in range(4)]
    same_url = host.serve("/reposted.jpg", picture(2))
    reposts = [tweet(10 + n, same_url, author=f"author-{n}") for n in range(4)]
    repeats = [tweet(20 + n, host.serve(f"/mine-{n}.jpg", picture(3))) for n in range(4)]
    library.land("a.json", [*gone, *reposts, *repeats])
    report = library.run(stages=CACHE)["cache_media"]
    assert library.statuses() == {"stored": 12}, "flagged, not dropped"
    assert report.numbers["placeholders"] == 1
    ((md5_sum, authors),) = library.rows(
        "SELECT md5_sum, placeholder_authors FROM media_files WHERE placeholder_authors IS NOT NULL"
    )
    assert authors == 4
    page = report.markdown["placeholder_pictures"]
    url = for_markdown(host.url("/0.jpg"))
    assert f"| `{md5_sum}` | 4 | 4 | [{url}]({url}) |" in page
    report = library.with_settings(media_placeholder_authors=5).run(stages=CACHE)["cache_media"]
    assert report.numbers["placeholders"] == 0
    assert report.markdown == {}
