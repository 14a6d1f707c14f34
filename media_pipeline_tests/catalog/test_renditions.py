"""Renditions: what was made of files, what can't be."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

from media_pipeline.catalog import files, renditions
from media_pipeline.catalog.database import Connection, Database
from media_pipeline.catalog.renditions import Source
from media_pipeline.catalog.selection import EVERYTHING, Selection
from media_pipeline.model import RenditionKind
from media_pipeline_tests.catalog.filling import (
    FIRST,
    LINKEDIN,
    SECOND,
    a_file,
    a_rendition,
    add_post,
    give_facts,
    path_of,
    row,
    rows,
    store_each,
    update,
)

OPTIMIZED = "optimized-1920-q85-v1"
THUMBNAIL = "thumbnail-300-q85-v1"


def add_files(database: Database, count: int) -> list[str]:
    refs = add_post(database, "1", *(f"https://host/{number}.jpg" for number in range(count)))
    shas = store_each(database, {media_id: f"content {number}" for number, media_id in enumerate(refs)})
    give_facts(database, *shas)
    return shas


def save(database: Database, sha256: str, kind: str, recipe: str, size: int = 10) -> None:
    with database.write() as connection:
        renditions.save(connection, sha256, a_rendition(RenditionKind(kind), recipe, size), f"{kind}/{recipe}-{sha256}")


def places(connection: Connection, sha256s: list[str], kind: str) -> dict[str, str]:
    return {sha256: found.local_path for sha256, found in renditions.placed(connection, sha256s, kind).items()}


def save_failure(database: Database, sha256: str, kind: str, recipe: str) -> None:
    with database.write() as connection:
        renditions.save_failure(connection, sha256, kind, recipe, "too odd\0")


def test_sources_come_once_whatever_the_limit(database: Database):
    wanted = add_files(database, 5)
    for limit, selection in product(range(1, 7), (EVERYTHING, Selection([FIRST]))):
        seen: list[str] = []
        with database.read() as connection:
            while found := renditions.sources(connection, selection, seen[-1] if seen else "", limit):
                assert len(found) <= limit
                seen += [source.sha256 for source in found]
        assert seen == wanted


def test_a_source_says_what_was_made_of_it(database: Database):
    (sha256,) = add_files(database, 1)
    save(database, sha256, "optimized", OPTIMIZED)
    save_failure(database, sha256, "thumbnail", THUMBNAIL)
    with database.read() as connection:
        assert renditions.sources(connection, EVERYTHING, "", 10) == [
            Source(
                sha256,
                path_of(a_file("content 0")),
                len("content 0"),
                "image/jpeg",
                True,
                frozenset({OPTIMIZED, THUMBNAIL}),
                ((OPTIMIZED, row(database, "renditions", recipe=OPTIMIZED)["local_path"]),),
            )
        ]


def test_only_files_that_lie_here_and_were_read_are_sources(database: Database):
    missing, unread, broken, sound, document, locked = add_files(database, 6)
    with database.write() as connection:
        files.mark_evicted(connection, missing)
        files.mark_quarantined(connection, broken, "quarantine/x", "broken")
    update(database, "media_files", {"sha256": unread}, facts_at=None)
    update(database, "media_files", {"sha256": sound}, width=None)
    update(database, "media_files", {"sha256": document}, width=None, media_type="document", frames=3)
    update(database, "media_files", {"sha256": locked}, width=None, media_type="document")
    with database.read() as connection:
        found = renditions.sources(connection, EVERYTHING, "", 10)
    assert {source.sha256: source.has_picture for source in found} == {sound: False, document: True, locked: False}


def test_very_many_sources_are_asked_for_at_once(database: Database):
    wanted = add_files(database, 1100)
    save(database, wanted[-1], "thumbnail", THUMBNAIL)
    with database.read() as connection:
        found = renditions.sources(connection, EVERYTHING, "", 5000)
    assert [source.sha256 for source in found] == wanted
    assert [source.sha256 for source in found if source.recipes] == wanted[-1:]


def test_a_rendition_made_again_is_the_same_row(database: Database):
    (sha256,) = add_files(database, 1)
    save_failure(database, sha256, "thumbnail", THUMBNAIL)
    found = row(database, "renditions")
    assert (found["error"], found["local_path"]) == ("too odd\ufffd", None)
    save(database, sha256, "thumbnail", THUMBNAIL)
    save(database, sha256, "thumbnail", THUMBNAIL, size=20)
    found = row(database, "renditions")
    assert (found["error"], found["file_size"], found["width"], found["mime_type"]) == (None, 20, 300, "image/webp")


def test_a_failure_does_not_take_away_what_another_run_has_made(database: Database):
    (sha256,) = add_files(database, 1)
    save(database, sha256, "thumbnail", THUMBNAIL)
    before = rows(database, "renditions")
    save_failure(database, sha256, "thumbnail", THUMBNAIL)
    assert rows(database, "renditions") == before


def test_renditions_are_totalled_by_partition(database: Database):
    first, second = add_files(database, 2)
    (again,) = add_post(database, "2", "https://host/0.jpg", partition=SECOND)
    update(database, "post_media", {"media_id": again}, sha256=first, status="stored")
    save(database, first, "optimized", OPTIMIZED, size=4)
    save(database, first, "thumbnail", THUMBNAIL)
    save_failure(database, second, "optimized", OPTIMIZED)
    save_failure(database, second, "thumbnail", THUMBNAIL)
    size = len("content 0")
    none = dict.fromkeys(renditions.NUMBERS, 0)
    made = {**none, "optimized": 1, "thumbnails": 1, "optimized_bytes": 4, "original_bytes": size}
    with database.read() as connection:
        assert renditions.totals(connection, [FIRST, SECOND, LINKEDIN]) == {
            FIRST: {**made, "failed": 2},
            SECOND: {**made, "failed": 0},
        }
        failed = renditions.failures(connection, [FIRST], 10)
        assert [(found["sha256"], found["kind"]) for found in failed] == [(second, "optimized"), (second, "thumbnail")]
        assert len(renditions.failures(connection, [FIRST], 1)) == 1
        assert renditions.failures(connection, [SECOND], 10) == []


def test_a_contact_sheet_gets_one_thumbnail_a_file(database: Database):
    shas = add_files(database, 3)
    for sha256 in shas:
        save(database, sha256, "optimized", OPTIMIZED)
        for recipe in (THUMBNAIL, "thumbnail-150-q85-v1"):
            save(database, sha256, "thumbnail", recipe)
    save_failure(database, shas[0], "thumbnail", "thumbnail-600-q85-v1")
    with database.read() as connection:
        found = renditions.thumbnails(connection, [FIRST], 10)
        assert len(found) == 3
        assert found == sorted(found)
        assert len(renditions.thumbnails(connection, [FIRST], 2)) == 2
        assert renditions.thumbnails(connection, [SECOND], 10) == []
        assert places(connection, shas, "thumbnail") == {
            sha256: f"thumbnail/thumbnail-150-q85-v1-{sha256}" for sha256 in shas
        }


def test_an_original_that_stands_in_is_where_the_rendition_is(database: Database):
    (sha256,) = add_files(database, 1)
    original = replace(a_rendition(RenditionKind.OPTIMIZED, OPTIMIZED, size=9), path=None)
    with database.write() as connection:
        renditions.save(connection, sha256, original, None)
        # What failed later doesn't take it away.
        renditions.save_failure(connection, sha256, "optimized", OPTIMIZED, "odd")
        assert places(connection, [sha256], "optimized") == {sha256: path_of(a_file("content 0"))}
        totals = renditions.totals(connection, [FIRST])[FIRST]
        assert (totals["optimized"], totals["originals_stand_in"], totals["failed"]) == (1, 1, 0)
        assert totals["original_bytes"] == totals["optimized_bytes"] == 9
        files.mark_evicted(connection, sha256)
        assert places(connection, [sha256], "optimized") == {}
    assert (row(database, "renditions")["stands_in"], row(database, "renditions")["partial"]) == (True, None)


def test_a_partial_rendition_is_marked_and_counted(database: Database):
    (sha256,) = add_files(database, 1)
    with database.write() as connection:
        renditions.save(connection, sha256, replace(a_rendition(), partial=True), "thumbnails/a")
        assert renditions.totals(connection, [FIRST])[FIRST]["partial"] == 1
    assert row(database, "renditions")["partial"] is True


def test_pages_show_the_thumbnail_nearest_to_their_size(database: Database):
    (sha256,) = add_files(database, 1)
    with database.write() as connection:
        for size in (64, 320, 1024):
            made = replace(a_rendition(RenditionKind.THUMBNAIL, f"thumbnail-{size}-q80-v2"), width=size)
            renditions.save(connection, sha256, made, f"thumbnails/{size}")
        assert places(connection, [sha256], "thumbnail") == {sha256: "thumbnails/320"}


def test_what_is_forgotten_is_only_what_was_named(database: Database):
    one, other = add_files(database, 2)
    for sha256 in (one, other):
        save(database, sha256, "optimized", OPTIMIZED)
    save_failure(database, one, "thumbnail", THUMBNAIL)
    with database.write() as connection:
        made = {(found.sha256, found.kind): found for found in renditions.of_files(connection, [one, other])}
        assert {key: found.is_there for key, found in made.items()} == {
            (one, "optimized"): True,
            (one, "thumbnail"): False,
            (other, "optimized"): True,
        }
        renditions.forget(connection, [made[one, "optimized"], made[one, "thumbnail"]])
    assert [found["sha256"] for found in rows(database, "renditions")] == [other]
