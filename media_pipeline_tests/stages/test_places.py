"""A store, archive or import path that is not the library's own stops everything that would write."""

from __future__ import annotations

import json
import shutil
from contextlib import closing
from pathlib import Path

import pytest

from media_pipeline.catalog.database import Database
from media_pipeline.model import PlaceKind
from media_pipeline.stages.integrity.places import Registration, WrongPlace, register
from media_pipeline.stages.integrity.stored_files import StoreIncomplete
from media_pipeline.storage.archive import ArchiveError
from media_pipeline.storage.marker import NAME
from media_pipeline.storage.patience import Patience
from media_pipeline.storage.s3 import S3Archive
from media_pipeline.storage.store import ContentStore
from media_pipeline_tests import faulty_host
from media_pipeline_tests.faulty_host import FaultyHost
from media_pipeline_tests.library import STAGES, picture, tweet
from media_pipeline_tests.mounts import unmount
from media_pipeline_tests.stages.either_database import CACHE, EitherLibrary, MakeEither
from media_pipeline_tests.storage.archives import client_of

MANY = 14
"""Files: more than may be missing one by one."""


@pytest.fixture
def library(make_either: MakeEither, tmp_path: Path, url_of_catalogue: str, host: FaultyHost) -> EitherLibrary:
    """With files that are archived elsewhere, and its catalogue outside the storage path."""
    if url_of_catalogue.startswith("sqlite"):
        (tmp_path / "catalogue").mkdir()
        url_of_catalogue = f"sqlite:///{tmp_path / 'catalogue' / 'catalog.sqlite'}"
    library = make_either(media_archive_path=tmp_path / "archive").with_settings(media_catalog_url=url_of_catalogue)
    library.land("a.json", [tweet(n, host.serve(f"/{n}.jpg", picture(n))) for n in range(MANY)])
    library.run(stages=STAGES)
    return library


def registered(library: EitherLibrary, kind: PlaceKind) -> Registration:
    with closing(Database.open(library.settings)) as database:
        store = ContentStore(library.settings.storage_path, public=False)
        return register(library.settings, database, store, None, kind)


def everything_is_gone(host: FaultyHost) -> None:
    for n in range(MANY):
        host.serve(f"/{n}.jpg", b"", fault=faulty_host.status(404))


def test_each_place_carries_the_librarys_id_and_its_own(library: EitherLibrary) -> None:
    ((library_id,),) = [(row["library_id"],) for row in library.table("library")]
    folders = {
        "store": library.storage,
        "archive": library.settings.archive_path,
        "imports": library.settings.import_path,
    }
    for kind, folder in folders.items():
        said = json.loads((folder / NAME).read_text())
        (place,) = library.table("places", kind=kind)
        assert said == {"library": library_id, "place": place["place_id"], "kind": kind}
        assert (place["address"], place["is_current"]) == (str(folder), True)
        assert (folder / NAME).stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("kind", list(PlaceKind))
def test_a_missing_mount_is_not_a_loss(library: EitherLibrary, host: FaultyHost, kind: PlaceKind) -> None:
    """Store replaced by an empty folder, hosts answering 404: everything became gone for ever, with exit code 0."""
    folder = {
        PlaceKind.STORE: library.storage,
        PlaceKind.ARCHIVE: library.settings.archive_path,
        PlaceKind.IMPORTS: library.settings.import_path,
    }[kind]
    everything_is_gone(host)
    before, asked = library.table("post_media"), len(host.requests)
    mount = unmount(folder)
    for _ in range(2):
        with pytest.raises(WrongPlace, match=rf"{folder} .* `media-pipeline places --register {kind}`") as refused:
            library.run(stages=STAGES)
        assert "\n" not in str(refused.value)
    assert list(folder.iterdir()) == []
    assert (library.table("post_media"), len(host.requests)) == (before, asked)
    mount()
    library.run(stages=STAGES)
    assert library.statuses() == {"stored": MANY}
    assert len(host.requests) == asked


def test_a_new_catalogue_never_begins_another_library_in_places_of_one(
    library: EitherLibrary, make_either: MakeEither, tmp_path: Path
) -> None:
    """The disk with the catalogue is not mounted: everything else is there, and would be fetched again."""
    for name in ("other", "other/sub"):
        (tmp_path / name).mkdir()
    for storage in (library.storage, tmp_path / "other" / "sub"):
        other = EitherLibrary(
            tmp_path / "library",
            media_catalog_url=f"sqlite:///{tmp_path / 'other' / 'catalog.sqlite'}",
            media_storage_path=storage,
            media_archive_path=tmp_path / "archive",
        )
        with pytest.raises(
            WrongPlace, match=r"the catalogue is new.*restore that library's catalogue from its backups"
        ):
            other.run(stages=STAGES)


def test_a_deleted_catalogue_is_told_also_where_the_store_was_never_marked(
    library: EitherLibrary, tmp_path: Path
) -> None:
    for folder in (library.storage, library.settings.import_path, library.settings.archive_path):
        (folder / NAME).unlink()
    (tmp_path / "new").mkdir()
    other = library.with_settings(media_catalog_url=f"sqlite:///{tmp_path / 'new' / 'catalog.sqlite'}")
    with pytest.raises(WrongPlace, match=r"full of another one's files.*verify --orphans --adopt"):
        other.run(stages=STAGES)


def test_places_of_another_library_are_refused(library: EitherLibrary, host: FaultyHost, tmp_path: Path) -> None:
    (tmp_path / "second").mkdir()
    second = EitherLibrary(tmp_path / "second", media_allowed_hosts=(host.address,))
    second.land("a.json", [tweet(1, host.serve("/second.jpg", picture(99)))])
    second.run(stages=STAGES)
    mixed = second.with_settings(media_archive_path=library.settings.archive_path)
    with pytest.raises(WrongPlace, match=r"is the archive of library \w{8}, not the archive of library \w{8}"):
        mixed.run(stages=STAGES)
    swapped = second.with_settings(media_archive_path=second.settings.import_path)
    with pytest.raises(WrongPlace, match=r"is the imports of library .*, not the archive of"):
        swapped.run(stages=STAGES)


def test_a_place_that_moved_with_its_marker_is_known_again(library: EitherLibrary, tmp_path: Path) -> None:
    library.settings.archive_path.rename(tmp_path / "moved")
    moved = library.with_settings(media_archive_path=tmp_path / "moved")
    report = moved.run(stages=STAGES)["archive_media"]
    assert (report.numbers["sent"], report.numbers["archived"]) == (0, MANY)
    (place,) = moved.table("places", kind="archive")
    assert place["address"] == str(tmp_path / "moved")


def test_a_place_that_lost_its_marker_is_registered_as_what_it_is(library: EitherLibrary) -> None:
    for kind in PlaceKind:
        (before,) = library.table("places", kind=kind)
        (Path(before["address"]) / NAME).unlink()
        with pytest.raises(WrongPlace):
            library.run(stages=STAGES)
        done = registered(library, kind)
        assert (done.place_id, done.is_new) == (before["place_id"], False)
    report = library.run(stages=STAGES)["archive_media"]
    assert (report.numbers["sent"], report.numbers["archived"]) == (0, MANY)


def test_nothing_counts_as_archived_in_a_new_archive_until_it_is_there(library: EitherLibrary, tmp_path: Path) -> None:
    (first,) = library.table("places", kind="archive")
    shutil.rmtree(library.settings.archive_path)
    with pytest.raises(WrongPlace):
        library.run(stages=STAGES)
    assert registered(library, PlaceKind.ARCHIVE).is_new
    assert {row["archived_at"] for row in library.table("media_files")} == {None}
    assert library.statuses() == {"stored": MANY}
    assert library.run(stages=STAGES)["archive_media"].numbers["sent"] == MANY
    places = {row["place_id"]: row["is_current"] for row in library.table("places", kind="archive")}
    assert sorted(places.values()) == [False, True]
    assert places[first["place_id"]] is False


def test_the_store_is_lost_on_purpose_and_the_archive_brings_it_back(library: EitherLibrary, host: FaultyHost) -> None:
    everything_is_gone(host)
    asked = len(host.requests)
    shutil.rmtree(library.storage)
    library.storage.mkdir()
    done = registered(library, PlaceKind.STORE)
    assert (done.is_new, done.sample.found) == (True, 0)
    library.run(stages=CACHE)
    assert library.statuses() == {"stored": MANY}
    assert {row["local_path"] for row in library.table("media_files")} == {None}, "they are read when they are needed"
    library.run(stages=STAGES)
    assert len(library.files("thumbnails")) == MANY, "which is here, since what was drawn of them is lost too"
    assert len(host.requests) == asked


def test_a_run_that_misses_many_of_its_files_stops_before_it_changes_a_row(
    library: EitherLibrary, host: FaultyHost
) -> None:
    """A disk that is only partly there: the marker is, the files are not."""
    everything_is_gone(host)
    before, asked = library.table("post_media"), len(host.requests)
    for path in library.files():
        path.unlink()
    with pytest.raises(StoreIncomplete, match=rf"{MANY} of {MANY} stored files are not in .*MISSING_SHARE_LIMIT"):
        library.run(stages=STAGES)
    assert (library.table("post_media"), len(host.requests)) == (before, asked)
    lost = library.with_settings(media_missing_share_limit=1.0)
    lost.run(stages=STAGES)
    assert lost.statuses() == {"stored": MANY}, "the archive had them"
    assert len(host.requests) == asked


def test_an_archive_out_of_reach_stops_only_what_needs_it_and_nothing_else_waits_for_it(
    make_either: MakeEither, host: FaultyHost, tmp_path: Path
) -> None:
    url = "http://127.0.0.1:1"
    library = make_either(aws_s3_bucket="bucket", aws_s3_endpoint_url=url, media_archive_path=tmp_path / "archive")
    library.land("a.json", [tweet(1, host.serve("/1.jpg", picture(1)))])
    bucket = S3Archive(client_of(url), "bucket", url, patience=Patience(0, sleep=lambda _: pytest.fail("it waited")))
    library.run(stages=STAGES[:3], bucket=bucket)
    assert library.statuses() == {"stored": 1}
    with pytest.raises(ArchiveError, match=r"127\.0\.0\.1"):
        library.run(stages=STAGES, bucket=bucket)


def test_registering_refuses_a_place_that_is_the_librarys_own_of_another_kind(library: EitherLibrary) -> None:
    """The archive's marker took the place of the store's, and nothing could be written any more."""
    wrong = library.with_settings(media_archive_path=library.storage)
    with pytest.raises(WrongPlace, match="is the library's store: its archive has to be another place"):
        registered(wrong, PlaceKind.ARCHIVE)
    library.run(stages=STAGES)
