"""URLs that someone asks for, made an export of the platform ``url``, so that they are imported like any other.

What belongs here: writing that export. What does not: reading it (``raw_posts``) and fetching what it names.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence

from media_pipeline.model import ImportPartition
from media_pipeline.posts.platforms import url as url_platform
from media_pipeline.settings import Settings
from media_pipeline.stages.imports.handing_over import NothingToImport
from media_pipeline.stages.imports.raw_posts import import_dates
from media_pipeline.storage.durable import PRIVATE_FILE, PRIVATE_FOLDER, make_folders, storage_errors
from media_pipeline.storage.parts import part_of, remove_abandoned_parts


def land_urls(settings: Settings, urls: Sequence[str]) -> ImportPartition:
    """Write the URLs as one export into today's partition of the platform ``url``, and return that partition.

    The name of the file is a digest of its content: the same URLs on the same day are the same file.
    Raises NothingToImport when today is before MEDIA_START_DATE, StorageError when the file can't be written.
    """
    dates = import_dates(settings)
    if refusal := dates.refusal(dates.today):
        raise NothingToImport(f"nothing can be imported today: {refusal}")
    partition = ImportPartition(dates.today, url_platform.NAME)
    content = "".join(json.dumps(url_platform.record_of(url)) + "\n" for url in urls).encode()
    folder = settings.import_path / partition.platform / partition.import_date.isoformat()
    target = folder / f"requested-{hashlib.sha256(content).hexdigest()[:32]}.ndjson"
    with storage_errors("write", target):
        make_folders(folder, PRIVATE_FOLDER)
        remove_abandoned_parts(folder)
        if not target.exists():
            with part_of(target) as part:
                part.write_bytes(content)
                part.chmod(PRIVATE_FILE)
    return partition
