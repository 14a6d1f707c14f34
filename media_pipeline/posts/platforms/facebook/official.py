"""Posts of Facebook's official export, "Download your information": media by their path in the zip, no ids.

A post has a ``timestamp``, its words under ``data[].post``, its files under ``attachments[].data[].media``; videos,
loose photos and those of an album are files in a list of their own, each a post. An export of 2020 names web addresses
instead of paths. Texts are UTF-8 that Meta has read as Latin-1. What does not belong here: where the files lie
(``posts.local_media``).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from media_pipeline.model import Candidate, MediaType, Role
from media_pipeline.posts.platforms.base import Found, Medium
from media_pipeline.posts.platforms.meta import in_export, type_of, words
from media_pipeline.posts.values import dig, file_name, integer, items, mapping, moment, pointer, text, web_address

_LISTS = ("videos_v2", "videos", "other_photos_v2", "other_photos", "photos")
"""Keys of lists whose files are posts; ``photos`` only of an album."""
_MARKS_OF_OTHERS = ("id", "post_id", "postId", "created_time", "__typename", "messages")


def is_post(value: Mapping[str, Any]) -> bool:
    """Whether an object is a post of the export: a time in seconds, and words or files where the export has them."""
    if integer(value.get("timestamp")) is None or any(key in value for key in _MARKS_OF_OTHERS):
        return False
    return any("post" in mapping(part) for part in items(value.get("data"))) or any(_attached(value))


def lone_files(value: Mapping[str, Any], at: str) -> Iterator[Found]:
    """Yield the files of a record that are a post by themselves: videos, loose photos and those of an album."""
    for key in _LISTS:
        if key in value and (key != "photos" or ("name" in value and "last_modified_timestamp" in value)):
            for index, entry in enumerate(items(value[key])):
                if is_file(mapping(entry)):
                    yield Found(entry, at + pointer(key, index))


def is_file(value: Mapping[str, Any]) -> bool:
    """Whether an object is a file of the export, or one that it names by its address."""
    return "creation_timestamp" in value and text(value.get("uri")) is not None


def native_id(raw: Mapping[str, Any]) -> str:
    """The export has no ids: the time and name of the first file stand for the post, else its time and its words."""
    first = next(_files(raw), None)
    if first is not None:
        return f"export-{_name_of(first).partition('.')[0]}"
    words = hashlib.sha256((text_of(raw) or "").encode("utf-8", "surrogatepass")).hexdigest()
    return f"export-{raw['timestamp']}-{words[:12]}"


def time_of(raw: Mapping[str, Any]) -> datetime | None:
    """When it was posted, UTC."""
    return moment(raw.get("timestamp")) or moment(raw.get("creation_timestamp"))


def text_of(raw: Mapping[str, Any]) -> str | None:
    """The words of the post; of a lone file its description."""
    said = "\n".join(filter(None, (words(mapping(part).get("post")) for part in items(raw.get("data")))))
    return said or (words(raw.get("description")) if is_file(raw) else None)


def media_of(raw: Mapping[str, Any]) -> Iterator[Medium]:
    """The files of a post in their order, each once, then the previews of its videos."""
    files = {str(file["uri"]): file for file in _files(raw)}
    for uri, file in files.items():
        said = None if file is raw else words(file.get("description"))
        yield _medium(uri, type_of(file), Role.MEDIA, _name_of(file), said)
    for file in files.values():
        if preview := text(dig(file, "thumbnail", "uri")):
            yield _medium(preview, MediaType.IMAGE, Role.POSTER, f"preview-{_name_of(file)}")


def owner_of(profile: Mapping[str, Any]) -> tuple[str | None, str | None]:
    """Handle and name of the account, from ``profile_information.json``."""
    about = mapping(profile.get("profile_v2")) or mapping(profile.get("profile"))
    page = web_address(about.get("profile_uri"))
    return file_name(page) or None if page else None, words(dig(about, "name", "full_name"))


def _attached(raw: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for attachment in items(raw.get("attachments")):
        for part in items(mapping(attachment).get("data")):
            media = mapping(mapping(part).get("media"))
            if is_file(media):
                yield media


def _files(raw: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    if is_file(raw):
        yield raw
    else:
        yield from _attached(raw)


def _name_of(file: Mapping[str, Any]) -> str:
    """Stable from one export to the next: folders have another ending in each."""
    return f"{file['creation_timestamp']}-{file_name(str(file['uri']))}"


def _medium(uri: str, kind: MediaType, role: Role, key: str, alt_text: str | None = None) -> Medium:
    if address := web_address(uri):
        return Medium(kind, (Candidate(address, role=role, rule="as exported"),), role, alt_text, key=key)
    return in_export(uri, kind, role, key, alt_text)
