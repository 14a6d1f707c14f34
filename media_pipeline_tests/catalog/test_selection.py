"""Which files and posts a selection means, and long lists and tables piece by piece."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
import sqlalchemy as sa

from media_pipeline.catalog import files
from media_pipeline.catalog.database import Database
from media_pipeline.catalog.selection import EVERYTHING, Selection, holds_import, paged, pieces, ranges, selects_post
from media_pipeline.catalog.tables import imports, posts
from media_pipeline.model import ImportPartition, Status
from media_pipeline_tests.catalog.filling import (
    FIRST,
    NOW,
    SECOND,
    a_file,
    a_post,
    add_import,
    add_post,
    digest,
    store,
    update,
    upsert,
)

DAYS = [date(2026, 11, day) for day in (1, 2, 3, 5, 8, 9)]
TWITTER = [ImportPartition(day, "twitter") for day in DAYS]
LINKEDIN = [ImportPartition(day, "linkedin") for day in DAYS]


def test_contiguous_days_of_a_platform_are_one_range():
    chosen = [LINKEDIN[0], *TWITTER[:4], TWITTER[5], TWITTER[0]]
    assert ranges(chosen) == [
        ("linkedin", DAYS[0], DAYS[0]),
        ("twitter", DAYS[0], DAYS[2]),
        ("twitter", DAYS[3], DAYS[3]),
        ("twitter", DAYS[5], DAYS[5]),
    ]
    assert ranges([]) == []


@pytest.mark.parametrize(
    "chosen",
    [[], TWITTER, TWITTER[3:4], [*TWITTER[:2], TWITTER[5], LINKEDIN[2], LINKEDIN[4]]],
    ids=["none", "a platform", "a day", "some"],
)
def test_partitions_with_gaps_hold_their_imports_and_no_other(database: Database, chosen: list[ImportPartition]):
    for partition in [*TWITTER, *LINKEDIN]:
        add_import(database, partition)
    query = sa.select(imports.c.import_date, imports.c.platform).where(holds_import(chosen))
    with database.read() as connection:
        found = [ImportPartition(*row) for row in connection.execute(query)]
    assert sorted(found) == sorted(chosen)


def test_thousands_of_partitions_with_gaps_are_one_condition(database: Database):
    add_import(database, TWITTER[0])
    chosen = [
        ImportPartition(date(2000, 1, 1) + timedelta(days=2 * number), platform)
        for number in range(5000)
        for platform in ("linkedin", "twitter")
    ]
    with database.read() as connection:
        query = sa.select(sa.func.count()).select_from(imports)
        assert connection.execute(query.where(holds_import(chosen))).scalar_one() == 0
        assert connection.execute(query.where(holds_import([*chosen, TWITTER[0]]))).scalar_one() == 1


@pytest.mark.parametrize(
    ("user", "found"),
    [
        ("ann", True),
        ("@ANN", True),
        ("17", True),
        ("@17", False),
        ("an", False),
        ("a%", False),
        ("", False),
        ("Jürgen", True),
        ("@JÜRGEN", None),
    ],
)
def test_an_author_is_found_by_handle_in_any_case_or_by_id(database: Database, user: str, found: bool | None):
    upsert(
        database,
        a_post("1", author_handle="Ann", author_id="17"),
        a_post("2", author_handle="Jürgen", author_id="18"),
        a_post("3", author_handle=None),
    )
    with database.read() as connection:
        query = sa.select(sa.func.count()).select_from(posts).where(selects_post(Selection(user=user)))
        number = connection.execute(query).scalar_one()
    assert number in (0, 1) if found is None else number == found  # SQLite knows the case of ASCII only


def _selected(database: Database, selection: Selection) -> set[str]:
    with database.read() as connection:
        found = [file.sha256 for file in files.local(connection, selection, page=2)]
    assert len(found) == len(set(found))
    return set(found)


def test_a_file_is_selected_by_what_meets_every_limit(database: Database):
    (anns,) = add_post(database, "1", "https://host/1.jpg", author_handle="Ann")
    (anns_later,) = add_post(database, "2", "https://host/2.jpg", author_handle="Ann", partition=SECOND)
    (bobs,) = add_post(database, "3", "https://host/3.jpg", author_handle="bob")
    one, two, three = store(database, "one", anns), store(database, "two", anns_later), store(database, "three", bobs)
    nobodys = store(database, "nobody's")
    assert _selected(database, EVERYTHING) == {one, two, three, nobodys}
    assert _selected(database, Selection([FIRST], user="ann")) == {one}
    assert _selected(database, Selection([FIRST], post="2")) == set()
    assert _selected(database, Selection(user="ann", sha256s=[two, three, nobodys])) == {two}
    assert _selected(database, Selection([FIRST, SECOND], digest=a_file("three").md5_sum)) == {three}
    assert _selected(database, Selection(sha256s=[])) == set()


def test_a_file_is_selected_by_the_platform_and_the_day_of_its_posts(database: Database):
    (early,) = add_post(database, "1", "https://host/1.jpg", posted_at=NOW)
    (late,) = add_post(database, "2", "https://host/2.jpg", posted_at=NOW + timedelta(days=1))
    (undated,) = add_post(database, "3", "https://host/3.jpg", partition=LINKEDIN[0])
    one, two, three = store(database, "one", early), store(database, "two", late), store(database, "three", undated)
    assert _selected(database, Selection(platform="twitter")) == {one, two}
    assert _selected(database, Selection(platform="linkedin", with_versions=True)) == {three}
    assert _selected(database, Selection(since=NOW.date())) == {one, two}
    assert _selected(database, Selection([FIRST], platform="twitter", since=NOW.date() + timedelta(days=1))) == {two}


def test_a_file_is_selected_by_the_status_of_its_references(database: Database):
    (kept, failed) = add_post(database, "1", "https://host/1.jpg", "https://host/2.jpg")
    one, two = store(database, "one", kept), store(database, "two", failed)
    update(database, "post_media", {"media_id": failed}, status=Status.FAILED)
    assert _selected(database, Selection([FIRST])) == {one}
    assert _selected(database, Selection([FIRST], statuses=(Status.FAILED,))) == {two}
    assert _selected(database, Selection([FIRST], statuses=(Status.STORED, Status.FAILED))) == {one, two}


def test_versions_are_selected_by_the_references_that_held_them(database: Database):
    (anns,) = add_post(database, "1", "https://host/1.jpg", author_handle="Ann")
    (bobs,) = add_post(database, "2", "https://host/2.jpg", author_handle="bob", partition=SECOND)
    before, now = store(database, "before", anns), store(database, "now", anns)
    other = store(database, "bob's", bobs)
    assert _selected(database, Selection([FIRST])) == {now}
    assert _selected(database, Selection([FIRST], with_versions=True)) == {before, now}
    assert _selected(database, Selection(user="Ann", with_versions=True)) == {before, now}
    assert _selected(database, Selection([FIRST, SECOND], with_versions=True)) == {before, now, other}


def test_more_files_are_selected_than_a_statement_has_parameters_for(database: Database):
    kept = {store(database, content) for content in ("one", "two")}
    chosen = [*kept, *(digest(str(number)) for number in range(100_000))]
    assert _selected(database, Selection(sha256s=chosen)) == kept


@pytest.mark.parametrize("size", range(1, 8))
def test_pages_hold_every_row_once_whatever_their_size(size: int):
    rows = [2, 3, 5, 7, 11, 13]
    asked: list[int] = []

    def ask(after: int) -> list[int]:
        asked.append(after)
        return [row for row in rows if row > after][:size]

    assert [row for page in paged(ask, int, 0) for row in page] == rows
    assert asked == [0, *(page[-1] for page in pieces(rows, size))]


def test_what_is_made_of_a_page_can_be_written_down_before_the_next(database: Database):
    for number in range(5):
        store(database, str(number))

    def ask(connection: sa.Connection, after: str) -> list[files.LocalFile]:
        chosen = sorted(digest(str(number)) for number in range(5))
        return list(files.local(connection, Selection(sha256s=[sha256 for sha256 in chosen if sha256 > after][:2])))

    seen = 0
    for page in database.paged(ask, lambda file: file.sha256, ""):
        seen += len(page)
        with database.write() as connection:
            files.mark_evicted(connection, page[0].sha256)
    assert seen == 5


def test_pieces_hold_everything_once():
    assert list(pieces(range(5), 2)) == [[0, 1], [2, 3], [4]]
    assert list(pieces([])) == []
    assert [len(piece) for piece in pieces(range(1001))] == [500, 500, 1]
