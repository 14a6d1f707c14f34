"""From a file to what it says about itself, and what it is known by.

What belongs here: which reader a file goes to, and the bounds of what is handed on. What does not: the readers.
"""

from __future__ import annotations

import math
import warnings
from dataclasses import replace
from pathlib import Path

from media_pipeline.imaging.endings.structure import missing_end
from media_pipeline.imaging.errors import TooManyPixels, TruncatedMedia, UnreadableMedia, decoding
from media_pipeline.imaging.facts.captions import tidy
from media_pipeline.imaging.facts.picture_facts import picture_facts
from media_pipeline.imaging.facts.version import FACTS_VERSION
from media_pipeline.imaging.limits import ignore_size_warnings
from media_pipeline.model import FileFacts

PDF = "application/pdf"
UNDECODED = frozenset(
    f"image/{name}" for name in ("jxl", "vnd.adobe.photoshop", "vnd.dwg", "vnd.ms-photo", "x-canon-cr2", "x-xcf")
)
"""Pictures that are recognised and that Pillow, as we use it, has no decoder for: they are no less whole for it."""
MAX_WARNINGS = 20
MAX_WARNING_CHARACTERS = 300
MAX_COUNT = 2**31 - 1
"""What a column of whole numbers holds in PostgreSQL. Headers claim more."""


def read_facts(path: Path, mime_type: str) -> FileFacts:
    """The facts and fingerprints of a file whose type was sniffed from its bytes.

    A picture is decoded to its end, of a video a frame a second and the last ones, of sound the first; so a file with
    facts is one that opens, or is truncated and says so. Raises TruncatedMedia for one without its end of which
    nothing can be decoded, UnreadableMedia for any other, OSError when the disk fails. Collects the interpreter's
    warnings, so call it from one thread of a process.
    """
    with decoding(), warnings.catch_warnings(record=True) as raised:
        warnings.simplefilter("always")
        ignore_size_warnings()
        missing = missing_end(path, mime_type)
        facts = _read(path, mime_type) if missing is None else _read_truncated(path, mime_type, missing)
    return _bounded(facts, [*facts.warnings, *(str(warning.message) for warning in raised)])


def _read_truncated(path: Path, mime_type: str, missing: str) -> FileFacts:
    """What can be had of a file without its end: of a picture what its header says. Raises UnreadableMedia."""
    try:
        facts = _read(path, mime_type, is_whole=False)
    except TooManyPixels:
        raise
    except UnreadableMedia as error:
        raise TruncatedMedia(f"{missing}, and nothing of what there is can be decoded: {error}") from error
    return replace(facts, truncated=missing)


def _read(path: Path, mime_type: str, is_whole: bool = True) -> FileFacts:
    # ffmpeg and PDFium are imported on their first file: 0.3 s that most workers never need.
    match mime_type.partition("/")[0]:
        case "image" if mime_type not in UNDECODED:
            return picture_facts(path, mime_type, is_whole)
        case "video":
            from media_pipeline.imaging.facts.video_facts import video_facts

            return video_facts(path)
        case "audio":
            from media_pipeline.imaging.facts.video_facts import audio_facts

            return audio_facts(path)
        case _ if mime_type == PDF:
            from media_pipeline.imaging.documents import document_facts

            return document_facts(path)
        case _:
            return FileFacts(warnings=(f"{mime_type} is kept as it is: no facts are read from this type",))


def _bounded(facts: FileFacts, warned: list[str]) -> FileFacts:
    """The facts as any database takes them, whatever a header claims."""
    texts = dict.fromkeys(text for warning in warned if (text := _line(warning)))
    kept = tuple(texts)[:MAX_WARNINGS]
    more = len(texts) - len(kept)
    return replace(
        facts,
        width=_count(facts.width),
        height=_count(facts.height),
        frames=_count(facts.frames),
        duration=_measure(facts.duration),
        frame_rate=_measure(facts.frame_rate),
        colour_profile=_line(facts.colour_profile),
        warnings=(*kept, f"and {more} more warnings") if more else kept,
        version=FACTS_VERSION,
    )


def _count(value: int | None) -> int | None:
    return value if value is not None and 0 <= value <= MAX_COUNT else None


def _measure(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) and value >= 0 else None


def _line(text: str | None) -> str | None:
    """In one line of bounded length, without controls; None when nothing is left."""
    return tidy(" ".join(text.split())[:MAX_WARNING_CHARACTERS]) if text else None
