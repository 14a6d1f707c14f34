"""Media that stand in a post's card: videos and pictures of unified cards, the pictures of a poll, players of videos.

A card is a list or an object of named values; that of a unified card is JSON in a string. Any other picture is a
preview of what the card links to. What does not belong here: a post's own media (:mod:`.media`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from media_pipeline.model import Candidate, MediaType, Role
from media_pipeline.posts.platforms.base import Medium
from media_pipeline.posts.platforms.twitter.media import of_entity
from media_pipeline.posts.values import count, dig, items, mapping, text, web_address

_MOST_CHOICES = 4
_MOST_TEXT = 1 << 20
"""Characters of a unified card's JSON; real ones have some thousands."""
_NUMBER_OF_VIDEO = re.compile(r"//video\.twimg\.com/(?:amplify|ext_tw)_video/(\d+)/")
_STREAMS = (("player_stream_url", "player's stream"), ("player_hls_url", "player's HLS playlist"))


def media_of_card(raw: Mapping[str, Any]) -> Iterator[Medium]:
    """The media in the card of a post, if it has one."""
    card = mapping(raw.get("card"))
    values = _values(mapping(card.get("legacy")) or card)
    if unified := values.get("unified_card"):
        yield from _of_unified_card(text(unified.get("string_value")) or "")
    for number in range(1, _MOST_CHOICES + 1):
        yield from _choice(values, f"choice{number}")
    players = list(_player(values))
    yield from players or _preview(values)


def _values(card: Mapping[str, Any]) -> Mapping[str, Mapping[str, Any]]:
    """The card's values by their names: v1.1 has them in an object, GraphQL in a list."""
    values = card.get("binding_values")
    if isinstance(values, dict):
        return {name: mapping(value) for name, value in mapping(values).items()}
    return {text(dig(entry, "key")) or "": mapping(dig(entry, "value")) for entry in items(values)}


def _of_unified_card(document: str) -> Iterator[Medium]:
    try:
        card = mapping(json.loads(document) if len(document) <= _MOST_TEXT else None)
    except (ValueError, RecursionError):
        return
    for entity in mapping(card.get("media_entities")).values():
        if isinstance(entity, dict):
            yield of_entity(mapping(entity))


def _choice(values: Mapping[str, Mapping[str, Any]], name: str) -> Iterator[Medium]:
    """The picture of a choice of a poll, its upload first."""
    sizes = (f"{name}_image_original", f"{name}_image", f"{name}_image_x_large", f"{name}_image_large")
    found = [mapping(dig(values.get(size), "image_value")) for size in sizes]
    candidates = tuple(
        Candidate(address, count(image.get("width")), count(image.get("height")), rule="picture of a choice")
        for image in found
        if (address := web_address(image.get("url")))
    )
    if candidates:
        label = text(dig(values.get(f"{name}_label"), "string_value"))
        yield Medium(MediaType.IMAGE, candidates, alt_text=text(found[0].get("alt")) or label)


def _player(values: Mapping[str, Mapping[str, Any]]) -> Iterator[Medium]:
    """The video of a player that X itself serves; what a player of another site plays is that site's."""
    found = [(web_address(dig(values.get(name), "string_value")), rule) for name, rule in _STREAMS]
    streams = [(address, rule) for address, rule in found if address and "//video.twimg.com/" in address]
    # A list of advertising clips (VMAP) names the video in XML: it is asked last.
    streams.sort(key=lambda stream: stream[0].partition("?")[0].endswith(".vmap"))
    if not streams:
        return
    candidates = [Candidate(address, rule=rule) for address, rule in streams]
    if preview := web_address(dig(values.get("player_image_original"), "image_value", "url")):
        candidates.append(Candidate(preview, role=Role.POSTER, rule="preview picture"))
    number = next((match[1] for address, _ in streams if (match := _NUMBER_OF_VIDEO.search(address))), None)
    yield Medium(MediaType.VIDEO, tuple(candidates), key=number)


def _preview(values: Mapping[str, Mapping[str, Any]]) -> Iterator[Medium]:
    """The picture of the linked page in all of its sizes, the largest first."""
    images = (mapping(value.get("image_value")) for name, value in values.items() if not name.startswith("choice"))
    sizes = [(address, image) for image in images if (address := web_address(image.get("url")))]
    sizes.sort(key=lambda size: -(count(size[1].get("width")) or 0) * (count(size[1].get("height")) or 0))
    if sizes:
        candidates = (
            Candidate(
                address,
                count(image.get("width")),
                count(image.get("height")),
                role=Role.LINK_PREVIEW,
                rule="picture of the linked page",
            )
            for address, image in sizes
        )
        yield Medium(MediaType.IMAGE, tuple(candidates), role=Role.LINK_PREVIEW)
