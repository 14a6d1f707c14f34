"""Posts of Instagram's official export, "Your information": media by their path in the zip, no ids, no addresses.

A post is an object with ``media``, a list of files (``uri``, ``creation_timestamp``, ``title``); a story or a profile
photo is one such file in a list whose key begins with ``ig_``. Texts are UTF-8 that Meta has read as Latin-1. What does
not belong here: where the files lie (``posts.local_media``).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from media_pipeline.model import MediaType, Role
from media_pipeline.posts.platforms.base import Found, Medium
from media_pipeline.posts.platforms.meta import in_export, type_of, words
from media_pipeline.posts.values import dig, file_name, items, mapping, moment, pointer, text

_LISTS = "ig_"
"""What the keys of the lists of stories, reels, profile photos … begin with."""
_HANDLE = re.compile(r"[A-Za-z0-9._]{1,30}")
_FOLDERS = ("/posts/", "/stories/", "/reels/", "/igtv/", "/profile/", "/other/", "/archived_posts/")


def is_post(value: Mapping[str, Any]) -> bool:
    """Whether an object is a post of the export: every one of its media is a file of it."""
    media = items(value.get("media"))
    return bool(media) and all(_is_file(mapping(medium)) for medium in media)


def lone_files(value: Mapping[str, Any], at: str) -> Iterator[Found]:
    """Yield the files of a record that are a post by themselves: stories and profile photos."""
    for key, listed in value.items():
        if key.startswith(_LISTS):
            for index, entry in enumerate(items(listed)):
                if _is_file(mapping(entry)):
                    yield Found(entry, at + pointer(key, index))


def is_lone_file(raw: Mapping[str, Any]) -> bool:
    """Whether a post is a story or a profile photo."""
    return _is_file(raw)


def _is_file(value: Mapping[str, Any]) -> bool:
    path = text(value.get("uri")) or ""
    return "creation_timestamp" in value and "://" not in path and any(folder in f"/{path}" for folder in _FOLDERS)


def native_id(raw: Mapping[str, Any]) -> str:
    """The export has no ids: the name of the first file stands for the post, which has it in every export."""
    return f"export-{file_name(_files(raw)[0]['uri']).partition('.')[0]}"


def time_of(raw: Mapping[str, Any]) -> datetime | None:
    """When it was posted, UTC."""
    return moment(raw.get("creation_timestamp")) or moment(_files(raw)[0].get("creation_timestamp"))


def text_of(raw: Mapping[str, Any]) -> str | None:
    """The caption: of an album its own, of a single file that file's."""
    files = _files(raw)
    return words(raw.get("title")) or (words(files[0].get("title")) if len(files) == 1 else None)


def media_of(raw: Mapping[str, Any]) -> list[Medium]:
    """The files of a post in their order, then the subtitles of its videos."""
    files = _files(raw)
    return [*(_medium(file, is_alone=len(files) == 1) for file in files), *_subtitles(files)]


def _subtitles(files: Sequence[Mapping[str, Any]]) -> Iterator[Medium]:
    for file in files:
        if path := text(dig(file, "media_metadata", "video_metadata", "subtitles", "uri")):
            yield in_export(path, MediaType.DOCUMENT, Role.SUBTITLES, file_name(path))


def owner_of(account: Mapping[str, Any]) -> tuple[str | None, str | None]:
    """Handle and name of the account, from ``personal_information.json``, whose keys are in the owner's language."""
    said = {
        key: words(mapping(entry).get("value"))
        for user in items(account.get("profile_user"))
        for key, entry in mapping(dig(user, "string_map_data")).items()
    }
    handle = said.get("Username") or next((one for one in said.values() if one and _HANDLE.fullmatch(one)), None)
    return handle, said.get("Name")


def _files(raw: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [raw] if _is_file(raw) else [mapping(medium) for medium in items(raw.get("media"))]


def _medium(file: Mapping[str, Any], is_alone: bool) -> Medium:
    path: str = file["uri"]
    return in_export(path, type_of(file), Role.MEDIA, file_name(path), None if is_alone else words(file.get("title")))
