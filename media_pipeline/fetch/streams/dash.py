"""DASH manifests (ISO/IEC 23009-1): which video, which sound, which segments.

What belongs here: choosing, and reading the XML. What does not: fetching, and the arithmetic of templates
(:mod:`~media_pipeline.fetch.streams.templates`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from media_pipeline.fetch.http.urls import UnsafeUrlError, joined
from media_pipeline.fetch.streams.plan import (
    ONLY_AUDIO,
    ONLY_VIDEO,
    ByteRange,
    Limits,
    Run,
    Segment,
    Track,
    broken,
    live,
    protected,
    too_many_segments,
    unsupported,
)
from media_pipeline.fetch.streams.templates import Numbering, Template, expand, numbers_of
from media_pipeline.model import MediaType

_DURATION = re.compile(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?")
_RANGE = re.compile(r"(\d{1,18})-(\d{1,18})")
_TRICK_MODE = "trickmode"
_KINDS = {"video": ONLY_VIDEO, "audio": ONLY_AUDIO}


class _NoDoctype(ElementTree.TreeBuilder):
    """A manifest has no use for a DTD, and entities are what a hostile one would bring."""

    def doctype(self, name: str, pubid: str | None, system: str | None) -> None:  # noqa: ARG002
        raise broken("the DASH manifest has a DOCTYPE, which no honest one has")


@dataclass(frozen=True, slots=True)
class _Representation:
    """One of the choices of an adaptation set, with the elements that it inherits from, outermost first."""

    lineage: tuple[Element, ...]
    kind: str
    url: str
    seconds: float | None

    @property
    def element(self) -> Element:
        return self.lineage[-1]

    @property
    def quality(self) -> tuple[int, int]:
        """Pixels, then bits a second."""
        width, height = (_whole(_inherited(self.lineage, name)) for name in ("width", "height"))
        return width * height, _whole(self.element.get("bandwidth"))

    @property
    def is_protected(self) -> bool:
        return any(element.find("ContentProtection") is not None for element in self.lineage)


def plan_dash(url: str, text: bytes, limits: Limits) -> tuple[Track, ...]:
    """The best video and the best sound of a manifest.

    Best is what has most pixels, then most bandwidth. Raises Refusal: live, protected, broken, too many segments,
    more than one period.
    """
    root = _parsed(text)
    if root.get("type", "static") == "dynamic":
        raise live()
    representations = list(_representations(root, url))
    if not representations:
        raise broken("the DASH manifest names neither video nor sound")
    readable = [one for one in representations if not one.is_protected]
    if not readable:
        raise protected("ContentProtection")
    best = [max(of_kind, key=lambda one: one.quality) for of_kind in _by_kind(readable)]
    return tuple(_track(one, limits) for one in best)


def _parsed(text: bytes) -> Element:
    """The manifest's root, all names without their namespace."""
    try:
        root = ElementTree.fromstring(text, ElementTree.XMLParser(target=_NoDoctype()))
    except (ElementTree.ParseError, ValueError, LookupError) as error:  # LookupError: an encoding unknown to Python
        raise broken(f"the DASH manifest can't be read: {error}") from error
    for element in root.iter():
        element.tag = element.tag.rpartition("}")[2]
    if root.tag != "MPD":
        raise broken("what should be a DASH manifest is other XML")
    return root


def _representations(root: Element, url: str) -> Iterator[_Representation]:
    periods = root.findall("Period")
    if len(periods) > 1:
        raise unsupported("the DASH manifest has more than one period")
    for period in periods:
        seconds = _seconds(period.get("duration") or root.get("mediaPresentationDuration"))
        for chosen in period.findall("AdaptationSet"):
            if any(_TRICK_MODE in tag.get("schemeIdUri", "") for tag in chosen.findall("EssentialProperty")):
                continue
            for element in chosen.findall("Representation"):
                lineage = (root, period, chosen, element)
                yield _Representation(lineage, _kind(chosen, element), _base_url(url, lineage), seconds)


def _kind(chosen: Element, element: Element) -> str:
    mime_type = element.get("mimeType") or chosen.get("mimeType") or ""
    return chosen.get("contentType") or mime_type.partition("/")[0]


def _by_kind(representations: list[_Representation]) -> Iterator[list[_Representation]]:
    for kind in _KINDS:
        of_kind = [one for one in representations if one.kind == kind]
        if of_kind:
            yield of_kind


def _base_url(url: str, lineage: tuple[Element, ...]) -> str:
    """BaseURLs refer to each other from the outside in; of several, the first is the host's own choice."""
    for element in lineage:
        url = _joined(url, (element.findtext("BaseURL") or "").strip())
    return url


def _track(chosen: _Representation, limits: Limits) -> Track:
    kinds: frozenset[MediaType] = _KINDS[chosen.kind]
    templates = _found(chosen.lineage, "SegmentTemplate")
    lists = _found(chosen.lineage, "SegmentList")
    if templates:
        run = _templated(chosen, templates, limits)
    elif lists:
        run = _listed(chosen, lists, limits)
    else:
        run = Run(None, (Segment(chosen.url),))
    return Track((run,), chosen.seconds, kinds)


def _templated(chosen: _Representation, templates: tuple[Element, ...], limits: Limits) -> Run:
    template = Template(chosen.element.get("id", ""), chosen.element.get("bandwidth", ""))
    media, init = _inherited(templates, "media"), _inherited(templates, "initialization")
    if not media:
        raise broken("a SegmentTemplate of the DASH manifest names no media")
    numbering = Numbering(
        timescale=_whole(_inherited(templates, "timescale"), 1),
        first_number=_whole(_inherited(templates, "startNumber"), 1),
        duration=_whole(_inherited(templates, "duration")),
        steps=_steps(templates),
        seconds=chosen.seconds,
        first_time=_whole(_inherited(templates, "presentationTimeOffset")),
    )
    names = (expand(media, template, number, time) for number, time in numbers_of(numbering, limits.segments))
    return Run(
        Segment(_joined(chosen.url, expand(init, template))) if init else None,
        tuple(Segment(_joined(chosen.url, name)) for name in names),
    )


def _steps(templates: tuple[Element, ...]) -> tuple[tuple[int | None, int, int], ...]:
    """The SegmentTimeline: start or None, duration, repetitions (-1: until the next, or the end)."""
    timelines = _found(templates, "SegmentTimeline")
    if not timelines:
        return ()
    return tuple(
        (None if step.get("t") is None else _whole(step.get("t")), _whole(step.get("d")), _whole(step.get("r")))
        for step in timelines[-1].findall("S")
    )


def _listed(chosen: _Representation, lists: tuple[Element, ...], limits: Limits) -> Run:
    segments = lists[-1].findall("SegmentURL")
    if len(segments) > limits.segments:
        raise too_many_segments(limits.segments)
    if not segments:
        raise broken("a SegmentList of the DASH manifest is empty")
    starts = _found(lists, "Initialization")
    init = _segment(chosen.url, starts[-1].get("sourceURL"), starts[-1].get("range")) if starts else None
    return Run(init, tuple(_segment(chosen.url, one.get("media"), one.get("mediaRange")) for one in segments))


def _segment(base: str, name: str | None, byte_range: str | None) -> Segment:
    url = _joined(base, name or "")
    if byte_range is None:
        return Segment(url)
    match = _RANGE.fullmatch(byte_range.strip())
    if match is None or int(match[2]) < int(match[1]):
        raise broken(f"a byte range of the DASH manifest can't be read: {byte_range[:80]!r}")
    return Segment(url, ByteRange(int(match[1]), int(match[2]) - int(match[1]) + 1))


def _found(lineage: tuple[Element, ...], name: str) -> tuple[Element, ...]:
    """The children of this name, outermost first."""
    children = (element.find(name) for element in lineage)
    return tuple(child for child in children if child is not None)


def _inherited(lineage: tuple[Element, ...], name: str) -> str | None:
    """The innermost value of an attribute."""
    return next((value for element in reversed(lineage) if (value := element.get(name)) is not None), None)


def _whole(text: str | None, default: int = 0) -> int:
    """Rates and counts are whole numbers; more than 18 digits are nobody's."""
    if text is None:
        return default
    try:
        return int(text[:18])
    except ValueError as error:
        raise broken(f"a number of the DASH manifest can't be read: {text[:80]!r}") from error


def _seconds(text: str | None) -> float | None:
    """An XML duration, without years and months, which have no length of their own."""
    match = _DURATION.fullmatch(text.strip()) if text else None
    if match is None:
        return None
    days, hours, minutes, seconds = (float(part or 0) for part in match.groups())
    return ((days * 24 + hours) * 60 + minutes) * 60 + seconds


def _joined(base: str, name: str) -> str:
    try:
        return joined(base, name)
    except UnsafeUrlError as error:
        raise broken(f"the DASH manifest names what is no URL: {name[:80]!r}") from error
