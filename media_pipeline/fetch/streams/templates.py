"""The arithmetic of DASH's SegmentTemplate (ISO/IEC 23009-1, section 5.3.9.4).

What belongs here: which numbers and times segments have, and the names that come of them. What does not: XML, URLs.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass

from media_pipeline.fetch.streams.plan import broken, too_many_segments

_PLACEHOLDER = re.compile(r"\$(?:(RepresentationID|Number|Bandwidth|Time)(?:%0(\d{1,2})d)?)?\$")


@dataclass(frozen=True, slots=True)
class Template:
    """What a representation puts into its templates."""

    representation_id: str
    bandwidth: str


@dataclass(frozen=True, slots=True)
class Numbering:
    """How segments are counted. Times and ``duration`` are in units of 1/``timescale`` s; 0: not given."""

    timescale: int
    first_number: int
    duration: int
    steps: tuple[tuple[int | None, int, int], ...]
    """The SegmentTimeline: start or None, duration, repetitions (-1: until the next start, or the end)."""
    seconds: float | None
    first_time: int = 0
    """The media's time at the start of the period."""


def expand(text: str, template: Template, number: int = 0, time: int = 0) -> str:
    """Fill in a template's placeholders; ``$$`` is a dollar sign."""
    values = {
        "RepresentationID": template.representation_id,
        "Bandwidth": template.bandwidth,
        "Number": str(number),
        "Time": str(time),
    }
    return _PLACEHOLDER.sub(lambda found: values[found[1]].zfill(int(found[2] or 0)) if found[1] else "$", text)


def numbers_of(numbering: Numbering, limit: int) -> list[tuple[int, int]]:
    """Number and time of each segment; raises Refusal above ``limit``, or where their count can't be known."""
    times = list(_bounded(_times(numbering), limit))
    if not times:
        raise broken("a SegmentTemplate of the DASH manifest has no segment")
    return list(enumerate(times, numbering.first_number))


def _bounded(times: Iterator[int], limit: int) -> Iterator[int]:
    for count, time in enumerate(times):
        if count == limit:
            raise too_many_segments(limit)
        yield time


def _times(numbering: Numbering) -> Iterator[int]:
    if numbering.steps:
        yield from _times_of_timeline(numbering)
        return
    if not (numbering.duration > 0 and numbering.timescale > 0 and numbering.seconds):
        raise broken("a SegmentTemplate of the DASH manifest doesn't say how many segments there are")
    # Rounded first: 6.000000001 s of 2 s segments are three, the rest is the rounding of the manifest's duration.
    count = math.ceil(round(numbering.seconds * numbering.timescale / numbering.duration, 3))
    yield from (index * numbering.duration for index in range(count))


def _times_of_timeline(numbering: Numbering) -> Iterator[int]:
    at = 0
    for index, (start, duration, repetitions) in enumerate(numbering.steps):
        if duration <= 0:
            raise broken("a step of the SegmentTimeline has no duration")
        at = at if start is None else start
        if repetitions < 0:
            repetitions = math.ceil((_end_of_step(numbering, index) - at) / duration) - 1
        for _ in range(repetitions + 1):
            yield at
            at += duration


def _end_of_step(numbering: Numbering, index: int) -> float:
    if index + 1 < len(numbering.steps):
        following = numbering.steps[index + 1][0]
        if following is not None:
            return following
    elif numbering.seconds is not None:
        return numbering.first_time + round(numbering.seconds * numbering.timescale, 3)
    raise broken("a step of the SegmentTimeline repeats without end")
