"""Exports that a platform hands out in several archives, told by their names.

What belongs here: names of archives, and archives that hold media alone. What does not: which file of which part holds
a medium (:mod:`media_pipeline.posts.local_media`).
"""

from __future__ import annotations

import re
from pathlib import PurePosixPath

from media_pipeline.posts.media_names import type_of
from media_pipeline.posts.readers.archive import Archive

ENDINGS = (".zip", ".tar", ".tar.gz", ".tar.xz", ".tgz", ".txz")
_NUMBER = re.compile(r"[-_. ]+(?:part[-_. ]*)?\d{1,3}(?:[-_. ]*of[-_. ]*\d{1,3})?$", re.IGNORECASE)
_DATE = re.compile(r"(?<!\d)(?:19|20)\d{2}([-_.])\d{2}\1\d{2}$")


def family_of(name: str) -> str | None:
    """What the archives of one export have in common in their names: the name without a number at its end, such as
    ``-2``, ``_part2``, ``-001`` or ``-1-of-3``. A day is no number. None for what is no archive by its name."""
    name = PurePosixPath(name).name
    ending = next((ending for ending in sorted(ENDINGS, key=len, reverse=True) if name.lower().endswith(ending)), None)
    if ending is None:
        return None
    stem = name.lower().removesuffix(ending)
    return stem if _DATE.search(stem) else _NUMBER.sub("", stem) or stem


def holds_media_alone(archive: Archive) -> bool:
    """Whether an archive is a part with no posts: all of its files are media by their names."""
    names = [file.name for file in archive.files.values() if not PurePosixPath(file.name).name.startswith(".")]
    return bool(names) and all(type_of(name) or not PurePosixPath(name).suffix for name in names)
