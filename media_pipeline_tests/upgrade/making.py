"""Makes a library of the version that is checked out and packs it: ``python -m media_pipeline_tests.upgrade.making``.

What belongs here: a small library with a reference in every state that a library of years is in. What does not: loading
one (``loading``).
"""

from __future__ import annotations

import json
import sys
import tempfile
import zipfile
from datetime import date, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from media_pipeline.catalog import media, schema
from media_pipeline.model import ImportPartition
from media_pipeline_tests import faulty_host
from media_pipeline_tests.faulty_host import HTML, FaultyHost
from media_pipeline_tests.library import STAGES, TWITTER, Library, picture, tweet

FOLDER = "{folder}"
"""Stands in the packed rows for the folder that the library lay in."""

LATER = ImportPartition(date(2025, 11, 2), "twitter")


def make(folder: Path, host: FaultyHost) -> Library:
    """A library in ``folder`` whose media have seen everything."""
    library = Library(folder, media_allowed_hosts=(host.address,), media_backoff_seconds=0.01)
    urls = {name: host.serve(f"/{name}.jpg", picture(number)) for number, name in enumerate(_NAMES)}
    urls["login"] = host.serve("/login.jpg", HTML)
    urls["busy"] = host.serve("/busy.jpg", b"", fault=faulty_host.status(503))
    urls["broken"] = host.serve("/broken.jpg", _broken())
    urls["signed"] = host.serve("/signed.jpg?X-Amz-Date=20200101T000000Z&X-Amz-Expires=60", picture(90))
    posts = [tweet(number, url) for number, url in enumerate(urls.values(), 1)]
    posts.append(tweet(50, urls["kept"], urls["evicted"], author="bob"))
    library.land("posts.json", posts)
    library.run(stages=STAGES)
    _change(library, host, urls)
    _lose(library, urls)
    _evict(library, urls)
    _analyse(library, urls)
    library.land("later.json", [tweet(60, host.serve("/pending.jpg", picture(91)))], LATER)
    library.run(LATER, stages=STAGES[:2])
    return library


_NAMES = ("kept", "changed", "lost", "evicted", "dead")


def _broken() -> bytes:
    whole = picture(80, 40, 30, kind="PNG")
    middle = whole.index(b"IDAT") + 4
    return whole[:middle] + bytes(6) + whole[middle + 6 :]


def _change(library: Library, host: FaultyHost, urls: dict[str, str]) -> None:
    """A host has another picture by now: its second version is archived."""
    host.serve("/changed.jpg", picture(70, 80, 60))
    with library.open() as context, context.database.write() as connection:
        media.ask_again(connection, [TWITTER])
    library.run(stages=STAGES)


def _lose(library: Library, urls: dict[str, str]) -> None:
    """Files vanish from store and archive, and their hosts have them no longer."""
    for name in ("lost", "dead"):
        where = f"SELECT sha256 FROM post_media WHERE media_url = '{urls[name]}'"
        ((place, key),) = library.rows(f"SELECT local_path, s3_key FROM media_files WHERE sha256 = ({where})")
        (library.storage / place).unlink()
        (library.settings.archive_path / key).unlink()
        library.execute(f"UPDATE media_files SET local_path = NULL, archived_at = NULL WHERE sha256 = ({where})")
        library.execute(
            f"UPDATE post_media SET status = 'missing', error = 'HTTP 404' WHERE media_url = '{urls[name]}'"
        )


def _analyse(library: Library, urls: dict[str, str]) -> None:
    """What other programs may have written into the columns that are there for them."""
    for name, status, log in (("kept", "completed", '["2 labels"]'), ("changed", "started", '"quoted"')):
        where = f"media_url = '{urls[name]}'"
        library.execute(
            f"UPDATE post_media SET ai_analysis_status = '{status}', ai_analysis_log = '{log}' WHERE {where}"
        )


def _evict(library: Library, urls: dict[str, str]) -> None:
    """A file that only the archive holds."""
    where = f"SELECT sha256 FROM post_media WHERE media_url = '{urls['evicted']}'"
    ((place,),) = library.rows(f"SELECT local_path FROM media_files WHERE sha256 IN ({where})")
    (library.storage / place).unlink()
    library.execute(f"UPDATE media_files SET local_path = NULL WHERE sha256 IN ({where})")


def pack(library: Library, target: Path) -> None:
    """Write rows and files into a zip."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("rows.json", json.dumps(_rows(library), indent=0, default=_plain))
        for folder in ("data", "imports"):
            for path in sorted((library.folder / folder).rglob("*")):
                if path.is_file() and not path.name.startswith("catalog.sqlite"):
                    packed.write(path, path.relative_to(library.folder).as_posix())


def _rows(library: Library) -> dict[str, list[dict[str, Any]]]:
    engine = sa.create_engine(f"sqlite:///{library.storage / 'catalog.sqlite'}")
    metadata = sa.MetaData()
    metadata.reflect(engine)
    with engine.connect() as connection:
        rows = {
            table.name: [dict(row) for row in connection.execute(sa.select(table)).mappings()]
            for table in metadata.sorted_tables
            if table.name != "alembic_version"
        }
    engine.dispose()
    return json.loads(json.dumps(rows, default=_plain).replace(str(library.folder), FOLDER))


def _plain(value: Any) -> str:
    assert isinstance(value, date | datetime), value
    return value.isoformat()


def main() -> None:
    target = Path(__file__).parent / f"library_{schema.HEAD}.zip"
    with tempfile.TemporaryDirectory() as folder, FaultyHost() as host:
        pack(make(Path(folder), host), target)
    sys.stdout.write(f"{target.name}: {target.stat().st_size} bytes\n")


if __name__ == "__main__":
    main()
