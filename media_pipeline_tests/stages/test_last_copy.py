"""Whatever becomes of store and archive, no byte that was stored goes, and what is lost is found again where it is."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from media_pipeline.catalog import removals
from media_pipeline.catalog.database import Database
from media_pipeline.catalog.tables import media_files, post_media
from media_pipeline.model import PlaceKind, Proof
from media_pipeline.stages.archive.s3_archive import archive_files
from media_pipeline.stages.archive.scrub import evict, is_fresh, scrub_archive
from media_pipeline.stages.integrity import orphans
from media_pipeline.stages.integrity.places import register
from media_pipeline.stages.integrity.stored_files import verify_files
from media_pipeline.stages.renditions.drawing import make_renditions, render_missing
from media_pipeline.storage.store import ContentStore
from media_pipeline_tests import faulty_host
from media_pipeline_tests.faulty_host import FaultyHost
from media_pipeline_tests.library import STAGES, TWITTER, picture, tweet
from media_pipeline_tests.stages.either_database import CACHE, EitherLibrary, MakeEither

MANY = 8


@pytest.fixture
def library(make_either: MakeEither, host: FaultyHost, tmp_path: Path) -> EitherLibrary:
    library = make_either(media_archive_path=tmp_path / "archive")
    library.land("a.json", [tweet(n, host.serve(f"/{n}.jpg", picture(n))) for n in range(MANY)])
    library.run(stages=STAGES)
    return library


def objects(library: EitherLibrary) -> list[Path]:
    return sorted(library.settings.archive_path.rglob("*.jpg"))


def flip(path: Path) -> None:
    body = bytearray(path.read_bytes())
    body[len(body) // 2] ^= 1
    path.write_bytes(body)


def bytes_at_rest(library: EitherLibrary) -> set[bytes]:
    return {path.read_bytes() for path in (*library.files(), *objects(library))}


def everything_is_gone(host: FaultyHost) -> int:
    for n in range(MANY):
        host.serve(f"/{n}.jpg", b"", fault=faulty_host.status(404))
    return len(host.requests)


def evict_all(library: EitherLibrary) -> int:
    with library.with_settings(media_cache_limit_gb=1e-9).open() as context:
        return evict(context)


# Line 1: an archive key belongs to one content.


def test_a_picture_that_its_host_changed_does_not_overwrite_the_older_one_in_the_archive(
    library: EitherLibrary, host: FaultyHost
) -> None:
    """Both versions had one key; after eviction the first existed nowhere, and both rows said archived."""
    url = host.serve("/1.jpg", picture(50, 80, 60))
    library.ask_again()
    library.run(stages=STAGES)
    reference = library.reference(url)
    (version,) = library.table("media_versions")
    keys = {row["sha256"]: row["s3_key"] for row in library.table("media_files")}
    assert keys[version["sha256"]] == f"media/2025/11/{reference['media_id']}.jpg"
    assert keys[reference["sha256"]] == f"media/2025/11/{reference['media_id']}-{reference['sha256'][:8]}.jpg"
    assert evict_all(library) == MANY + 1
    assert {path.read_bytes() for path in objects(library)} == {picture(n) for n in range(MANY)} | {picture(50, 80, 60)}
    with library.open() as context:
        assert scrub_archive(context, read=True).wrong == ()


def test_an_older_version_that_was_never_archived_is_archived_too(make_either: MakeEither, host: FaultyHost) -> None:
    library = make_either()
    host.serve("/1.jpg", picture(1))
    library.land("a.json", [tweet(1, host.url("/1.jpg"))])
    library.run(stages=CACHE)
    host.serve("/1.jpg", picture(2))
    library.ask_again()
    library.run(stages=STAGES)
    archived = {path.read_bytes() for path in library.settings.archive_path.rglob("*.jpg")}
    assert archived == {picture(1), picture(2)}


def test_a_key_that_holds_other_bytes_is_left_as_it_is(library: EitherLibrary) -> None:
    """Bits that flipped under a key, or what another program put there, are not overwritten with the right ones."""
    broken = objects(library)[0]
    broken.write_bytes(b"something else")
    with library.open() as context:
        done = archive_files(context, repair=True)
    assert (done.sent, done.already_there, done.failures) == (1, MANY - 1, ())
    assert broken.read_bytes() == b"something else"
    with library.open() as context:
        assert scrub_archive(context, read=True).wrong == ()


# Line 3: what was stored never becomes worse than missing.


def test_what_is_neither_in_store_nor_archive_is_missing_whatever_its_host_answers(
    library: EitherLibrary, host: FaultyHost
) -> None:
    asked = everything_is_gone(host)
    lost = library.files()[0]
    kept = lost.read_bytes()
    held = {row["media_id"]: row["sha256"] for row in library.table("post_media")}
    for path in (lost, *(path for path in objects(library) if path.read_bytes() == kept)):
        path.unlink()
    for _ in range(3):
        library.make_due()
        library.run(stages=CACHE)
    assert library.statuses() == {"missing": 1, "stored": MANY - 1}
    assert {row["media_id"]: row["sha256"] for row in library.table("post_media")} == held
    assert len(host.requests) > asked, "it is still due"
    lost.write_bytes(kept)
    requests = len(host.requests)
    library.run(stages=CACHE)
    assert library.statuses() == {"stored": MANY}, "the next look at the store heals it"
    assert len(host.requests) == requests


def test_the_archive_heals_what_the_store_has_lost_without_a_request(library: EitherLibrary, host: FaultyHost) -> None:
    asked = len(host.requests)
    broken, gone = library.files()[:2]
    before = bytes_at_rest(library)
    flip(broken)
    gone.unlink()
    with library.open() as context:
        found = verify_files(context)
    assert (found.checked, len(found.corrupt)) == (MANY, 2)
    assert library.statuses() == {"stored": MANY}
    assert before <= bytes_at_rest(library)
    assert len(host.requests) == asked


def test_an_archive_that_is_out_of_reach_for_a_night_heals_the_next_day(
    library: EitherLibrary, host: FaultyHost
) -> None:
    everything_is_gone(host)
    evict_all(library)
    assert library.files() == []
    library.settings.archive_path.chmod(0o700)
    hidden = [path.rename(path.with_suffix(".hidden")) for path in objects(library)]
    with library.open() as context:
        scrub_archive(context)
    assert library.statuses() == {"missing": MANY}
    for path in hidden:
        path.rename(path.with_suffix(".jpg"))
    library.make_due()
    library.run(stages=STAGES)
    assert library.statuses() == {"stored": MANY}


# Line 4: the last copy is never deleted.


def test_eviction_leaves_what_the_archive_does_not_have_as_it_should(library: EitherLibrary) -> None:
    """Two objects flipped, one deleted, a tiny cache limit: eviction removed the only good copies."""
    before = bytes_at_rest(library)
    first, second, third, *_ = objects(library)
    flip(first)
    flip(second)
    third.unlink()
    assert evict_all(library) == MANY - 3
    assert len(library.files()) == 3
    assert before <= bytes_at_rest(library)
    assert len(library.table("media_files", archived_at=None)) == 3
    with library.open() as context:
        assert archive_files(context).sent == 3, "the next run sends them again"
    assert evict_all(library) == 3
    assert before <= bytes_at_rest(library)


@pytest.mark.parametrize(
    ("proof", "age", "fresh"),
    [
        (None, timedelta(), False),
        (Proof.ETAG, timedelta(), False),
        (Proof.SHA256, timedelta(days=89), True),
        (Proof.COMPOSITE, timedelta(days=89), True),
        (Proof.READ, timedelta(days=89), True),
        (Proof.READ, timedelta(days=91), False),
        (Proof.READ, timedelta(days=-1), False),
    ],
)
def test_a_file_leaves_only_for_a_strong_proof_of_these_days(
    library: EitherLibrary, proof: Proof | None, age: timedelta, fresh: bool
) -> None:
    from media_pipeline.catalog import archived

    now = datetime.now(UTC)
    with library.catalogue() as connection:
        connection.execute(sa.update(media_files).values(archive_proof=proof, archive_proved_at=now - age))
        file = archived.archived_page(connection, "", 1)[0]
    with library.open() as context:
        assert is_fresh(context, file, now) is fresh


def test_outdated_renditions_stay_where_the_original_is_nowhere(library: EitherLibrary, host: FaultyHost) -> None:
    everything_is_gone(host)
    lost = library.files()[0]
    kept = lost.read_bytes()
    drawn = {path.name for path in library.files("optimized")}
    other = library.with_settings(media_jpeg_quality=50)
    with other.open() as context:
        make_renditions(context, [TWITTER])
    old_names = {path.name for path in library.files("optimized") if path.name in drawn}
    assert old_names == set(), "each was drawn by the new recipe"
    for path in (lost, *(path for path in objects(library) if path.read_bytes() == kept)):
        path.unlink()
    before = len(library.files("optimized"))
    library.run(stages=STAGES[:5])
    assert len(library.files("optimized")) == before
    (sha256,) = {row["sha256"] for row in library.table("post_media", status="missing")}
    assert any(path.name.startswith(sha256) for path in library.files("optimized"))


# Line 5: archive --all repairs, verify --archive tells.


def test_archive_all_sends_what_the_archive_lacks_or_has_wrong(library: EitherLibrary) -> None:
    first, second, *_ = objects(library)
    flip(first)
    second.unlink()
    with library.open() as context:
        wrong = scrub_archive(context, read=True).wrong
        assert [file.s3_key.rpartition("/")[2] for file, _ in sorted(wrong, key=lambda pair: pair[0].s3_key)] == sorted(
            [first.name, second.name]
        )
        done = archive_files(context, repair=True)
        assert (done.sent, done.already_there, done.failures) == (2, MANY - 2, ())
        assert scrub_archive(context, read=True).wrong == ()


def test_what_only_the_archive_had_and_lost_is_missing_and_said(library: EitherLibrary, host: FaultyHost) -> None:
    evict_all(library)
    objects(library)[0].unlink()
    with library.open() as context:
        done = archive_files(context, repair=True)
    assert [failure["error"] for failure in done.failures] == [
        f"archive object {done.failures[0]['file']}: it is not there, and the store does not have the file either"
    ]
    assert library.statuses() == {"missing": 1, "stored": MANY - 1}
    library.run(stages=STAGES)
    assert library.statuses() == {"stored": MANY}, "its host still had it"


# Line 7: renditions without files, and originals that only the archive has.


def test_renditions_whose_files_are_gone_are_drawn_again(library: EitherLibrary) -> None:
    drawn = {path: path.read_bytes() for folder in ("optimized", "thumbnails") for path in library.files(folder)}
    assert drawn
    for path in drawn:
        path.unlink()
    with library.open() as context:
        assert render_missing(context).files == MANY
    assert {path: path.read_bytes() for path in drawn} == drawn


def test_evicted_originals_are_fetched_back_for_a_new_recipe(library: EitherLibrary, host: FaultyHost) -> None:
    asked = len(host.requests)
    evict_all(library)
    assert library.files() == []
    other = library.with_settings(media_jpeg_quality=50)
    with other.open() as context:
        done = render_missing(context)
    assert (done.files, done.unavailable) == (MANY, 0)
    assert len([path for path in library.files("optimized") if "-q50-" in path.name]) == MANY
    assert len(host.requests) == asked


# Line 8: removals are written down first.


def test_a_removal_that_was_begun_is_ended_by_the_next_run(library: EitherLibrary) -> None:
    """A kill between the row and the unlink left a file that no later run removed."""
    orphan = library.storage / "media" / "images" / "00" / ("0" * 32 + ".jpg")
    orphan.parent.mkdir(exist_ok=True)
    orphan.write_bytes(b"left")
    kept = library.files()[-1]
    with library.catalogue() as connection:
        removals.begin(connection, [path.relative_to(library.storage).as_posix() for path in (orphan, kept)])
    with library.open():
        pass
    assert not orphan.exists()
    assert kept.exists(), "a row names it by now"
    assert library.table("removals") == []


def test_orphans_are_found_and_removed_or_adopted_by_their_digests(library: EitherLibrary) -> None:
    import hashlib

    body = picture(77)
    name = hashlib.md5(body).hexdigest()
    orphan = library.storage / "media" / "images" / name[:2] / f"{name}.jpg"
    orphan.parent.mkdir(exist_ok=True)
    orphan.write_bytes(body)
    liar = orphan.with_name(f"{name[:2]}{'0' * 30}.jpg")
    liar.write_bytes(body)
    thumbnail = library.storage / "thumbnails" / "00" / f"{'0' * 64}-thumbnail-9-q9-v9.webp"
    thumbnail.parent.mkdir(exist_ok=True)
    thumbnail.write_bytes(b"x")
    places = [path.relative_to(library.storage).as_posix() for path in (orphan, liar)]
    with library.open() as context:
        found = orphans.find(context)
        assert sorted(found.originals) == sorted(places)
        assert found.drawn == (thumbnail.relative_to(library.storage).as_posix(),)
        adopted = orphans.adopt(context, found)
        assert (adopted.files, adopted.references) == (1, 0)
        assert adopted.refused == (f"{places[1]}: its bytes have another MD5 than its name",)
        assert library.table("media_files", sha256=hashlib.sha256(body).hexdigest())[0]["local_path"] == places[0]
        left = orphans.find(context)
        assert orphans.remove(context, left) == 2
    assert orphan.exists()
    assert not liar.exists()
    assert not thumbnail.exists()


def new_catalogue(library: EitherLibrary, folder: Path) -> EitherLibrary:
    """The library as it is after its catalogue was deleted, its places registered, and its exports read again."""
    (folder / "new").mkdir()
    new = library.with_settings(
        media_catalog_url=f"sqlite:///{folder / 'new' / 'catalog.sqlite'}", download_media=False
    )
    with closing(Database.open(new.settings)) as database:
        for kind in PlaceKind:
            register(new.settings, database, ContentStore(new.storage, public=False), None, kind)
    new.run(stages=CACHE)
    return new


def test_a_library_whose_catalogue_was_deleted_comes_back_without_a_request(
    library: EitherLibrary, host: FaultyHost, tmp_path: Path
) -> None:
    asked = everything_is_gone(host)
    new = new_catalogue(library, tmp_path)
    with new.open() as context:
        adopted = orphans.adopt(context, orphans.find(context))
    assert (adopted.files, adopted.references, adopted.refused) == (MANY, MANY, ())
    back = new.with_settings(download_media=True)
    report = back.run(stages=STAGES)["archive_media"]
    assert back.statuses() == {"stored": MANY}
    assert (report.numbers["sent"], report.numbers["archived"]) == (0, MANY)
    assert len(host.requests) == asked


def test_what_a_killed_run_had_written_down_stays_when_the_catalogue_goes_back_to_a_backup(
    make_either: MakeEither, host: FaultyHost
) -> None:
    """The journal of the killed process was held against a catalogue of before, and six only copies went."""
    library = make_either()
    library.land("a.json", [tweet(n, host.serve(f"/{n}.jpg", picture(n))) for n in range(MANY)])
    with pytest.raises(LookupError), library.open() as context:
        for stage in CACHE:
            stage(context, [TWITTER])
        raise LookupError("killed, as the journal of its process sees it")
    with library.catalogue() as connection:
        for table in (post_media, media_files):
            connection.execute(sa.delete(table))
    before = bytes_at_rest(library)
    with library.open() as context:
        assert len(orphans.find(context).originals) == MANY
        assert orphans.adopt(context, orphans.find(context)).files == MANY
    assert bytes_at_rest(library) == before == {picture(n) for n in range(MANY)}


def test_a_damaged_file_never_comes_into_the_archive(library: EitherLibrary) -> None:
    """It was sent under each key that the file may have, and nothing there is ever overwritten."""
    body = picture(0)
    (stored,) = (path for path in library.files() if path.read_bytes() == body)
    (archived,) = (path for path in objects(library) if path.read_bytes() == body)
    flip(stored)
    archived.unlink()
    with library.open() as context:
        (failure,) = archive_files(context, repair=True).failures
        assert "verify` puts it aside" in failure["error"]
        assert len(objects(library)) == MANY - 1
        verify_files(context)
    library.fetch()
    with library.open() as context:
        assert archive_files(context, repair=True).failures == ()
    assert archived.read_bytes() == body


def test_a_new_catalogue_gets_the_versions_of_the_archive_in_their_order_and_none_with_other_bytes(
    library: EitherLibrary, host: FaultyHost, tmp_path: Path
) -> None:
    """One key a reference was taken: the first version, or a damaged one, in place of the one that is held."""
    bodies = {"/1.jpg": picture(50, 80, 60), "/2.jpg": picture(51, 80, 60)}
    urls = {path: host.serve(path, body) for path, body in bodies.items()}
    library.ask_again()
    library.run(stages=STAGES)
    damaged = (
        library.settings.archive_path
        / library.table("media_files", sha256=library.reference(urls["/2.jpg"])["sha256"])[0]["s3_key"]
    )
    flip(damaged)
    everything_is_gone(host)
    for path in library.files():
        path.unlink()
    new = new_catalogue(library, tmp_path)
    with new.open() as context:
        orphans.adopt(context, orphans.find(context))
    held = {path: new.bytes_of(new.reference(url)["sha256"]) for path, url in urls.items()}
    assert held == {"/1.jpg": bodies["/1.jpg"], "/2.jpg": picture(2)}, "only its first version is whole"
    (version,) = new.table("media_versions")
    assert version["media_id"] == new.reference(urls["/1.jpg"])["media_id"]
    assert new.bytes_of(version["sha256"]) == picture(1)
