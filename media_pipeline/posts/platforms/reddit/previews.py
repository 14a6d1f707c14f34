"""``preview``, ``thumbnail`` and ``oembed``: small copies of what a post shows, or pictures of the page it links to.

Whether they are the one or the other depends on the post having media of its own, which is for ``media`` to know.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from media_pipeline.model import Candidate, Role
from media_pipeline.posts.platforms.reddit.addresses import address
from media_pipeline.posts.values import count, dig, items, mapping

_ANIMATIONS = ("gif", "mp4")
_BLURRED = ("obfuscated", "nsfw")


def pictures_of(post: Mapping[str, Any], role: Role) -> Iterator[Candidate]:
    """Yield still pictures, sharp before blurred, largest first."""
    images = [mapping(image) for image in items(dig(post, "preview", "images"))]
    for image in images:
        yield from _sizes(image, role, "preview picture")
    for place in ("secure_media", "media"):
        oembed = mapping(dig(post, place, "oembed"))
        if url := address(oembed.get("thumbnail_url")):
            size = (count(oembed.get("thumbnail_width")), count(oembed.get("thumbnail_height")))
            yield Candidate(url, *size, role=role, rule="thumbnail of the linked page")
    if url := address(post.get("thumbnail")):
        size = (count(post.get("thumbnail_width")), count(post.get("thumbnail_height")))
        yield Candidate(url, *size, role=role, rule="thumbnail")
    for image in images:
        for key in _BLURRED:
            yield from _sizes(mapping(dig(image, "variants", key)), role, "blurred preview")


def copies_of(post: Mapping[str, Any]) -> Iterator[Candidate]:
    """Yield Reddit's re-encoded copies, in full size, of a picture that stands elsewhere."""
    for image in items(dig(post, "preview", "images")):
        source = {"source": mapping(image).get("source")}
        yield from _sizes(source, Role.MEDIA, "copy by Reddit")


def animations_of(post: Mapping[str, Any], role: Role) -> Iterator[Candidate]:
    """Yield Reddit's own copies of an animation that stands elsewhere: files, then streams."""
    for image in items(dig(post, "preview", "images")):
        for key in _ANIMATIONS:
            yield from _sizes(mapping(dig(image, "variants", key)), role, f"copy by Reddit as {key}")
    yield from video_of(mapping(dig(post, "preview", "reddit_video_preview")), role)


def video_of(video: Mapping[str, Any], role: Role = Role.MEDIA) -> Iterator[Candidate]:
    """Yield the ways to have a video that Reddit hosts: ``reddit_video``, or ``reddit_video_preview``.

    ``fallback_url`` is the picture track alone, in its highest resolution; the manifests join it with the sound.
    So it is the best of a silent video, and the last resort of any other.
    """
    is_silent = video.get("has_audio") is False or video.get("is_gif") is True
    ways = (_picture_track(video, role, is_silent=is_silent), _streams(video, role))
    for candidates in ways if is_silent else reversed(ways):
        yield from candidates
    if url := address(video.get("scrubber_media_url")):
        yield Candidate(url, role=Role.POSTER, rule="for scrubbing, at most 96 pixels high")


def _picture_track(video: Mapping[str, Any], role: Role, *, is_silent: bool) -> Iterator[Candidate]:
    kilobits = count(video.get("bitrate_kbps"))
    if url := address(video.get("fallback_url")):
        rule = "highest resolution" if is_silent else "highest resolution, without its sound"
        yield Candidate(url, *_size(video), bitrate=kilobits * 1000 if kilobits else None, role=role, rule=rule)


def _streams(video: Mapping[str, Any], role: Role) -> Iterator[Candidate]:
    for key, rule in (("dash_url", "DASH manifest"), ("hls_url", "HLS playlist")):
        if url := address(video.get(key)):
            yield Candidate(url, *_size(video), role=role, rule=rule)


def _size(video: Mapping[str, Any]) -> tuple[int | None, int | None]:
    return count(video.get("width")), count(video.get("height"))


def _sizes(image: Mapping[str, Any], role: Role, rule: str) -> Iterator[Candidate]:
    smaller = [mapping(copy) for copy in items(image.get("resolutions"))]
    largest_first = sorted(smaller, key=lambda copy: -(count(copy.get("width")) or 0))
    for copy in (mapping(image.get("source")), *largest_first):
        if url := address(copy.get("url")):
            yield Candidate(url, count(copy.get("width")), count(copy.get("height")), role=role, rule=rule)
