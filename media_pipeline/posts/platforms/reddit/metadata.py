"""``media_metadata``: what Reddit hosts for a gallery or inside a text, by id.

An entry has ``e`` (Image, AnimatedImage, RedditVideo), ``m`` (MIME type), ``s`` (source: ``u``, or ``gif`` and
``mp4``, with ``x`` and ``y``), ``p`` (smaller copies) and ``o`` (blurred copies).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from media_pipeline.model import Candidate, MediaType, Role
from media_pipeline.posts.platforms.base import Medium
from media_pipeline.posts.platforms.reddit.addresses import address, host_and_path, suffix_of
from media_pipeline.posts.values import count, dig, items, mapping, text

_HOSTED_ID = re.compile(r"[a-z0-9]{6,20}", re.ASCII)
_EMOTE = "emote|"


def gallery_of(post: Mapping[str, Any]) -> Iterator[Medium]:
    """Yield the entries of a gallery as they are shown; ``media_metadata`` itself is in no order."""
    metadata = mapping(post.get("media_metadata"))
    for item in items(dig(post, "gallery_data", "items")):
        media_id = text(dig(item, "media_id"))
        if media_id:
            yield _medium(media_id, mapping(metadata.get(media_id)), text(dig(item, "caption")))


def inline_of(post: Mapping[str, Any]) -> Iterator[Medium]:
    """Yield the entries that no gallery names, in the order of the text that shows them."""
    metadata = mapping(post.get("media_metadata"))
    body = text(post.get("selftext")) or ""
    in_gallery = {text(dig(item, "media_id")) for item in items(dig(post, "gallery_data", "items"))}
    shown = [key for key in metadata if key not in in_gallery and not key.startswith(_EMOTE)]
    for media_id in sorted(shown, key=lambda key: body.find(key) if key in body else len(body)):
        yield _medium(media_id, mapping(metadata[media_id]), None)


def _medium(media_id: str, entry: Mapping[str, Any], caption: str | None) -> Medium:
    is_video = entry.get("e") == "RedditVideo"
    candidates = [*(_streams(entry) if is_video else _pictures(media_id, entry)), *_small_copies(entry)]
    has_media = any(candidate.role is Role.MEDIA for candidate in candidates)
    return Medium(
        media_type=MediaType.VIDEO if is_video else MediaType.IMAGE,
        candidates=tuple(candidates),
        alt_text=caption,
        note=None if has_media else _why_no_url(media_id, entry),
        key=media_id,
    )


def _pictures(media_id: str, entry: Mapping[str, Any]) -> Iterator[Candidate]:
    """The upload itself on i.redd.it, then what Reddit made of it. The last is an animation's copy as a video."""
    source = mapping(entry.get("s"))
    size = (count(source.get("x")), count(source.get("y")))
    exported = [url for key in ("gif", "u", "mp4") if (url := address(source.get(key)))]
    original = _original(media_id, entry, exported)
    for url, rule in ((original, "original upload"), *((url, "source as exported") for url in exported)):
        if url:
            yield Candidate(url, *size, rule=rule)


def _original(media_id: str, entry: Mapping[str, Any], exported: list[str]) -> str | None:
    """``https://i.redd.it/<id>.<ext>``, which holds for what Reddit hosts and not for GIFs of other sites."""
    hosts = {host_and_path(url)[0] for url in exported}
    suffix = next(filter(None, map(suffix_of, exported)), None) or _suffix_of_type(entry)
    if not suffix or not _HOSTED_ID.fullmatch(media_id) or hosts - {"preview.redd.it", "i.redd.it"}:
        return None
    return f"https://i.redd.it/{media_id}.{suffix}" if exported or entry.get("status") == "valid" else None


def _suffix_of_type(entry: Mapping[str, Any]) -> str | None:
    kind, _, name = (text(entry.get("m")) or "").partition("/")
    return {"jpeg": "jpg"}.get(name, name) if kind == "image" and name.isalnum() else None


def _streams(entry: Mapping[str, Any]) -> Iterator[Candidate]:
    """A video inside a text has no file of its own, only the lists of its streams."""
    size = (count(entry.get("x")), count(entry.get("y")))
    for place in (entry, mapping(entry.get("s"))):
        for key, rule in (("dashUrl", "DASH manifest"), ("hlsUrl", "HLS playlist")):
            if url := address(place.get(key)):
                yield Candidate(url, *size, rule=rule)


def _small_copies(entry: Mapping[str, Any]) -> Iterator[Candidate]:
    """Largest first; the blurred ones last."""
    for key, rule in (("p", "smaller copy"), ("o", "blurred copy")):
        copies = sorted(map(mapping, items(entry.get(key))), key=lambda copy: -(count(copy.get("x")) or 0))
        for copy in copies:
            if url := address(copy.get("u")):
                yield Candidate(url, count(copy.get("x")), count(copy.get("y")), role=Role.POSTER, rule=rule)


def _why_no_url(media_id: str, entry: Mapping[str, Any]) -> str:
    status = text(entry.get("status"))
    why = f"its status is {status}" if status else "the export gives no URL for it"
    return f"media id {media_id}: {why if entry else 'not among the media_metadata'}"
