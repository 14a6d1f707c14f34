"""Placeholders: the same bytes under different URLs in the posts of many authors."""

from __future__ import annotations

from collections.abc import Sequence

from media_pipeline.catalog import files, placeholders
from media_pipeline.catalog.database import Database
from media_pipeline.model import ImportPartition, Status
from media_pipeline_tests.catalog.filling import FIRST, LINKEDIN, SECOND, a_file, add_post, digest, row, store, update


def _shared(
    database: Database, authors: Sequence[str | None], urls: Sequence[str], partition: ImportPartition = FIRST
) -> list[str]:
    """Posts by these authors, each with its URL, that all hold one content."""
    refs = [
        add_post(database, f"{partition.key}-{number}", url, partition=partition, author_id=author, author_handle=None)[
            0
        ]
        for number, (author, url) in enumerate(zip(authors, urls, strict=True))
    ]
    store(database, "gone", *refs)
    return refs


def _urls(count: int, prefix: str = "a") -> list[str]:
    return [f"https://host/{prefix}{number}.jpg" for number in range(count)]


def _names(count: int) -> list[str]:
    return [f"author {number}" for number in range(count)]


def _flagged(database: Database, *partitions: ImportPartition, least: int = 3) -> int | None:
    """The authors that the one file is flagged with after a run."""
    with database.write() as connection:
        placeholders.flag(connection, partitions or [FIRST], least)
    return row(database, "media_files")["placeholder_authors"]


def test_what_many_authors_share_under_different_urls_is_flagged_from_the_threshold_on(database: Database):
    _shared(database, _names(4), _urls(4))
    assert _flagged(database, least=5) is None
    assert _flagged(database, least=4) == 4
    with database.read() as connection:
        (found,) = placeholders.listed(connection, [FIRST])
        assert placeholders.listed(connection, [SECOND]) == []
        assert files.flagged(connection, [FIRST, SECOND])[FIRST]["placeholders"] == 1
    assert found == {"md5_sum": a_file("gone").md5_sum, "authors": 4, "media": 4, "example": "https://host/a0.jpg"}


def test_reposts_under_one_url_are_no_placeholder(database: Database):
    _shared(database, _names(9), ["https://host/a.jpg"] * 9)
    assert _flagged(database) is None


def test_a_picture_that_its_author_repeats_and_others_repost_is_no_placeholder(database: Database):
    urls = _urls(6)
    _shared(database, ["author 0"] * 6 + [f"fan {number}" for number in range(6)], urls + urls)
    assert _flagged(database) is None


def test_posts_of_unknown_authors_do_not_count(database: Database):
    _shared(database, [None] * 5 + ["ann", "bob"], _urls(7))
    assert _flagged(database) is None


def test_authors_of_the_whole_library_count_whichever_partition_runs(database: Database):
    _shared(database, _names(2), _urls(2, "a"))
    _shared(database, ["author 0", "author 9"], _urls(2, "b"), SECOND)
    assert _flagged(database, SECOND) == 3
    assert _flagged(database, FIRST, SECOND) == 3


def test_authors_of_the_same_id_on_two_platforms_are_two(database: Database):
    _shared(database, ["7", "8"], _urls(2, "a"))
    _shared(database, ["7"], _urls(1, "b"), LINKEDIN)
    assert _flagged(database) == 3


def test_the_flag_goes_when_the_setting_is_raised_or_the_sharing_ends(database: Database):
    refs = _shared(database, _names(4), _urls(4))
    assert _flagged(database) == 4
    assert _flagged(database, least=5) is None
    assert _flagged(database) == 4
    for media_id in refs[:2]:
        update(database, "post_media", {"media_id": media_id}, status=Status.PENDING)
    assert _flagged(database) is None


def test_the_flag_goes_when_every_host_sends_the_real_picture_at_last(database: Database):
    refs = _shared(database, _names(3), _urls(3))
    assert _flagged(database) == 3
    for media_id in refs:
        store(database, f"real {media_id}", media_id)
    with database.write() as connection:
        placeholders.flag(connection, [FIRST], 3)
    assert row(database, "media_files", sha256=digest("gone"))["placeholder_authors"] is None


def test_link_previews_are_shared_by_nature(database: Database):
    for media_id in _shared(database, _names(4), _urls(4)):
        update(database, "post_media", {"media_id": media_id}, role="link_preview")
    assert _flagged(database) is None


def test_a_second_look_changes_no_row(database: Database):
    _shared(database, _names(3), _urls(3))
    assert _flagged(database) == 3
    with database.write() as connection:
        before = connection.connection.driver_connection
        changes = getattr(before, "total_changes", None)
        placeholders.flag(connection, [FIRST], 3)
        assert getattr(before, "total_changes", None) == changes
