"""Every rendition of one file: what a worker is asked for.

What belongs here: which part makes which kind. What does not: how any is made.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from media_pipeline.imaging.renditions.drawing import decoded, draw
from media_pipeline.imaging.renditions.encoding import Original, picture_file
from media_pipeline.imaging.renditions.recipes import STILL
from media_pipeline.model import Recipe, RenderedFile, RenditionKind


def render(
    path: Path, mime_type: str, recipes: Sequence[Recipe], folder: Path, note: Path | None = None
) -> list[RenderedFile]:
    """Make the recipes, which suit the file (:func:`recipes_for`), as temporary files in ``folder``.

    ``optimized``: longest side at most the recipe's size, never enlarged; the original stands for it where browsers
    show it as large and alike, and it is no larger in bytes. ``thumbnail``: square WebP. ``page``: a document's first
    page. All three upright, sRGB, on white, without metadata, from one decoding, of animations the first frame; of a
    truncated or damaged picture what there is, if that is half of it, and marked so. ``animation``, ``web`` and
    ``motion`` (the video in a motion photo): H.264 in MP4. How many seconds of a video are done is written into
    ``note`` meanwhile. The caller moves or removes the files; on an error none but the note is left behind.
    Raises UnreadableMedia for a file that can't be decoded, OSError when the disk fails.
    """
    made: list[RenderedFile] = []
    try:
        for rendered in _rendered(Original(path, mime_type), recipes, folder, note):
            made.append(rendered)  # noqa: PERF402 - what is made before an error must be known
    except BaseException:
        for file in made:
            if file.path is not None:
                file.path.unlink(missing_ok=True)
        raise
    return made


def _rendered(original: Original, recipes: Sequence[Recipe], folder: Path, note: Path | None) -> Iterator[RenderedFile]:
    stills = [recipe for recipe in recipes if recipe.kind in STILL]
    if stills:
        yield from _stills(original, stills, folder)
    for recipe in recipes:
        # ffmpeg is imported with the first file that needs it.
        if recipe.kind == RenditionKind.ANIMATION:
            from media_pipeline.imaging.renditions.animation import animation

            yield animation(original, recipe, folder)
        elif recipe.kind == RenditionKind.WEB:
            from media_pipeline.imaging.renditions.web_video import web_video

            yield web_video(original, recipe, folder, note)
        elif recipe.kind == RenditionKind.MOTION:
            from media_pipeline.imaging.renditions.motion import motion_video

            yield motion_video(original, recipe, folder, note)


def _stills(original: Original, recipes: Sequence[Recipe], folder: Path) -> Iterator[RenderedFile]:
    source = decoded(original.path, original.mime_type, recipes)
    for drawn in draw(source, recipes):
        stand_in = original if source.can_stand_in and drawn.is_full_size else None
        yield picture_file(drawn.recipe, drawn.picture, folder, stand_in, source.is_partial)
