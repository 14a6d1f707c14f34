"""Posts come page by page by date, each once, whatever the size of a page, with their media in order."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from media_pipeline.catalog.database import Database
from media_pipeline.catalog.pages import ArchivedPost, posts_after
from media_pipeline.catalog.selection import EVERYTHING, Selection
from media_pipeline.model import Status
from media_pipeline_tests.catalog.filling import LINKEDIN, NOW, add_post, archive, digest, fail, give_facts, store


def read(database: Database, size: int, selection: Selection = EVERYTHING) -> list[ArchivedPost]:
    found: list[ArchivedPost] = []
    with database.read() as connection:
        while page := posts_after(connection, selection, found[-1] if found else None, size):
            assert len(page) <= size
            found += page
    return found


def texts(posts: list[ArchivedPost]) -> list[str | None]:
    return [post.text for post in posts]


@pytest.fixture
def filled(database: Database) -> Database:
    """Posts of three moments, two of them of the same; and two without a date."""
    for number, hours in enumerate([48, 0, 24, 24, None, None]):
        posted_at = None if hours is None else NOW + timedelta(hours=hours)
        add_post(database, str(number), posted_at=posted_at, text=f"{number}")
    return database


@pytest.mark.parametrize("size", [1, 2, 3, 4, 10])
def test_every_post_comes_once_oldest_first_and_those_without_a_date_last(filled: Database, size: int) -> None:
    found = read(filled, size)
    assert texts(found)[0] == "1"
    assert set(texts(found)[1:3]) == {"2", "3"}
    assert texts(found)[3] == "0"
    assert set(texts(found)[4:]) == {"4", "5"}
    assert found == read(filled, 10)


def test_a_first_day_leaves_out_earlier_posts_and_those_without_a_date(filled: Database) -> None:
    since = Selection(since=(NOW + timedelta(days=1)).date())
    assert sorted(map(str, texts(read(filled, 1, since)))) == ["0", "2", "3"]
    assert read(filled, 1, Selection(since=date(2027, 1, 1))) == []


def test_author_and_platform_choose_posts(filled: Database) -> None:
    add_post(filled, "6", partition=LINKEDIN, text="elsewhere", author_handle="Bob", author_id="17")
    for chosen in (Selection(platform="linkedin"), Selection(user="@bob"), Selection(user="17")):
        assert texts(read(filled, 2, chosen)) == ["elsewhere"]
    assert read(filled, 2, Selection(user="bob", platform="twitter")) == []


def test_media_come_in_order_with_their_files_or_with_the_reason_why_not(database: Database) -> None:
    first, second, third = add_post(database, "1", *(f"https://host/{n}.jpg" for n in range(3)), posted_at=NOW)
    sha256 = store(database, "one", first)
    give_facts(database, sha256, latitude=52.5, longitude=13.25, camera_make="Sample", camera_model="35")
    archive(database, sha256)
    fail(database, second, status=Status.GONE)
    ((kept, gone, waiting),) = [post.media for post in read(database, 10)]
    assert (kept.status, gone.status, waiting.status) == (Status.STORED, Status.GONE, Status.PENDING)
    assert kept.file is not None
    assert (kept.file.sha256, kept.file.camera, kept.file.coordinates) == (digest("one"), "Sample 35", (52.5, 13.25))
    assert kept.file.archive_key == f"media/{digest('one')}"
    assert (gone.file, gone.error) == (None, "no answer")
    assert third
