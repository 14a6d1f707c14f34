"""The media of one post of Reddit, best quality first.

A post shows a gallery, a video, or the file that it links to, and perhaps pictures inside its text. If it shows
nothing of these, what remains is the preview of a linked page. What does not belong here: finding posts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from media_pipeline.model import Candidate, MediaType, Role
from media_pipeline.posts.platforms.base import Medium
from media_pipeline.posts.platforms.reddit import official
from media_pipeline.posts.platforms.reddit.addresses import address, host_and_path, media_type_of_link
from media_pipeline.posts.platforms.reddit.listings import crossposted
from media_pipeline.posts.platforms.reddit.metadata import gallery_of, inline_of
from media_pipeline.posts.platforms.reddit.previews import animations_of, copies_of, pictures_of, video_of
from media_pipeline.posts.values import dig, mapping

_VIDEO_PAGE = re.compile(r"https?://v\.redd\.it/(\w+)/?", re.ASCII)


def media_of(raw: Mapping[str, Any]) -> list[Medium]:
    """The media of a post. A crosspost shows those of the innermost post that it repeats, as far as that has any."""
    shown: list[list[Medium]] = []
    post = raw
    while post:
        shown.insert(0, _own_media(post))
        post = crossposted(post)
    own = [media for media in shown if any(medium.role is Role.MEDIA for medium in media)]
    previews = [media for media in shown if media]
    return next(iter(own or previews), list[Medium]())


def _own_media(post: Mapping[str, Any]) -> list[Medium]:
    shown = [*(list(gallery_of(post)) or _video_or_link(post)), *inline_of(post), *official.media_of(post)]
    if not shown:
        return list(_link_preview(post))
    first, *rest = shown
    return [replace(first, candidates=(*first.candidates, *pictures_of(post, Role.POSTER))), *rest]


def _video_or_link(post: Mapping[str, Any]) -> Iterator[Medium]:
    candidates = [
        candidate
        for key in ("secure_media", "media")
        for candidate in video_of(mapping(dig(post, key, "reddit_video")))
    ]
    link = address(post.get("url_overridden_by_dest")) or address(post.get("url")) or ""
    page = _VIDEO_PAGE.fullmatch(link)
    if candidates or page:
        yield _video(candidates or list(_streams_of_page(page[1] if page else "")))
    elif media_type := media_type_of_link(link):
        copies = copies_of(post) if media_type is MediaType.IMAGE and not _is_reddits(link) else ()
        yield Medium(media_type, (*_of_link(link), *animations_of(post, Role.MEDIA), *copies))


def _video(candidates: list[Candidate]) -> Medium:
    has_media = any(candidate.role is Role.MEDIA for candidate in candidates)
    return Medium(MediaType.VIDEO, tuple(candidates), note=None if has_media else "the export gives no URL for it")


def _streams_of_page(video_id: str) -> Iterator[Candidate]:
    """Dumps that lack ``media`` name the page alone; the manifests stand at fixed places below it."""
    yield Candidate(f"https://v.redd.it/{video_id}/DASHPlaylist.mpd", rule="DASH manifest, derived from the page")
    yield Candidate(f"https://v.redd.it/{video_id}/HLSPlaylist.m3u8", rule="HLS playlist, derived from the page")


def _of_link(link: str) -> Iterator[Candidate]:
    """``.gifv`` is Imgur's page around an mp4 of the same name."""
    path, mark, query = link.partition("?")
    if path.lower().endswith(".gifv"):
        yield Candidate(f"{path[: -len('gifv')]}mp4{mark}{query}", rule="file behind the linked gifv")
    else:
        yield Candidate(link, rule="linked file")


def _is_reddits(link: str) -> bool:
    """Whether Reddit serves the file itself: its copies die with that."""
    return host_and_path(link)[0].endswith("redd.it")


def _link_preview(post: Mapping[str, Any]) -> Iterator[Medium]:
    """What Reddit shows of a linked page: a picture, and for an animation its own copy of that."""
    pictures = tuple(pictures_of(post, Role.LINK_PREVIEW))
    animations = tuple(animations_of(post, Role.LINK_PREVIEW))
    if pictures:
        yield Medium(MediaType.IMAGE, pictures, Role.LINK_PREVIEW)
    if animations:
        yield Medium(MediaType.VIDEO, animations, Role.LINK_PREVIEW)
