"""Exact duplicates: one canonical, the oldest, whatever the order in which things came."""

from __future__ import annotations

from datetime import timedelta
from itertools import permutations

import pytest

from media_pipeline.catalog import duplicates, media, media_due
from media_pipeline.catalog.database import Database
from media_pipeline.catalog.duplicates import SameBytes
from media_pipeline.model import ImportPartition, Status
from media_pipeline_tests.catalog.filling import FIRST, LINKEDIN, NOW, SECOND, add_post, lose, row, rows, store, update
from media_pipeline_tests.ids import telling


def same_bytes(database: Database, *partitions: ImportPartition, page: int = 10) -> list[SameBytes]:
    with database.read() as connection:
        pages = list(duplicates.same_bytes(connection, partitions, page))
    assert all(0 < len(found) <= page for found in pages)
    return [same for found in pages for same in found]


def point(database: Database) -> None:
    """What the stage does with its findings."""
    pointers = {
        holder.media_id: None if holder is same.canonical else same.canonical.media_id
        for same in same_bytes(database, FIRST, SECOND, LINKEDIN)
        for holder in same.holders
    }
    with database.write() as connection:
        duplicates.point_to(connection, pointers)


def prunable(database: Database, user: str | None = None) -> list[str]:
    with database.read() as connection:
        return duplicates.prunable(connection, user)


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_the_canonical_does_not_depend_on_the_order_of_imports(database: Database, order: tuple[int, ...]):
    posted = [NOW, NOW - timedelta(days=1), None]
    partitions = [FIRST, SECOND, LINKEDIN]
    refs: dict[int, str] = {}
    for number in order:
        (refs[number],) = add_post(
            database, str(number), "https://host/1.jpg", partition=partitions[number], posted_at=posted[number]
        )
        store(database, "one", refs[number])
    for partition in partitions:
        (same,) = same_bytes(database, partition)
        assert [holder.media_id for holder in same.holders] == [refs[1], refs[0], refs[2]]
        assert same.canonical.media_id == refs[1]
        assert same.file_size == 3


def test_of_posts_of_one_moment_the_lower_id_is_canonical(database: Database):
    refs = [add_post(database, str(number), "https://host/1.jpg", posted_at=NOW)[0] for number in range(5)]
    store(database, "one", *refs)
    (same,) = same_bytes(database, FIRST)
    assert [holder.media_id for holder in same.holders] == sorted(refs)


def test_contents_of_a_partition_come_once_whatever_the_page(database: Database):
    refs = add_post(database, "1", *(f"https://host/{number}.jpg" for number in range(6)))
    shas = sorted(store(database, f"content {number}", media_id) for number, media_id in enumerate(refs))
    for page in range(1, 8):
        assert [same.sha256 for same in same_bytes(database, FIRST, page=page)] == shas
        assert same_bytes(database, SECOND, page=page) == []


def test_only_what_is_stored_counts_and_its_author_is_named(database: Database):
    (by_id,) = add_post(database, "1", "https://host/1.jpg", author_id="17", author_handle="ann")
    (by_handle,) = add_post(database, "2", "https://host/1.jpg", author_handle="ann")
    (unknown,) = add_post(database, "1", "https://host/1.jpg", author_handle=None, partition=LINKEDIN)
    (broken,) = add_post(database, "3", "https://host/1.jpg")
    store(database, "one", by_id, by_handle, unknown, broken)
    update(database, "post_media", {"media_id": broken}, status=Status.QUARANTINED)
    (same,) = same_bytes(database, FIRST)
    assert {holder.media_id: holder.author for holder in same.holders} == {
        by_id: "twitter:17",
        by_handle: "twitter:ann",
        unknown: None,
    }


def test_very_many_copies_of_one_content_belong_together(database: Database):
    refs = add_post(database, "1", *(f"https://host/{number}.jpg" for number in range(1200)))
    store(database, "one", *refs)
    (same,) = same_bytes(database, FIRST)
    assert len(same.holders) == 1200
    point(database)
    assert len(prunable(database)) == 1199


def prune(database: Database, media_ids: list[str]) -> int:
    with database.write() as connection:
        return duplicates.prune(connection, media_ids)


def test_pruning_makes_links_of_copies_and_keeps_the_canonical(database: Database):
    refs = add_post(database, "1", "https://host/1.jpg", "https://host/2.jpg", posted_at=NOW)
    (other,) = add_post(database, "2", "https://host/1.jpg", posted_at=NOW + timedelta(days=1))
    (alone,) = add_post(database, "3", "https://host/3.jpg")
    store(database, "one", *refs, other)
    store(database, "two", alone)
    assert prunable(database) == []  # nothing is known to be a copy yet
    point(database)
    canonical = min(refs)
    copies = sorted({*refs, other} - {canonical})
    assert prunable(database) == copies
    assert prune(database, [*copies, canonical, alone]) == 2, "what is no copy stays an entry"
    assert prune(database, copies) == 0
    assert prunable(database) == []
    kept = {ref["media_id"]: (ref["pruned_at"] is None, ref["duplicate_of"]) for ref in rows(database, "post_media")}
    assert kept == {canonical: (True, None), alone: (True, None)} | dict.fromkeys(copies, (False, canonical))
    assert len(rows(database, "media_files")) == 2


@pytest.fixture
def pruned(database: Database) -> tuple[str, str]:
    """A canonical, and a copy of a later post that is a link to it."""
    (first,) = add_post(database, "1", "https://host/1.jpg", posted_at=NOW)
    (copy,) = add_post(database, "2", "https://host/2.jpg", posted_at=NOW + timedelta(days=1), author_handle="ann")
    store(database, "one", first, copy)
    point(database)
    assert prune(database, prunable(database)) == 1
    return first, copy


def test_a_pruned_medium_stays_a_link_when_its_post_is_imported_again(database: Database, pruned: tuple[str, str]):
    _, copy = pruned
    before = row(database, "post_media", media_id=copy)
    assert add_post(database, "2", "https://host/2.jpg", partition=SECOND, author_handle="ann") == [copy]
    after = row(database, "post_media", media_id=copy)
    kept = ("status", "sha256", "duplicate_of", "pruned_at")
    assert [after[name] for name in kept] == [before[name] for name in kept]


def test_links_are_made_entries_again_for_all_or_one_author(database: Database, pruned: tuple[str, str]):
    _, copy = pruned
    with database.write() as connection:
        assert duplicates.unprunable(connection, "bob") == []
        assert duplicates.unprunable(connection, "@ann") == duplicates.unprunable(connection, None) == [copy]
        assert duplicates.unprune(connection, [copy]) == 1
        assert duplicates.unprune(connection, [copy]) == 0
    assert prunable(database) == [copy], "it is a copy as before"


def test_a_link_that_becomes_the_oldest_is_an_entry_again(database: Database, pruned: tuple[str, str]):
    first, copy = pruned
    update(database, "posts", {"native_id": "2"}, posted_at=NOW - timedelta(days=1))
    point(database)
    assert row(database, "post_media", media_id=copy)["pruned_at"] is None
    assert row(database, "post_media", media_id=first)["duplicate_of"] == copy


def test_a_link_whose_file_is_lost_is_looked_for_at_its_own_url_too(database: Database, pruned: tuple[str, str]):
    """The canonical's host may no longer have it."""
    lose(database, row(database, "post_media", media_id=pruned[0])["sha256"])
    with database.read() as connection:
        assert media_due.count_due(connection, [FIRST], pruned) == 2


def test_asking_hosts_again_leaves_links_alone(database: Database, pruned: tuple[str, str]):
    with database.write() as connection:
        assert media.ask_again(connection, [FIRST]) == 1
    assert row(database, "post_media", media_id=pruned[1])["status"] == Status.STORED


def test_pruning_for_one_author_leaves_copies_of_others_alone(database: Database):
    (anns,) = add_post(database, "1", "https://host/1.jpg", author_handle="Ann", posted_at=NOW)
    (anns_copy,) = add_post(database, "2", "https://host/1.jpg", author_handle="Ann", posted_at=NOW + timedelta(days=1))
    (bobs_copy,) = add_post(database, "3", "https://host/1.jpg", author_handle="bob", posted_at=NOW + timedelta(days=2))
    store(database, "one", anns, anns_copy, bobs_copy)
    point(database)
    assert prunable(database) == sorted([anns_copy, bobs_copy])
    assert prunable(database, "@ann") == [anns_copy]
    assert prunable(database, "bob") == []
    assert prunable(database, "nobody") == []


@pytest.mark.parametrize("change", [{"status": Status.PENDING}, {"sha256": None}], ids=telling)
def test_a_copy_whose_canonical_is_not_stored_any_more_is_not_prunable(database: Database, change: dict[str, str]):
    (first,) = add_post(database, "1", "https://host/1.jpg", posted_at=NOW)
    (copy,) = add_post(database, "2", "https://host/1.jpg", posted_at=NOW + timedelta(days=1))
    store(database, "one", first, copy)
    point(database)
    assert row(database, "post_media", media_id=copy)["duplicate_of"] == first
    update(database, "post_media", {"media_id": first}, **change)
    assert prunable(database) == []


def test_the_media_of_posts_come_in_order(database: Database):
    refs = add_post(database, "1", *(f"https://host/{number}.jpg" for number in range(12)))
    add_post(database, "2")
    store(database, "one", refs[3])
    post_id = row(database, "post_media", media_id=refs[0])["post_id"]
    with database.read() as connection:
        found = duplicates.media_of_posts(connection, [post_id, "p-none"])
    assert set(found) == {post_id}
    assert [ref.status for ref in found[post_id]] == ["pending"] * 3 + ["stored"] + ["pending"] * 8
    assert {ref.role for ref in found[post_id]} == {"media"}
