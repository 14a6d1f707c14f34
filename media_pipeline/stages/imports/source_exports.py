"""The exports that the catalogue names, found again where they lie, and single posts read from them again.

What belongs here: proof that a file is still the one that was imported, and one post of it. What does not: what a
post's JSON names (``provenance``) or how it changed (``history``).
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

from media_pipeline.model import Fault, MediaPipelineError
from media_pipeline.posts.extract import ExtractedPost, read_records
from media_pipeline.posts.platforms import platform_named
from media_pipeline.settings import Settings
from media_pipeline.stages.imports.folders import unreadable
from media_pipeline.stages.imports.raw_posts import file_named


class NoProvenance(MediaPipelineError):
    """The bytes can't be shown; the text says why and what to do.

    To do: Put the export back to where it was imported from, unchanged.
    """


def export_of(settings: Settings, import_id: str, paths: Sequence[str]) -> Path:
    """A file of the import path that still has the bytes that were imported. Raises NoProvenance.

    ``paths``: where that export lay, below the import path.
    """
    for relative in paths:
        path = file_named(settings, relative)
        if path is not None and _sha256(path) == import_id:
            return path
    places = ", ".join(str(settings.import_path / relative) for relative in paths)
    raise NoProvenance(f"the export with SHA-256 {import_id} is no longer at {places}; put it back there")


def post_in(path: Path, platform: str, post_id: str, locator: str | None = None) -> ExtractedPost:
    """A post of an export: that at the locator, else the first of its own before one inside another post.

    Raises NoProvenance.
    """
    found: ExtractedPost | None = None
    for part in read_records(path, platform_named(platform)):
        for extracted in () if isinstance(part, Fault) else part.posts:
            post = extracted.post
            if post.post_id != post_id:
                continue
            if str(post.locator) == locator or (locator is None and post.relation is None):
                return extracted
            found = found or extracted
    if found is None:
        raise NoProvenance(f"{path} no longer gives the post {post_id}: its platform module has changed")
    return found


def _sha256(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise NoProvenance(str(unreadable(path, error))) from error
