"""The media of one post of Bluesky, best quality first, from its view or from its raw record.

A record gives blobs: the very bytes that were uploaded, by account (did) and content (cid), which a view's URLs name as
well. Those URLs are of the CDN, which re-encodes. What does not belong here: finding posts, and the media of quoted
posts, which are theirs alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from media_pipeline.model import Candidate, MediaType, Role
from media_pipeline.posts.platforms.base import Medium
from media_pipeline.posts.platforms.bluesky.views import did_of, record_of
from media_pipeline.posts.values import dig, items, mapping, text, web_address

_CID_OF_CDN = re.compile(r"/(baf[a-z2-7]{20,})(?:@\w+)?/?$")
_LINKED_PICTURE = re.compile(r"\.(?:gif|webp|png|jpe?g)$", re.IGNORECASE)
_LINKED_VIDEO = re.compile(r"\.(?:mp4|webm)$", re.IGNORECASE)
_NO_URL = "the export gives neither a URL nor a blob with its account for it"


def media_of(raw: Mapping[str, Any]) -> list[Medium]:
    """The media of a post: what its view shows, else what its record embeds."""
    did = did_of(raw)
    views = [raw.get("embed"), *items(raw.get("embeds"))]
    shown = [medium for view in views for medium in _of_embed(view, did)]
    return shown or list(_of_embed(record_of(raw).get("embed"), did))


def _of_embed(embed: Any, did: str | None) -> Iterator[Medium]:
    """An embed of any kind. ``recordWithMedia`` keeps the post's own beside the quoted record."""
    own = mapping(dig(embed, "media")) or mapping(embed)
    for picture in (*items(own.get("images")), *items(own.get("items"))):
        if isinstance(picture, dict):
            yield _picture(mapping(picture), did)
    if "playlist" in own or "video" in own or _is_video(own):
        yield _video(own, did)
    yield from _link_preview(mapping(own.get("external")), did)


def _is_video(embed: Mapping[str, Any]) -> bool:
    return (text(embed.get("$type")) or "").startswith("app.bsky.embed.video")


def _picture(picture: Mapping[str, Any], did: str | None) -> Medium:
    """A picture of ``images`` or ``gallery``. ``aspectRatio`` is a ratio, by the lexicon not to be taken for pixels."""
    full, thumb = web_address(picture.get("fullsize")), web_address(picture.get("thumb") or picture.get("thumbnail"))
    cid = _cid_of_url(full) or _cid_of_url(thumb) or _cid_of_blob(picture.get("image"))
    candidates = [
        *_candidate(_blob_url(did, cid), "blob as uploaded"),
        *_candidate(full, "largest of the view"),
        *_candidate(None if full else _cdn_url(did, cid), "largest of the CDN"),
        *_candidate(thumb, "thumbnail", Role.POSTER),
    ]
    return _medium(MediaType.IMAGE, candidates, text(picture.get("alt")), key=cid)


def _video(embed: Mapping[str, Any], did: str | None) -> Medium:
    cid = text(embed.get("cid")) or _cid_of_blob(embed.get("video"))
    candidates = [
        *_candidate(_blob_url(did, cid), "blob as uploaded"),
        *_candidate(web_address(embed.get("playlist")), "HLS playlist of the view"),
        *_candidate(web_address(embed.get("thumbnail")), "thumbnail", Role.POSTER),
    ]
    return _medium(MediaType.VIDEO, candidates, text(embed.get("alt")), key=cid)


def _link_preview(external: Mapping[str, Any], did: str | None) -> Iterator[Medium]:
    """A linked page's picture. GIFs of the app's own search are links as well, to the file itself."""
    address = web_address(external.get("uri")) or ""
    path = address.partition("?")[0]
    is_video = bool(_LINKED_VIDEO.search(path))
    is_file = is_video or bool(_LINKED_PICTURE.search(path))
    thumb = external.get("thumb")
    cid = _cid_of_url(web_address(thumb)) or _cid_of_blob(thumb)
    candidates = [
        *_candidate(address if is_file else None, "the linked file", Role.LINK_PREVIEW),
        *_candidate(_blob_url(did, cid), "blob as uploaded", Role.POSTER if is_video else Role.LINK_PREVIEW),
        *_candidate(web_address(thumb), "thumbnail of the link", Role.POSTER if is_video else Role.LINK_PREVIEW),
    ]
    if candidates or thumb:
        yield _medium(
            MediaType.VIDEO if is_video else MediaType.IMAGE, candidates, text(external.get("title")), Role.LINK_PREVIEW
        )


def _medium(
    media_type: MediaType,
    candidates: list[Candidate],
    alt_text: str | None,
    role: Role = Role.MEDIA,
    key: str | None = None,
) -> Medium:
    has_one = any(candidate.role is role for candidate in candidates)
    return Medium(media_type, tuple(candidates), role, alt_text, None if has_one else _NO_URL, key)


def _candidate(address: str | None, rule: str, role: Role = Role.MEDIA) -> Iterator[Candidate]:
    if address:
        yield Candidate(address, role=role, rule=rule)


def _cid_of_url(address: str | None) -> str | None:
    match = _CID_OF_CDN.search(address or "")
    return match[1] if match else None


def _cid_of_blob(blob: Any) -> str | None:
    """``ref.$link``; blobs of early 2023 have ``cid``."""
    return text(dig(blob, "ref", "$link")) or text(dig(blob, "cid"))


def _blob_url(did: str | None, cid: str | None) -> str | None:
    """bsky.social redirects to the server that holds the account, where that is one of Bluesky's own."""
    return f"https://bsky.social/xrpc/com.atproto.sync.getBlob?did={did}&cid={cid}" if did and cid else None


def _cdn_url(did: str | None, cid: str | None) -> str | None:
    """For accounts on other servers than Bluesky's: re-encoded, at most 2000 pixels a side."""
    return f"https://cdn.bsky.app/img/feed_fullsize/plain/{did}/{cid}@jpeg" if did and cid else None
