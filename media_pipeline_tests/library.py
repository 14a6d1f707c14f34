"""A library of its own for a test: settings, export files, a host, and the stages run on them."""

from __future__ import annotations

import io
import json
import logging
import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import date
from pathlib import Path
from typing import Any

from PIL import Image

from media_pipeline.catalog import schema
from media_pipeline.catalog.database import Database
from media_pipeline.catalog.tables import metadata
from media_pipeline.model import ImportPartition, Report
from media_pipeline.settings import Settings
from media_pipeline.stages.archive.s3_archive import archive_media
from media_pipeline.stages.context import StageContext, opened
from media_pipeline.stages.downloads.cached_media import cache_media
from media_pipeline.stages.duplicates.dedup_report import report_duplicates
from media_pipeline.stages.imports.media_manifest import write_manifests
from media_pipeline.stages.imports.raw_posts import read_posts
from media_pipeline.stages.progress import Progress
from media_pipeline.stages.renditions.drawing import make_renditions
from media_pipeline.storage.archive import Archive
from media_pipeline_tests.patience import PATIENCE_SECONDS

STAGES = (read_posts, write_manifests, cache_media, report_duplicates, make_renditions, archive_media)
DAY = date(2025, 11, 1)
TWITTER = ImportPartition(DAY, "twitter")
TABLES = (
    "imports",
    "import_files",
    "import_faults",
    "posts",
    "post_media",
    "media_files",
    "renditions",
    "fetch_attempts",
)


def tweet(number: int | str, *urls: str, author: str = "ann", text: str | None = None) -> dict[str, Any]:
    """A v1.1 status with pictures. Its URLs are fetched as they stand here, since they aren't Twitter's."""
    return {
        "id_str": str(number),
        "created_at": f"Sat Nov 01 12:{int(number) % 60:02}:00 +0000 2025",
        "user": {"id_str": f"id-{author}", "screen_name": author, "name": author.title()},
        "full_text": text if text is not None else f"post {number}",
        "extended_entities": {"media": [{"type": "photo", "media_url_https": url} for url in urls]},
    }


def picture(seed: int = 0, width: int = 64, height: int = 48, kind: str = "JPEG") -> bytes:
    """A small picture; another seed, other bytes."""
    image = Image.new("RGB", (width, height), (seed * 37 % 256, seed * 101 % 256, seed * 59 % 256))
    image.putpixel((seed % width, seed // width % height), (255, 255, 255))
    out = io.BytesIO()
    image.save(out, kind, quality=90)
    return out.getvalue()


def _columns(table: str) -> str:
    names = (column.name for column in metadata.tables[table].columns)
    return ", ".join(name for name in names if name not in ("archive_proof", "archive_proved_at", "verified_at"))


class Library:
    """Everything under one folder. ``settings`` are keyword arguments, as in the environment but in small letters."""

    def __init__(self, folder: Path, **settings: Any) -> None:
        self.folder = folder
        chosen = {
            "media_storage_path": folder / "data",
            "media_import_path": folder / "imports",
            "media_image_workers": 1,
            "media_timeout_seconds": PATIENCE_SECONDS,
            **settings,
        }
        self.settings = Settings(_env_file=None, **chosen)

    @property
    def storage(self) -> Path:
        return self.settings.storage_path

    def with_settings(self, **settings: Any) -> Library:
        """The same library with other settings."""
        return Library(self.folder, **{**self.settings.model_dump(exclude_defaults=True), **settings})

    def land(
        self, name: str, posts: Sequence[Any] | str | bytes, partition: ImportPartition = TWITTER, age: float = 60
    ) -> Path:
        """Write an export file into the import layout: posts as an array or, by name, as lines; or text as it is."""
        path = self.settings.import_path / partition.platform / partition.import_date.isoformat() / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(posts, bytes):
            path.write_bytes(posts)
        elif isinstance(posts, str):
            path.write_text(posts)
        elif name.endswith("jsonl"):
            path.write_text("".join(json.dumps(post) + "\n" for post in posts))
        else:
            path.write_text(json.dumps(list(posts)))
        stat = path.stat()
        os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns - int(age * 1e9)))
        return path

    @contextmanager
    def open(self, bucket: Archive | None = None, progress: Progress | None = None) -> Iterator[StageContext]:
        with opened(self.settings, logging.getLogger("test"), progress, bucket) as context:
            yield context

    def run(
        self, *partitions: ImportPartition, stages: Sequence[Any] = STAGES, bucket: Archive | None = None
    ) -> dict[str, Report]:
        """Run stages one after the other; returns the first partition's report of each by the stage's name."""
        chosen = partitions or (TWITTER,)
        with self.open(bucket) as context:
            return {stage.__name__: stage(context, chosen)[chosen[0]] for stage in stages}

    def rows(self, query: str, *parameters: Any) -> list[tuple[Any, ...]]:
        """Rows of the catalogue, by a statement with ``?`` for each parameter."""
        if self.settings.media_catalog_url.startswith("postgresql"):
            with closing(Database(self.settings.media_catalog_url)) as database, database.write() as connection:
                found = connection.exec_driver_sql(query.replace("?", "%s"), parameters)
                return [tuple(row) for row in found]
        with sqlite3.connect(self.storage / "catalog.sqlite") as connection:
            return connection.execute(query, parameters).fetchall()

    def has_catalogue(self) -> bool:
        """Whether anything can be asked of it yet: the first run makes the tables of SQLite."""
        with closing(Database(self.settings.catalog_url)) as database:
            return schema.version_of(database.engine) is not None

    def execute(self, statement: str) -> None:
        """Change the catalogue behind the program's back."""
        with closing(sqlite3.connect(self.storage / "catalog.sqlite")) as connection, connection:
            connection.execute(statement)

    def statuses(self) -> dict[str, int]:
        return dict(self.rows("SELECT status, count(*) FROM post_media GROUP BY status"))

    def make_due(self) -> None:
        """As if the time had come for every further attempt."""
        self.rows("UPDATE post_media SET next_attempt_at = '2020-01-01 00:00:00.000000' RETURNING 1")

    def snapshot(self) -> dict[str, list[tuple[Any, ...]]]:
        """Every row of every table, but for when and how bytes were proven: each run looks at some again."""
        return {table: sorted(self.rows(f"SELECT {_columns(table)} FROM {table}"), key=repr) for table in TABLES}

    def files(self, folder: str = "media") -> list[Path]:
        """Every file below a folder of the store."""
        return sorted(path for path in (self.storage / folder).rglob("*") if path.is_file())
