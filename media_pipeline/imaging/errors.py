"""What can be wrong with a file, and how a decoder's complaint becomes our error.

What belongs here: the one error of this room and the line between a bad file and a bad machine.
"""

from __future__ import annotations

import errno
from collections.abc import Generator
from contextlib import contextmanager

from PIL import Image

from media_pipeline.model import MediaPipelineError

MAX_REASON_CHARACTERS = 300
OUT_OF_MEMORY = "reading it takes more memory than MEDIA_IMAGE_MEMORY_MB allows"
MACHINE_FAULTS = frozenset(
    {
        errno.ENOENT,
        errno.EACCES,
        errno.EISDIR,
        errno.EIO,
        errno.ESTALE,
        errno.EMFILE,
        errno.ENFILE,
        errno.ENOSPC,
        errno.EDQUOT,
        errno.EROFS,
    }
)
"""Faults of the disk or the machine. They say nothing about the file, which must not be blamed for them."""


class UnreadableMedia(MediaPipelineError):
    """The file is broken, hostile or of no known format; the text names the reason."""


class TruncatedMedia(UnreadableMedia):
    """The end of the file is missing, and too much with it for what there is to be decoded."""


class TooManyPixels(UnreadableMedia):
    """The file claims more pixels than MEDIA_MAX_IMAGE_PIXELS allows, however few bytes it has for them."""


@contextmanager
def decoding() -> Generator[None]:
    """Turn whatever a decoder raises about a file into UnreadableMedia.

    Decoders meet hostile bytes and raise nearly any class (struct.error, KeyError, …), so every exception counts,
    except the machine's own faults, which pass unchanged. Memory isn't one of them: a worker has a limit of its own.
    """
    try:
        yield
    except UnreadableMedia:
        raise
    except MemoryError as error:
        raise UnreadableMedia(OUT_OF_MEMORY) from error
    except Exception as error:
        if isinstance(error, OSError) and error.errno in MACHINE_FAULTS:
            raise
        raise _ours(error) from error


def _ours(error: Exception) -> UnreadableMedia:
    """Pillow tells a missing end from other damage by its words alone (``image file is truncated``)."""
    if isinstance(error, Image.DecompressionBombError):
        return TooManyPixels(f"it has more pixels than MEDIA_MAX_IMAGE_PIXELS allows ({error})")
    is_cut = isinstance(error, OSError) and "truncated" in str(error).lower()
    return (TruncatedMedia if is_cut else UnreadableMedia)(reason_of(error))


def reason_of(error: BaseException) -> str:
    """The exception in one line of bounded length, its class first."""
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text}"[:MAX_REASON_CHARACTERS] if text else type(error).__name__
