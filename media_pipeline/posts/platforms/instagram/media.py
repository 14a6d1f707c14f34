"""What one post of Instagram shows: its own picture or video, or the children of an album, then its soundtrack.

What does not belong here: the URLs of one picture or video, which ``parts`` reads.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import zip_longest
from typing import Any

from media_pipeline.model import Candidate, MediaType, Role
from media_pipeline.posts.platforms.base import Medium
from media_pipeline.posts.platforms.instagram.parts import NO_URL, in_role, kind_of, medium_of
from media_pipeline.posts.values import count, dig, file_name, identifier, integer, items, mapping, text, web_address

_MOST_CHILDREN = 20
"""As many as Instagram allows in an album."""
_ALBUM_NUMBER = 8
_ALBUM_WORDS = ("carousel_album", "graphsidecar", "xdtgraphsidecar", "sidecar", "carousel", "album")
_FLAT_CHILDREN = ("carousel_media", "childPosts", "post_content", "src_attached", "resources")
_PICTURE_LISTS = (("images", MediaType.IMAGE), ("photos", MediaType.IMAGE), ("videos", MediaType.VIDEO))
_SONGS = (
    ("music_metadata", "music_info", "music_asset_info"),
    ("music_metadata", "original_sound_info"),
    ("clips_metadata", "music_info", "music_asset_info"),
    ("clips_metadata", "original_sound_info"),
)
_SONG_KEYS = ("progressive_download_url", "fast_start_progressive_download_url")


def media_of(raw: Mapping[str, Any]) -> list[Medium]:
    """The media of a post in the order that people see them in, then its soundtrack."""
    shown = _shown(raw)
    # Instaloader keeps what the app's API said beside the website's node.
    if of_app := mapping(raw.get("iphone_struct")):
        shown = _joined(_shown(of_app), shown)
    return [*shown, *_soundtracks(raw)]


def _joined(better: list[Medium], other: list[Medium]) -> list[Medium]:
    """Both readings of the same media, the candidates of the better one first."""
    joined: list[Medium] = []
    for first, second in zip_longest(better, other):
        one, two = first or second, second or first
        if one and two:
            known = one.candidates + two.candidates
            note = one.note if one.note and two.note else None
            joined.append(replace(one, candidates=known, alt_text=one.alt_text or two.alt_text, note=note))
    return joined


def _shown(post: Mapping[str, Any]) -> list[Medium]:
    if children := _children(post):
        media = _with_cover([medium_of(child) for child in children], post)
    elif _is_album(post):
        media = _album_without_children(post)
    else:
        own = medium_of(post)
        media = [own] if own.candidates or kind_of(post) else []
    return _with_lists(media, post)


def _children(post: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """What an album holds. A child that is a plain URL is a picture, one that is no object nothing."""
    edges = [dig(edge, "node") for edge in items(dig(post, "edge_sidecar_to_children", "edges"))]
    of_graph_api = items(dig(post, "children", "data")) or items(post.get("children"))
    listed = [entry for key in _FLAT_CHILDREN for entry in items(post.get(key))]
    pictures = [address for kind, address in _listed(post) if kind is MediaType.IMAGE] if _is_album(post) else []
    found = edges or of_graph_api or listed or pictures
    return [child for entry in found if (child := _child(entry))]


def _child(entry: Any) -> Mapping[str, Any]:
    return {"src": entry} if web_address(entry) else mapping(entry)


def _listed(post: Mapping[str, Any]) -> Iterator[tuple[MediaType, str]]:
    """What scrapers list in ``images[]``, ``photos[]`` and ``videos[]``."""
    for key, media_type in _PICTURE_LISTS:
        for entry in items(post.get(key)):
            if address := web_address(entry) or web_address(dig(entry, "url")):
                yield media_type, address


def _is_album(post: Mapping[str, Any]) -> bool:
    if integer(post.get("media_type")) == _ALBUM_NUMBER:
        return True
    words = (text(post.get(key)) for key in ("media_type", "__typename", "type", "content_type"))
    return any(word.lower() in _ALBUM_WORDS for word in words if word)


def _with_cover(media: list[Medium], album: Mapping[str, Any]) -> list[Medium]:
    """An album's own URLs show its first child once more."""
    covers = in_role(medium_of(album).candidates, Role.COVER)
    first = replace(media[0], candidates=media[0].candidates + covers)
    return [first, *media[1:]]


def _album_without_children(album: Mapping[str, Any]) -> list[Medium]:
    """The cover is the first of its pictures; for each other one a note that it is missing, once where uncounted."""
    # Its own key is the album's.
    cover = replace(medium_of(album), key=None)
    number = count(album.get("carousel_media_count"))
    if number and number <= _MOST_CHILDREN:
        notes = [f"picture {place} of the album: {NO_URL}" for place in range(2, number + 1)]
    else:
        notes = [f"the other pictures of the album: {NO_URL}"]
    return [cover, *(Medium(MediaType.IMAGE, (), note=note) for note in notes)]


def _with_lists(media: list[Medium], post: Mapping[str, Any]) -> list[Medium]:
    """Scrapers list the URLs of the same media once more: those of another file are media of their own."""
    media = list(media)
    for media_type, address in _listed(post):
        _add(media, address, media_type)
    return media


def _add(media: list[Medium], address: str, media_type: MediaType) -> None:
    name = file_name(address)
    for place, medium in enumerate(media):
        if any(file_name(candidate.url) == name for candidate in medium.candidates):
            role = Role.MEDIA if medium.media_type is media_type else Role.POSTER
            again = Candidate(address, role=role, rule="listed once more")
            media[place] = _with_candidate(medium, again)
            return
    media.append(Medium(media_type, (Candidate(address, rule="as exported"),)))


def _with_candidate(medium: Medium, candidate: Candidate) -> Medium:
    has_media = any(known.role is Role.MEDIA for known in (*medium.candidates, candidate))
    return replace(medium, candidates=(*medium.candidates, candidate), note=None if has_media else medium.note)


def _soundtracks(raw: Mapping[str, Any]) -> Iterator[Medium]:
    """The song or the sound of others that plays with the post, each once."""
    songs = [mapping(dig(raw, *keys)) for keys in _SONGS]
    seen: set[str | None] = set()
    for song in [*songs, {"id": "audioUrl", _SONG_KEYS[0]: raw.get("audioUrl")}]:
        addresses = [address for key in _SONG_KEYS if (address := web_address(song.get(key)))]
        number = identifier(song.get("audio_asset_id")) or identifier(song.get("id")) or next(iter(addresses), None)
        if addresses and number not in seen:
            seen.add(number)
            candidates = tuple(Candidate(a, role=Role.SOUNDTRACK, rule="song of the post") for a in addresses)
            yield Medium(MediaType.AUDIO, candidates, role=Role.SOUNDTRACK, key=f"song {number}")
