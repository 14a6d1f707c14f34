"""Every file below a folder, whatever else lies there: one path that can't be looked at costs only itself."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from media_pipeline.posts.layout import Rejection

GIVE_PERMISSION = "give this user the permission to read it"


def files_below(folder: Path) -> Iterator[os.DirEntry[str] | Rejection]:
    """The files in order of their names, and why a folder can't be looked into. No folder: no files."""
    try:
        with os.scandir(folder) as found:
            entries = sorted(found, key=lambda entry: entry.name)
    except FileNotFoundError:
        return
    except OSError as error:
        yield unreadable(folder, error)
        return
    for entry in entries:
        try:
            is_folder, is_file = entry.is_dir(), entry.is_file()
        except OSError as error:
            yield unreadable(entry.path, error)
            continue
        if is_folder:
            yield from files_below(Path(entry.path))
        elif is_file:
            yield entry


def unreadable(path: str | Path, error: OSError) -> Rejection:
    """Why a path was not taken that could not be looked at or read."""
    advice = GIVE_PERMISSION if isinstance(error, PermissionError) else "see to it; the others are taken"
    return Rejection(Path(path), f"it can't be read: {error.strerror or error}; {advice}")
