"""The video of a motion photo, as browsers play it.

What belongs here: taking it out of the picture's file. What does not: where it lies, encoding.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from media_pipeline.imaging.embedded import embedded_files
from media_pipeline.imaging.errors import UnreadableMedia
from media_pipeline.imaging.pictures import opened_picture
from media_pipeline.imaging.renditions.encoding import Original, temporary_file
from media_pipeline.imaging.renditions.web_video import web_video
from media_pipeline.model import EmbeddedFile, Recipe, RenderedFile

_PIECE_BYTES = 1 << 20


def motion_video(original: Original, recipe: Recipe, folder: Path, note: Path | None = None) -> RenderedFile:
    """The video as it is if browsers play it, else one that they play (:func:`web_video`).

    Raises UnreadableMedia, also when there is no video in the picture's file, or not all of it.
    """
    with opened_picture(original.path, original.mime_type) as image:
        video = embedded_files(image, original.path, original.mime_type).motion_photo
    if video is None or not video.is_there:
        raise UnreadableMedia("there is no whole video in it")
    with temporary_file(folder, ".mp4") as path:
        _take_out(original.path, video, path)
        made = web_video(Original(path, "video/mp4"), recipe, folder, note)
        if made.stands_in:
            return replace(made, path=path)
        path.unlink()
        return made


def _take_out(source: Path, video: EmbeddedFile, target: Path) -> None:
    left = video.length or 0
    with source.open("rb") as file, target.open("wb") as copy:
        file.seek(video.offset or 0)
        while left and (piece := file.read(min(left, _PIECE_BYTES))):
            copy.write(piece)
            left -= len(piece)
