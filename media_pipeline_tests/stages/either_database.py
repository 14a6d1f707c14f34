"""A library whose catalogue is on either database, and looked at through the catalogue's tables.

What belongs here: the library and the servers. What does not: fixtures (``conftest.py``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from media_pipeline.catalog.database import Database
from media_pipeline.catalog.tables import metadata, post_media
from media_pipeline.model import Report
from media_pipeline.stages.downloads.cached_media import cache_media
from media_pipeline.stages.imports.media_manifest import write_manifests
from media_pipeline.stages.imports.raw_posts import read_posts
from media_pipeline_tests.library import TWITTER, Library

CACHE = (read_posts, write_manifests, cache_media)
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)

Row = Mapping[str, Any]


class EitherLibrary(Library):
    """``media_catalog_url`` among the settings says which database."""

    def with_settings(self, **settings: Any) -> EitherLibrary:
        return EitherLibrary(self.folder, **{**self.settings.model_dump(exclude_defaults=True), **settings})

    def fetch(self) -> Report:
        """Import what is new and fetch what is due."""
        return self.run(stages=CACHE)["cache_media"]

    @contextmanager
    def catalogue(self) -> Iterator[sa.Connection]:
        with closing(Database.open(self.settings)) as database, database.write() as connection:
            yield connection

    def table(self, name: str, **where: Any) -> list[Row]:
        """The rows of a table with these values."""
        columns = metadata.tables[name].c
        query = sa.select(*columns).where(*(columns[key] == value for key, value in where.items()))
        with self.catalogue() as connection:
            return [dict(row) for row in connection.execute(query).mappings()]

    def reference(self, url: str) -> Row:
        """The one reference whose best URL this is."""
        (found,) = self.table("post_media", media_url=url)
        return found

    def reference_of(self, post_id: str) -> Row:
        """The one reference of a post."""
        (found,) = self.table("post_media", post_id=post_id)
        return found

    def statuses(self) -> dict[str, int]:
        with self.catalogue() as connection:
            query = sa.select(post_media.c.status, sa.func.count().label("number")).group_by(post_media.c.status)
            return {row.status: row.number for row in connection.execute(query)}

    def make_due(self, *urls: str) -> None:
        """As if the time of the next attempt had come: for what failed, or of that only what has these URLs."""
        update = sa.update(post_media).where(post_media.c.next_attempt_at.is_not(None))
        if urls:
            update = update.where(post_media.c.media_url.in_(urls))
        with self.catalogue() as connection:
            connection.execute(update.values(next_attempt_at=LONG_AGO))

    def refuse(self, table: str, column: str, value: str) -> None:
        """Let the database refuse every new row of a table that has this value in a column."""
        with self.catalogue() as connection:
            if connection.dialect.name == "sqlite":
                # SQLite adds no constraint to a table that is there.
                refusal = f"BEFORE INSERT ON {table} WHEN NEW.{column} = '{value}' BEGIN SELECT RAISE(ABORT, 'no'); END"
                connection.execute(sa.text(f"CREATE TRIGGER refused {refusal}"))
            else:
                connection.execute(sa.text(f"ALTER TABLE {table} ADD CHECK ({column} <> '{value}')"))

    def ask_again(self) -> Report:
        """What ``media-pipeline download --again`` does for the partition."""
        from media_pipeline.catalog import media

        with self.catalogue() as connection:
            media.ask_again(connection, [TWITTER])
        return self.fetch()

    def bytes_of(self, sha256: str) -> bytes:
        """The content of a stored file."""
        (file,) = self.table("media_files", sha256=sha256)
        return (self.storage / file["local_path"]).read_bytes()


MakeEither = Callable[..., EitherLibrary]


def catalog_url(folder: Path) -> str:
    return f"sqlite:///{folder / 'data' / 'catalog.sqlite'}"


def video(*variants: tuple[str, int], number: int = 1) -> dict[str, Any]:
    """A tweet with a video under these URLs, each with its bitrate. Sizes stand in the paths, as ``/640x480/``."""
    entries = [{"url": url, "bitrate": bitrate, "content_type": "video/mp4"} for url, bitrate in variants]
    medium = {"type": "video", "video_info": {"variants": entries}}
    return {
        "id_str": str(number),
        "created_at": "Sat Nov 01 12:00:00 +0000 2025",
        "user": {"id_str": "1", "screen_name": "ann", "name": "Ann"},
        "full_text": f"post {number}",
        "extended_entities": {"media": [medium]},
    }


def photo(url: str, width: int | None, height: int | None, number: int = 1) -> dict[str, Any]:
    """A tweet with a picture that is declared to be so large."""
    medium = {"type": "photo", "media_url_https": url, "original_info": {"width": width, "height": height}}
    post = video(number=number)
    return {**post, "extended_entities": {"media": [medium]}}


def signed(path: str, dies_at: datetime) -> str:
    """A path whose signature (Amazon's) is valid for an hour, until then."""
    signed_at = datetime.fromtimestamp(dies_at.timestamp() - 3600, UTC)
    return f"{path}?X-Amz-Date={signed_at:%Y%m%dT%H%M%SZ}&X-Amz-Expires=3600"
