"""Pages of Voyager, the API behind LinkedIn's website: where updates stand, and how a normalized page is joined.

Raw pages hold whole updates under ``elements``. Normalized pages hold every object once in ``included`` and name it
elsewhere by its URN, under keys that begin with ``*``. Each update is made whole here, so that its raw JSON is enough
to read its media. What does not belong here: what an update says.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from media_pipeline.model import Relation
from media_pipeline.posts.platforms.base import Found
from media_pipeline.posts.platforms.linkedin.update import is_update, native_id, reshared_update, text_of
from media_pipeline.posts.values import dig, find_keys, items, mapping, pointer, text

_UPDATE_V2 = "com.linkedin.voyager.feed.render.UpdateV2"
_WRAPPERS = ((), ("value", _UPDATE_V2), (_UPDATE_V2,), ("update",))
_JOINED = ("*resharedUpdate", "*socialDetail", "*totalSocialActivityCounts", "*videoPlayMetadata", "*document")
"""References that lead to something of the post; the others lead to people, places and buttons."""
_DEEPEST = 40
"""Levels down which references are looked for; an update has under 20."""


class _Included(NamedTuple):
    """The objects of a normalized page by URN, and where each stands."""

    objects: Mapping[str, Any]
    places: Mapping[str, str]

    @classmethod
    def of(cls, page: Mapping[str, Any]) -> _Included:
        named = [(text(dig(entry, "entityUrn")), index) for index, entry in enumerate(items(page.get("included")))]
        places = {urn: index for urn, index in named if urn}
        objects = {urn: items(page["included"])[index] for urn, index in places.items()}
        return cls(objects, {urn: pointer("included", index) for urn, index in places.items()})


def find_posts(value: Any) -> Iterator[Found]:
    """Yield every update once, and the one that it repeats or quotes right after it."""
    page = mapping(value)
    included = _Included.of(page)
    seen: set[str | None] = set()
    for found in _updates(page, included):
        for part in _with_reshared(found, included):
            number = native_id(part.value)
            if number not in seen:
                seen.add(number)
                yield part


def _updates(page: Mapping[str, Any], included: _Included) -> Iterator[Found]:
    """Those that the page lists, in its order, then whatever else is among its included objects."""
    if is_update(page):
        yield Found(page)
        return
    listed = [urn for _, named in find_keys(page.get("data"), ("*elements",)) for urn in items(named)]
    reshared = {urn for entry in included.objects.values() if isinstance(urn := dig(entry, "*resharedUpdate"), str)}
    others = [urn for urn in included.objects if urn not in reshared]
    for urn in dict.fromkeys(name for name in [*listed, *others, *reshared] if isinstance(name, str)):
        if is_update(included.objects.get(urn)):
            yield Found(included.objects[urn], included.places[urn])
    for place, update in _raw_updates(page):
        yield Found(update, place)


def _raw_updates(page: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Whole updates under ``elements``, plain or wrapped in ``value`` and the name of their type."""
    for place, held in find_keys(page, ("elements",)):
        for index, element in enumerate(items(held)):
            for keys in _WRAPPERS:
                update = mapping(dig(element, *keys))
                if is_update(update):
                    yield place + pointer(index, *keys), update
                    break


def _with_reshared(found: Found, included: _Included) -> Iterator[Found]:
    update = mapping(_joined(found.value, included, frozenset(), 0))
    yield Found(update, found.pointer, found.relation)
    inner = reshared_update(update)
    if inner:
        place = included.places.get(text(found.value.get("*resharedUpdate")) or "")
        relation = Relation.QUOTED if text_of(update) else Relation.REPOSTED
        yield Found(inner, place or found.pointer + pointer("resharedUpdate"), relation)


def _joined(value: Any, included: _Included, inside: frozenset[str], depth: int) -> Any:
    """The value with what its references name put beside them, under the key without its star."""
    if depth > _DEEPEST:
        return value
    if isinstance(value, list):
        return [_joined(entry, included, inside, depth + 1) for entry in items(value)]
    if not isinstance(value, dict):
        return value
    joined = {key: _joined(entry, included, inside, depth + 1) for key, entry in mapping(value).items()}
    for key in _JOINED:
        urn = joined.get(key)
        if isinstance(urn, str) and urn in included.objects and urn not in inside:
            joined[key[1:]] = _joined(included.objects[urn], included, inside | {urn}, depth + 1)
    return joined
