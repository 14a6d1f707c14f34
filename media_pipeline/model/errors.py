"""The base of every error of ours, and what is said of errors that no rule foresees."""

from __future__ import annotations

import errno
import traceback
from pathlib import Path


class MediaPipelineError(Exception):
    """The base of every error of ours: its text is one line that tells the user what to do."""


class SettingsError(MediaPipelineError):
    """A setting has a value that can't be used; the text names it and what it may be.

    To do: Correct the settings that the message names (docs/settings.md).
    """


_MACHINE_FAULTS = frozenset(
    (
        errno.EDQUOT,
        errno.EIO,
        errno.EMFILE,
        errno.ENFILE,
        errno.ENOMEM,
        errno.ENOSPC,
        errno.EROFS,
        errno.ESTALE,
    )
)
_LONGEST_REASON = 400


def is_of_the_one(error: BaseException) -> bool:
    """Whether an error that no rule foresees belongs to the one request, record, file or row that it met.

    It does not where the run is told to stop, where an error of ours says what to do, and where disk, memory or
    descriptors are used up: all others would meet the same.
    """
    if not isinstance(error, Exception) or isinstance(error, MediaPipelineError | MemoryError):
        return False
    return not (isinstance(error, OSError) and error.errno in _MACHINE_FAULTS)


def unforeseen(error: BaseException) -> str:
    """An error that no rule foresees, in one line: its class, its text, and where in this program it was met."""
    text = " ".join(str(error).split())[:_LONGEST_REASON]
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if "/media_pipeline/" in frame.filename]
    place = f" at {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return f"unforeseen {type(error).__name__}{place}: {text}"
