"""Every library that an earlier version made keeps each id, version, byte and archive object when this one opens it."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from media_pipeline.catalog import schema
from media_pipeline.catalog.database import Database
from media_pipeline.stages.archive.s3_archive import archive_files
from media_pipeline.stages.archive.scrub import scrub_archive
from media_pipeline.stages.imports.media_manifest import write_manifests
from media_pipeline.stages.imports.raw_posts import read_posts
from media_pipeline_tests.databases import PostgresServer, client_programs
from media_pipeline_tests.library import STAGES, TWITTER
from media_pipeline_tests.stages.either_database import EitherLibrary
from media_pipeline_tests.upgrade.loading import Rows, load, packed


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "sqlite":
        (tmp_path / "library" / "data").mkdir(parents=True)
        yield f"sqlite:///{tmp_path / 'library' / 'data' / 'catalog.sqlite'}"
    else:
        server: PostgresServer = request.getfixturevalue("postgres")
        with server.empty() as empty:
            yield empty


class Upgraded:
    """A library of an earlier version, opened by this one."""

    def __init__(self, version: str, folder: Path, url: str) -> None:
        self.bytes_before: dict[str, Path] = {}
        self.before: Rows = load(version, folder, url)
        for path in sorted(folder.glob("data/media/**/*.*")) + sorted(folder.glob("data/archive/**/*.*")):
            self.bytes_before.setdefault(hashlib.sha256(path.read_bytes()).hexdigest(), path)
        self.library = EitherLibrary(folder, media_catalog_url=url, media_allowed_hosts=("127.0.0.1:9",))
        self.migrate()

    def migrate(self) -> None:
        with closing(Database(self.library.settings.catalog_url)) as database:
            database.migrate(self.library.folder / "backups")

    def rows(self, table: str, key: str) -> dict[str, Any]:
        return {row[key]: row for row in self.library.table(table)}


BEFORE_MISSING = "0006"
"""The version that knows the status missing and keys that belong to one content."""
WITH_KEYS = "0009"
"""The version that knows a medium by its key."""
BEFORE_STATES = "0008"
"""The version that knows states of the analysis."""


@pytest.fixture(params=list(packed()))
def upgraded(request: pytest.FixtureRequest, tmp_path: Path, url: str, monkeypatch: pytest.MonkeyPatch) -> Upgraded:
    monkeypatch.setenv("PATH", f"{client_programs()}:{os.environ['PATH']}")
    return Upgraded(request.param, tmp_path / "library", url)


def test_a_library_is_backed_up_before_it_is_migrated(upgraded: Upgraded, url: str) -> None:
    folder = upgraded.library.folder / ("data/backups" if url.startswith("sqlite") else "backups")
    (backup,) = folder.glob(f"catalog-*-before-{schema.HEAD}.*")
    assert backup.stat().st_size > 1000
    assert backup.stat().st_mode & 0o077 == 0


def test_every_id_version_and_file_of_an_earlier_version_is_still_there(upgraded: Upgraded) -> None:
    references = upgraded.rows("post_media", "media_id")
    for row in upgraded.before["post_media"]:
        now = references[row["media_id"]]
        for name in ("post_id", "position", "media_url", "sha256", "version", "import_id", "role"):
            assert now[name] == row[name], name
    assert references.keys() == {row["media_id"] for row in upgraded.before["post_media"]}
    files = upgraded.rows("media_files", "sha256")
    for row in upgraded.before["media_files"]:
        for name in ("md5_sum", "local_path", "s3_key", "file_size", "pdq"):
            assert files[row["sha256"]][name] == row[name], name
    for table in ("posts", "imports", "media_versions", "fetch_attempts", "renditions"):
        assert len(upgraded.library.table(table)) == len(upgraded.before[table]), table


def test_each_post_of_an_earlier_version_has_been_seen_by_the_import_that_its_row_names(upgraded: Upgraded) -> None:
    posts = {row["post_id"]: row for row in upgraded.before["posts"]}
    read_at = {row["import_id"]: row["seen_at"] for row in upgraded.library.table("imports")}
    sightings = upgraded.library.table("post_sightings")
    assert {row["post_id"] for row in sightings} == posts.keys()
    for row in sightings:
        post = posts[row["post_id"]]
        assert (row["import_id"], row["raw_sha256"], row["locator"]) == (
            post["import_id"],
            post["raw_sha256"],
            post["locator"],
        )
        assert row["observed_at"] <= read_at[row["import_id"]]
        assert (row["observed_by"] in ("newest", "import"), row["stub"]) == (True, None)
    upgraded.library.run(TWITTER, stages=STAGES)
    again = upgraded.library.table("post_sightings")
    assert {(row["post_id"], row["import_id"]) for row in again} >= {
        (row["post_id"], row["import_id"]) for row in sightings
    }


@pytest.mark.parametrize("upgraded", [v for v in packed() if v < BEFORE_STATES], indirect=True)
def test_each_state_of_an_analysis_is_one_of_four_and_its_log_is_kept_as_json(upgraded: Upgraded) -> None:
    references = upgraded.rows("post_media", "media_id")
    for row in upgraded.before["post_media"]:
        now = references[row["media_id"]]
        known = row["ai_analysis_status"] in ("started", "completed")
        assert now["ai_analysis_status"] == (row["ai_analysis_status"] if known else "not_started")
        assert now["ai_analysis_log"] == row["ai_analysis_log"]
    with pytest.raises(IntegrityError), upgraded.library.catalogue() as connection:
        connection.execute(sa.text("UPDATE post_media SET ai_analysis_status = 'perhaps'"))


@pytest.mark.parametrize("upgraded", [v for v in packed() if v < BEFORE_MISSING], indirect=True)
def test_what_ended_gone_or_expired_although_it_was_stored_is_missing_and_looked_for(upgraded: Upgraded) -> None:
    references = upgraded.rows("post_media", "media_id")
    ended = [row for row in upgraded.before["post_media"] if row["status"] in ("gone", "expired")]
    was_stored = {row["media_id"]: row["sha256"] is not None for row in ended}
    assert set(was_stored.values()) == {True, False}
    for row in ended:
        expected = "missing" if row["sha256"] else row["status"]
        assert references[row["media_id"]]["status"] == expected
        assert references[row["media_id"]]["sha256"] == row["sha256"]


@pytest.mark.parametrize("upgraded", [v for v in packed() if v < BEFORE_MISSING], indirect=True)
def test_a_key_that_two_contents_share_proves_neither_and_each_gets_its_own(upgraded: Upgraded) -> None:
    shared = [row for row in upgraded.before["media_files"] if row["s3_key"]]
    keys = [row["s3_key"] for row in shared]
    twice = {row["sha256"] for row in shared if keys.count(row["s3_key"]) > 1}
    files = upgraded.rows("media_files", "sha256")
    assert {sha256 for sha256 in twice if files[sha256]["archived_at"]} == set()
    with upgraded.library.open() as context:
        done = archive_files(context)
        assert done.failures == ()
        assert scrub_archive(context, read=True).wrong == ()
    files = upgraded.rows("media_files", "sha256")
    assert len({files[sha256]["s3_key"] for sha256 in twice}) == len(twice) == 2
    for sha256 in twice:
        body = (upgraded.library.settings.archive_path / files[sha256]["s3_key"]).read_bytes()
        assert hashlib.sha256(body).hexdigest() == sha256


def test_every_byte_of_an_earlier_version_is_still_in_store_or_archive_after_a_run(upgraded: Upgraded) -> None:
    upgraded.library.run(TWITTER, stages=STAGES)
    now = {
        hashlib.sha256(path.read_bytes()).hexdigest()
        for folder in ("media", "archive")
        for path in (upgraded.library.storage / folder).rglob("*.*")
        if path.is_file()
    }
    assert upgraded.bytes_before.keys() <= now
    stored = {row["media_id"]: row["sha256"] for row in upgraded.before["post_media"] if row["status"] == "stored"}
    references = upgraded.rows("post_media", "media_id")
    assert {media_id: references[media_id]["sha256"] for media_id in stored} == stored
    assert {references[media_id]["status"] for media_id in stored} == {"stored"}


SHOWN_NOW = "https://media.test/another.jpg"


@dataclass
class Edited:
    """A library of a version that knew media by their places, before it is migrated: its posts may be edited in it."""

    before: list[dict[str, Any]]
    """The references."""
    library: EitherLibrary
    url: str

    @contextmanager
    def rows_before(self) -> Iterator[sa.Connection]:
        with closing(Database(self.url)) as database, database.write() as connection:
            yield connection

    def migrate(self) -> None:
        with closing(Database(self.url)) as database:
            database.migrate(self.library.folder / "backups")


@pytest.fixture(params=[v for v in packed() if v < WITH_KEYS])
def edited(request: pytest.FixtureRequest, tmp_path: Path, url: str, monkeypatch: pytest.MonkeyPatch) -> Edited:
    monkeypatch.setenv("PATH", f"{client_programs()}:{os.environ['PATH']}")
    folder = tmp_path / "library"
    before = load(request.param, folder, url)["post_media"]
    library = EitherLibrary(folder, media_catalog_url=url, media_allowed_hosts=("127.0.0.1:9",))
    return Edited(before, library, url)


def test_a_reference_whose_post_showed_another_medium_since_stays_with_its_bytes_and_the_other_is_new(
    edited: Edited,
) -> None:
    before, library = edited.before, edited.library
    held = next(row for row in before if row["status"] == "stored" and row["fetched_url"])
    other = json.dumps([{"url": SHOWN_NOW, "role": "media", "rule": "as exported"}])
    with edited.rows_before() as connection:
        connection.execute(
            sa.text(
                "UPDATE post_media SET media_url = :url, candidates = :other, url_digest = :d WHERE media_id = :id"
            ),
            {"url": SHOWN_NOW, "other": other, "d": "0" * 64, "id": held["media_id"]},
        )
    edited.migrate()
    (now,) = library.table("post_media", media_id=held["media_id"])
    assert now["removed_at"] is not None
    assert (now["status"], now["sha256"], now["media_url"]) == ("stored", held["sha256"], held["fetched_url"])
    assert now["url_digest"] == hashlib.sha256(held["fetched_url"].encode()).hexdigest()
    (new,) = library.table("post_media", media_url=SHOWN_NOW)
    assert (new["status"], new["sha256"], new["removed_at"]) == ("pending", None, None)
    assert (new["post_id"], new["position"], new["role"]) == (held["post_id"], held["position"], held["role"])
    assert len(library.table("post_media")) == len(before) + 1


def test_media_that_changed_places_in_their_post_get_their_own_references_back(
    edited: Edited,
) -> None:
    before, library = edited.before, edited.library
    one, other = [row for row in before if row["status"] == "stored" and row["fetched_url"]][:2]
    said = "post_id = :post, position = :position, media_url = :url, candidates = :candidates, url_digest = :digest"
    with edited.rows_before() as connection:
        for row, shows, position in ((one, other, 8), (other, one, 9)):
            connection.execute(
                sa.text(f"UPDATE post_media SET {said} WHERE media_id = :id"),
                {
                    "post": one["post_id"],
                    "position": position,
                    "url": shows["fetched_url"],
                    "candidates": json.dumps([{"url": shows["fetched_url"], "role": "media", "rule": "as exported"}]),
                    "digest": "0" * 64,
                    "id": row["media_id"],
                },
            )
    edited.migrate()
    assert len(library.table("post_media")) == len(before)
    for row, position in ((one, 9), (other, 8)):
        (now,) = library.table("post_media", media_id=row["media_id"])
        assert (now["media_url"], now["sha256"]) == (row["fetched_url"], row["sha256"])
        assert (now["position"], now["removed_at"], now["status"]) == (position, None, "stored")


@pytest.mark.parametrize("upgraded", [v for v in packed() if v < WITH_KEYS], indirect=True)
def test_each_reference_has_a_key_of_its_own_and_is_known_by_it_when_its_export_is_read_again(
    upgraded: Upgraded,
) -> None:
    references = upgraded.rows("post_media", "media_id")
    keys = {(row["post_id"], row["media_key"]) for row in references.values()}
    assert len(keys) == len(references)
    assert all(row["media_key"].startswith(("url:", "place:")) for row in references.values())
    with upgraded.library.catalogue() as connection:
        connection.execute(sa.text("UPDATE imports SET reader_version = 0"))
        connection.execute(sa.text("UPDATE posts SET manifest_version = 0"))
    upgraded.library.run(TWITTER, stages=(read_posts, write_manifests))
    again = upgraded.rows("post_media", "media_id")
    assert again.keys() == references.keys()
    assert {row["media_key"] for row in again.values()} == {row["media_key"] for row in references.values()}
    assert [row["media_id"] for row in again.values() if row["removed_at"]] == []
