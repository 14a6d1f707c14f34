"""Files by content: in the store, in the archive, with their facts."""

from __future__ import annotations

from datetime import timedelta
from itertools import product
from typing import Any

import sqlalchemy as sa

from media_pipeline.catalog import archived, file_facts, files
from media_pipeline.catalog.database import Database
from media_pipeline.catalog.selection import EVERYTHING, Selection
from media_pipeline.catalog.tables import media_files
from media_pipeline.model import Status
from media_pipeline_tests.catalog.filling import (
    FIRST,
    LINKEDIN,
    NOW,
    SECOND,
    a_file,
    add_post,
    archive,
    digest,
    give_facts,
    path_of,
    row,
    rows,
    store,
    store_each,
    update,
)

FACTS: dict[str, Any] = {
    "width": 3,
    "height": 4,
    "duration": 1.25,
    "frames": 30,
    "latitude": -33.5,
    "longitude": -70.25,
    "altitude": -2.5,
    "frame_rate": 29.97,
    "video_codec": "h264",
    "audio_codec": "aac",
    "colour_profile": "Display P3",
    "orientation": 6,
    "lens": "50mm",
    "software": "1.0",
    "caption": "A boat",
    "content_identifier": "1E2D3C4B",
    "pixel_sha256": "a" * 64,
    "pdq": "b" * 64,
    "pdq_quality": 99,
}


def add_files(database: Database, count: int) -> list[str]:
    refs = add_post(database, "1", *(f"https://host/{number}.jpg" for number in range(count)))
    return store_each(database, {media_id: f"content {number}" for number, media_id in enumerate(refs)})


def local_file(connection: sa.Connection, sha256: str) -> files.LocalFile | None:
    """The file with this content if it lies in the store."""
    return next(files.local(connection, Selection(sha256s=[sha256])), None)


def test_a_content_is_one_row_however_often_it_comes(database: Database):
    refs = add_post(database, "1", "https://host/1.jpg", "https://host/2.jpg")
    for media_id in refs:
        store(database, "one", media_id)
    found = row(database, "media_files")
    assert (found["sha256"], found["md5_sum"], found["file_size"]) == (digest("one"), a_file("one").md5_sum, 3)
    assert (found["media_type"], found["mime_type"], found["extension"]) == ("image", "image/jpeg", "jpg")
    assert found["local_path"] == path_of(a_file("one"))
    assert found["exif"] is None


def test_a_content_that_comes_back_has_a_place_again_and_keeps_its_facts(database: Database):
    (media_id,) = add_post(database, "1", "https://host/1.jpg")
    sha256 = store(database, "one", media_id)
    give_facts(database, sha256, camera_make="Leica")
    with database.write() as connection:
        files.mark_evicted(connection, sha256)
        assert local_file(connection, sha256) is None
    store(database, "one", media_id)
    found = row(database, "media_files")
    assert (found["local_path"], found["camera_make"]) == (path_of(a_file("one")), "Leica")
    assert found["facts_at"] is not None


def test_an_unreadable_content_that_comes_again_is_looked_at_again(database: Database):
    (media_id,) = add_post(database, "1", "https://host/1.jpg")
    sha256 = store(database, "one", media_id)
    with database.write() as connection:
        files.mark_quarantined(connection, sha256, "quarantine/one", "broken\0")
        assert file_facts.without_facts(connection, [FIRST], 0, "", 10) == []
    found = row(database, "media_files")
    assert (found["local_path"], found["facts_error"]) == ("quarantine/one", "broken\ufffd")
    store(database, "one", media_id)
    with database.read() as connection:
        assert [file.sha256 for file in file_facts.without_facts(connection, [FIRST], 0, "", 10)] == [sha256]
    assert row(database, "media_files")["facts_error"] is None


def test_facts_come_back_as_they_were_read(database: Database):
    (media_id,) = add_post(database, "1", "https://host/1.jpg")
    sha256 = store(database, "one", media_id)
    exif: dict[str, Any] = {"Image Make": "Leica\0\0", "EXIF UserComment": "\ud800 \U0001f600", "big": 2**80, "f": 0.5}
    give_facts(database, sha256, **FACTS, exif=exif, warnings=("odd\0",))
    found = row(database, "media_files")
    assert {name: found[name] for name in FACTS} == FACTS
    assert (found["exif"], found["warnings"]) == (exif, ["odd\0"])
    with database.read() as connection:
        assert file_facts.without_facts(connection, [FIRST], 0, "", 10) == []


def test_facts_come_back_without_the_characters_that_no_database_takes(database: Database):
    (media_id,) = add_post(database, "1", "https://host/1.jpg")
    sha256 = store(database, "one", media_id)
    give_facts(database, sha256, camera_make="Leica\0\0", camera_model="\ud800", taken_at="2026-01-01T12:00:00\0")
    found = row(database, "media_files")
    assert (found["camera_make"], found["camera_model"]) == ("Leica\ufffd\ufffd", "\ufffd")
    assert found["taken_at"] == "2026-01-01T12:00:00\ufffd"


def test_a_file_without_any_facts_counts_as_read(database: Database):
    (media_id,) = add_post(database, "1", "https://host/1.jpg")
    sha256 = store(database, "one", media_id)
    give_facts(database, sha256, width=None, height=None, exif={}, warnings=())
    with database.read() as connection:
        assert file_facts.without_facts(connection, [FIRST], 0, "", 10) == []
        nothing = sa.select(sa.func.count()).where(media_files.c.exif.is_(None), media_files.c.warnings.is_(None))
        assert connection.execute(nothing).scalar_one() == 1


def test_local_files_come_once_whatever_the_page(database: Database):
    wanted = add_files(database, 6)
    with database.read() as connection:
        for page in range(1, 8):
            assert [file.sha256 for file in files.local(connection, page=page)] == wanted
            of_partition = files.local(connection, Selection([FIRST]), page=page)
            assert [file.sha256 for file in of_partition] == wanted
            assert list(files.local(connection, Selection([SECOND]), page=page)) == []


def test_files_to_archive_come_once_whatever_the_limit(database: Database):
    """Also past files that no reference holds, which could fill a whole page."""
    wanted = add_files(database, 5)
    for number in range(10):
        store(database, f"held by nobody {number}")
    archive(database, wanted.pop(1))
    with database.write() as connection:
        files.mark_quarantined(connection, wanted.pop(2), "quarantine/x", "broken")
    for limit, selection in product(range(1, 7), (EVERYTHING, Selection([FIRST]))):
        seen: list[str] = []
        with database.read() as connection:
            while found := archived.to_archive(connection, selection, limit, seen[-1] if seen else ""):
                assert len(found) <= limit
                seen += [item.content.sha256 for item in found]
        assert seen == wanted


def test_a_file_is_archived_under_its_oldest_reference(database: Database):
    dates = [NOW, NOW - timedelta(days=1), None]
    refs = [
        add_post(database, str(number), f"https://host/{number}.jpg", posted_at=posted_at)[0]
        for number, posted_at in enumerate(dates)
    ]
    store(database, "one", *refs)
    with database.read() as connection:
        (found,) = archived.to_archive(connection, EVERYTHING, 10, "")
    assert (found.media_id, found.when) == (refs[1], NOW - timedelta(days=1))


def test_what_is_archived_can_be_brought_back(database: Database):
    here, there, nowhere = add_files(database, 3)
    archive(database, here, there)
    with database.write() as connection:
        files.mark_evicted(connection, there)
        found = archived.by_digest(connection, [here, there, nowhere, *(str(number) for number in range(600))])
        assert set(found) == {here, there}
        assert found[there].s3_key == f"media/{there}"
        assert local_file(connection, there) is None
        files.mark_local(connection, there, "media/back")
        assert local_file(connection, there).local_path == "media/back"
        assert {file.sha256 for file in archived.archived_sample(connection, Selection([FIRST]), 10)} == {
            here,
            there,
        }


def test_what_is_least_recently_used_and_archived_goes_first(database: Database):
    shas = add_files(database, 4)
    archive(database, *shas[:3])
    for number, sha256 in enumerate(shas):
        update(database, "media_files", {"sha256": sha256}, last_used_at=NOW - timedelta(days=number))
    with database.write() as connection:
        files.mark_evicted(connection, shas[1])
        assert [file.sha256 for file in archived.least_recently_used(connection, 10)] == [shas[2], shas[0]]
        assert [file.sha256 for file in archived.least_recently_used(connection, 1)] == [shas[2]]
        sizes = [found["file_size"] for found in rows(database, "media_files") if found["sha256"] != shas[1]]
        assert archived.local_bytes(connection) == sum(sizes)


def test_an_empty_store_holds_no_bytes(database: Database):
    with database.read() as connection:
        assert archived.local_bytes(connection) == 0


def test_a_verification_is_written_down(database: Database):
    one, other = add_files(database, 2)
    for sha256 in (one, other):
        update(database, "media_files", {"sha256": sha256}, verified_at=NOW - timedelta(days=9))
    with database.write() as connection:
        files.mark_verified(connection, [one, *(str(number) for number in range(600))])
    assert row(database, "media_files", sha256=one)["verified_at"] > NOW - timedelta(days=9)
    assert row(database, "media_files", sha256=other)["verified_at"] == NOW - timedelta(days=9)


def test_files_are_chosen_by_partition_author_post_and_digest(database: Database):
    (anns,) = add_post(database, "1", "https://host/1.jpg", author_handle="Ann", author_id="17")
    (bobs,) = add_post(database, "2", "https://host/2.jpg", author_handle="bob", partition=SECOND)
    (gone,) = add_post(database, "3", "https://host/3.jpg", author_handle="Ann")
    first, second = store(database, "one", anns), store(database, "two", bobs)
    third = store(database, "three", gone)
    update(database, "post_media", {"media_id": gone}, status=Status.QUARANTINED)
    post_id = row(database, "post_media", media_id=anns)["post_id"]
    md5 = a_file("one").md5_sum
    with database.read() as connection:

        def chosen(selection: Selection) -> list[str]:
            return [file.sha256 for file in files.local(connection, selection)]

        assert chosen(Selection([FIRST])) == [first]
        assert chosen(Selection([FIRST, SECOND])) == sorted([first, second])
        assert chosen(Selection([])) == []
        for user in ("ann", "@ANN", "17"):
            assert chosen(Selection(user=user)) == [first]
        for post in ("1", post_id):
            assert chosen(Selection(post=post)) == [first]
        for digest_text in (md5, md5.upper(), third.upper()):
            assert chosen(Selection(digest=digest_text)) == [third if digest_text == third.upper() else first]
        assert files.is_known(connection, Selection(digest=md5))
        assert not files.is_known(connection, Selection(digest="0" * 32))


def test_two_contents_of_one_md5_are_both_kept(database: Database):
    (media_id,) = add_post(database, "1", "https://host/1.jpg")
    store(database, "one", media_id)
    other = store(database, "two", media_id)
    update(database, "media_files", {"sha256": other}, md5_sum=a_file("one").md5_sum)
    with database.read() as connection:
        assert len(list(files.local(connection, Selection(digest=a_file("one").md5_sum)))) == 2


def test_bytes_are_counted_once_for_each_content_of_a_partition(database: Database):
    refs = add_post(database, "1", "https://host/1.jpg", "https://host/2.jpg", "https://host/3.jpg")
    refs += add_post(database, "2", "https://host/1.jpg", partition=SECOND)
    store(database, "abc", refs[0], refs[1], refs[3])
    store(database, "defgh", refs[2])
    archive(database, digest("abc"))
    with database.read() as connection:
        assert files.sizes(connection, [FIRST, SECOND, LINKEDIN]) == {FIRST: 8, SECOND: 3}
        assert archived.totals(connection, [FIRST, SECOND, LINKEDIN]) == {
            FIRST: {"archived": 1, "archived_bytes": 3, "not_archived": 1},
            SECOND: {"archived": 1, "archived_bytes": 3, "not_archived": 0},
        }
