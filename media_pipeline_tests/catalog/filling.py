"""Puts into a catalogue what a test is about, by the catalogue's own functions."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from media_pipeline.catalog import archived, file_facts, files, imports, manifests, media, missing, posts
from media_pipeline.catalog.database import Database
from media_pipeline.catalog.manifests import Manifest
from media_pipeline.catalog.media import FailedMedia, StoredMedia
from media_pipeline.catalog.posts import SeenPost, Upserted
from media_pipeline.catalog.tables import metadata
from media_pipeline.model import (
    ArchivedObject,
    Candidate,
    FetchedFile,
    FileFacts,
    ImportPartition,
    KnownBy,
    Locator,
    MediaRef,
    MediaType,
    Observation,
    Post,
    Proof,
    RenderedFile,
    RenditionKind,
    Role,
    Status,
    media_id_of,
)
from media_pipeline.policy.media_keys import native
from media_pipeline.policy.reasons import reason_of
from media_pipeline.policy.sightings import why_stub
from media_pipeline.settings import Settings

FIRST = ImportPartition(date(2026, 11, 1), "twitter")
SECOND = ImportPartition(date(2026, 11, 2), "twitter")
LINKEDIN = ImportPartition(date(2026, 11, 1), "linkedin")
NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def add_import(database: Database, partition: ImportPartition = FIRST, name: str = "a.json") -> str:
    """An import that was read, as large as its name."""
    path = f"{partition.platform}/{partition.import_date}/{name}"
    import_id = digest(path)
    with database.write() as connection:
        if imports.find(connection, import_id) is None:
            imports.begin(connection, import_id, path, partition, len(name), 1)
            imports.finish(connection, import_id, 1, 0)
    return import_id


def a_post(native_id: str, platform: str = "twitter", **facts: Any) -> Post:
    facts = {"raw": {"id": native_id}, "locator": Locator(line=1), "author_handle": "ann", **facts}
    return Post(platform=platform, native_id=native_id, **facts)


def seen(post: Post, at: datetime = NOW, media: int = 0) -> SeenPost:
    """The post as an import shows it that saw it at this time."""
    return SeenPost(post, Observation(at, KnownBy.NEWEST), media, None, None, why_stub(post, media))


def upsert(
    database: Database, *batch: Post, partition: ImportPartition = FIRST, name: str = "a.json", at: datetime = NOW
) -> Upserted:
    import_id = add_import(database, partition, name)
    with database.write() as connection:
        found_in = imports.find(connection, import_id)
        assert found_in is not None
        return posts.upsert(connection, [seen(post, at) for post in batch], found_in)[0]


def a_ref(position: int = 0, url: str | None = None, expires_at: datetime | None = None, **facts: Any) -> MediaRef:
    role = facts.get("role", Role.MEDIA)
    candidates = (Candidate(url, 640, 480, role=role, rule="largest", expires_at=expires_at),) if url else ()
    return MediaRef(position, MediaType.IMAGE, candidates, native(str(position)), **facts)


def a_media_id(native_id: str, position: int = 0, platform: str = "twitter") -> str:
    """Of what :func:`a_ref` makes."""
    return media_id_of(platform, native_id, native(str(position)))


def save_manifest(
    database: Database,
    native_id: str,
    *refs: MediaRef,
    partition: ImportPartition = FIRST,
    roles: Sequence[Role] = (Role.MEDIA,),
    name: str = "a.json",
) -> int:
    import_id = add_import(database, partition, name)
    post = a_post(native_id, partition.platform)
    with database.write() as connection:
        changed = manifests.save(
            connection, [Manifest(post.post_id, partition.platform, native_id, import_id, refs)], roles
        )
        posts.mark_manifest(connection, [post.post_id], 1)
    return changed


def add_post(
    database: Database,
    native_id: str,
    *urls: str,
    partition: ImportPartition = FIRST,
    name: str = "a.json",
    expires_at: datetime | None = None,
    **facts: Any,
) -> list[str]:
    """A post with a picture under each URL; returns the ids of its references."""
    upsert(database, a_post(native_id, partition.platform, **facts), partition=partition, name=name)
    refs = [a_ref(position, url, expires_at=expires_at) for position, url in enumerate(urls)]
    save_manifest(database, native_id, *refs, partition=partition, name=name)
    return [a_media_id(native_id, position, partition.platform) for position in range(len(urls))]


def a_file(content: str) -> FetchedFile:
    return FetchedFile(
        path=Path("temporary"),
        url="https://host/a.jpg",
        sha256=digest(content),
        md5_sum=hashlib.md5(content.encode()).hexdigest(),
        file_size=len(content),
        mime_type="image/jpeg",
        extension="jpg",
        media_type=MediaType.IMAGE,
        etag='"1"',
        last_modified=None,
        attempts=(),
    )


def path_of(file: FetchedFile) -> str:
    return f"media/images/{file.md5_sum[:2]}/{file.md5_sum}.jpg"


def store(database: Database, content: str, *media_ids: str, fetched_at: datetime = NOW) -> str:
    """These references hold a file of this content now; returns its SHA-256."""
    file = a_file(content)
    with database.write() as connection:
        files.save(connection, [(file, path_of(file))])
        media.mark_stored(
            connection, [StoredMedia(media_id, file.sha256, '"1"', None, fetched_at) for media_id in media_ids]
        )
    return file.sha256


def store_each(database: Database, contents: Mapping[str, str]) -> list[str]:
    """``{media_id: content}``, in one transaction; returns the SHA-256s in order."""
    stored = {media_id: a_file(content) for media_id, content in contents.items()}
    with database.write() as connection:
        for file in stored.values():
            files.save(connection, [(file, path_of(file))])
        media.mark_stored(
            connection, [StoredMedia(media_id, file.sha256, None, None, NOW) for media_id, file in stored.items()]
        )
    return sorted(file.sha256 for file in stored.values())


def fail(
    database: Database, media_id: str, attempts: int = 1, status: Status = Status.FAILED, **facts: Any
) -> Mapping[str, Any]:
    """Fetching this reference failed for the nth time; returns its row."""
    with database.write() as connection:
        facts = {"reason": reason_of("http_500", status), **facts}
        media.mark_failed(connection, [FailedMedia(media_id, status, "no answer", attempts, **facts)], Settings())
    return row(database, "post_media", media_id=media_id)


def give_facts(database: Database, *sha256s: str, **facts: Any) -> None:
    with database.write() as connection:
        file_facts.save_facts(
            connection, {sha256: FileFacts(**{"width": 4, "height": 3, **facts}) for sha256 in sha256s}
        )


def archive(database: Database, *sha256s: str) -> None:
    with database.write() as connection:
        archived.mark_archived(
            connection,
            {
                sha256: ArchivedObject(
                    f"media/{sha256}", f"s3://bucket/media/{sha256}", '"e"', "s3", 1, True, Proof.SHA256
                )
                for sha256 in sha256s
            },
            "the archive",
        )


def lose(database: Database, sha256: str) -> None:
    """The file is found missing."""
    with database.write() as connection:
        missing.mark_lost(connection, sha256, "the stored file was missing or corrupt")


def a_rendition(
    kind: RenditionKind = RenditionKind.THUMBNAIL, recipe: str = "thumbnail-300-q85-v1", size: int = 10
) -> RenderedFile:
    return RenderedFile(kind, recipe, Path("temporary"), "image/webp", 300, 300, size, digest(recipe))


def row(database: Database, table: str, **where: Any) -> Mapping[str, Any]:
    """The one row with these values."""
    (found,) = rows(database, table, **where)
    return found


def rows(database: Database, table: str, **where: Any) -> list[Mapping[str, Any]]:
    columns = metadata.tables[table].c
    query = sa.select(*columns).where(*(columns[name] == value for name, value in where.items()))
    with database.read() as connection:
        return [dict(found) for found in connection.execute(query).mappings()]


def snapshot(database: Database) -> dict[str, list[str]]:
    """Every row of every table."""
    return {table: sorted(map(repr, rows(database, table))) for table in metadata.tables}


def update(database: Database, table: str, where: Mapping[str, Any], **values: Any) -> None:
    """What no function of the catalogue would write."""
    columns = metadata.tables[table].c
    matches: Iterable[Any] = (columns[name] == value for name, value in where.items())
    with database.write() as connection:
        connection.execute(sa.update(metadata.tables[table]).where(*matches).values(values))
