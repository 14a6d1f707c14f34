"""What one post of Twitter says about itself, and which posts stand inside it.

A post is a v1.1 status, a GraphQL result (its status under ``legacy``), a v2 tweet, or a scraper's flattened tweet.
What does not belong here: media, and where posts stand in a record.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from media_pipeline.model import Relation
from media_pipeline.posts.markup import unescaped
from media_pipeline.posts.platforms.base import Found, Missing
from media_pipeline.posts.values import dig, identifier, integer, items, mapping, moment, pointer, text

V2_RELATIONS: Mapping[Any, Relation] = {
    "retweeted": Relation.REPOSTED,
    "quoted": Relation.QUOTED,
    "replied_to": Relation.REPLY_PARENT,
}

_ID_KEYS = ("id_str", "rest_id", "tweet_id", "id")
_OWN_ID_KEYS = ("id_str", "rest_id", "tweet_id")
_MARKS_OF_A_POST = ("full_text", "text", "entities", "extended_entities", "extended_tweet", "attachments")
_MARKS_OF_A_USER = ("screen_name", "username", "followers_count", "description")
_MARKS_OF_A_LEGACY_POST = ("id_str", "full_text", "conversation_id_str", "user_id_str", "extended_entities")
_NESTED = (
    (("retweeted_status",), Relation.REPOSTED),
    (("legacy", "retweeted_status_result", "result"), Relation.REPOSTED),
    (("retweeted_status_result", "result"), Relation.REPOSTED),
    (("retweeted_tweet",), Relation.REPOSTED),
    (("quoted_status",), Relation.QUOTED),
    (("legacy", "quoted_status_result", "result"), Relation.QUOTED),
    (("quoted_status_result", "result"), Relation.QUOTED),
    (("quoted",), Relation.QUOTED),
)


class Author(NamedTuple):
    """Who posted, as far as the post says."""

    number: str | None
    handle: str | None
    name: str | None


NOBODY = Author(None, None, None)


def native_id(value: Mapping[str, Any]) -> str | None:
    """The post's id in digits."""
    for key in _ID_KEYS:
        if number := _digits(value.get(key)):
            return number
    return _digits(dig(value, "legacy", "id_str"))


def is_post(value: Any) -> bool:
    """Whether an object is a post and not, say, a user, which has an id and a date as well."""
    post = mapping(value)
    if not native_id(post):
        return False
    if legacy := mapping(post.get("legacy")):
        return any(key in legacy for key in _MARKS_OF_A_LEGACY_POST)
    if any(key in post for key in _MARKS_OF_A_USER):
        return False
    # Every platform has `id` and `created_at`.
    return any(key in post for key in _MARKS_OF_A_POST) or (
        "created_at" in post and any(key in post for key in _OWN_ID_KEYS)
    )


def nested_posts(found: Found) -> Iterator[Found | Missing]:
    """Yield the posts that stand inside a post: reposted first, then quoted, then those of flattened v2."""
    for keys, relation in _NESTED:
        inner = dig(found.value, *keys)
        if isinstance(inner, dict):
            yield from graphql_result(inner, found.pointer + pointer(*keys), relation, _named_by(found.value, relation))
    for index, reference in enumerate(items(found.value.get("referenced_tweets"))):
        if is_post(reference):
            relation = V2_RELATIONS.get(text(dig(reference, "type")))
            yield Found(reference, found.pointer + pointer("referenced_tweets", index), relation)


def _named_by(post: Mapping[str, Any], relation: Relation) -> str | None:
    """The id of the post that a post quotes, which it names whether it holds it or not."""
    return _digits(status_of(post).get("quoted_status_id_str")) if relation is Relation.QUOTED else None


def graphql_result(
    value: Any, at: str, relation: Relation | None = None, named: str | None = None
) -> Iterator[Found | Missing]:
    """Yield the post of a GraphQL ``result`` (or of a plain status), or why there is none.

    ``named``: the id of the post that stands here, by what is around it.
    """
    result = mapping(value)
    if "tweet" in result:
        # TweetWithVisibilityResults
        result, at = mapping(result["tweet"]), at + pointer("tweet")
    kind = text(result.get("__typename"))
    if native_id(result) and (kind == "Tweet" or is_post(result)):
        yield Found(result, at, relation)
    elif kind or not result:
        reason = f"the export holds no post here ({kind or 'empty result'}): deleted, withheld or protected"
        yield Missing(reason, at, native_id(result) or named)


def reposted_post(raw: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The post that this one repeats, if it is a retweet and holds it."""
    for inner in nested_posts(Found(raw)):
        if isinstance(inner, Found) and inner.relation is Relation.REPOSTED:
            return inner.value
    return None


def status_of(raw: Mapping[str, Any]) -> Mapping[str, Any]:
    """The object that carries text, time and entities: GraphQL keeps it under ``legacy``."""
    return mapping(raw.get("legacy")) or raw


def author_of(raw: Mapping[str, Any]) -> Author:
    """The author from v1.1 ``user``, v2 and scraper ``author``, or GraphQL ``core``, in its layouts up to 2025."""
    user = mapping(raw.get("user")) or mapping(raw.get("author")) or mapping(dig(raw, "core", "user_results", "result"))
    places = (user, mapping(user.get("legacy")), mapping(user.get("core")))
    return Author(
        number=_first_digits(user, "id_str", "rest_id", "id")
        or _digits(raw.get("author_id"))
        or _digits(status_of(raw).get("user_id_str")),
        handle=_first_text(places, "screen_name", "username"),
        name=_first_text(places, "name"),
    )


def owner_of(account: Mapping[str, Any]) -> Author:
    """The author of every post in an X archive, from its ``account.js``."""
    return Author(
        number=_digits(account.get("accountId")),
        handle=text(account.get("username")),
        name=text(account.get("accountDisplayName")),
    )


def counts_of(raw: Mapping[str, Any]) -> tuple[int | None, int | None]:
    """Likes and reposts: v1.1, GraphQL, the archive and scrapers, else v2."""
    status, metrics = status_of(raw), mapping(raw.get("public_metrics"))
    likes = (status.get("favorite_count"), metrics.get("like_count"), raw.get("likeCount"), raw.get("favorites"))
    shares = (status.get("retweet_count"), metrics.get("retweet_count"), raw.get("retweetCount"), raw.get("retweets"))
    return _first_integer(likes), _first_integer(shares)


def text_of(raw: Mapping[str, Any]) -> str | None:
    """The whole text: long posts keep it apart from the shortened one. The APIs escape ``&``, ``<`` and ``>``."""
    status = status_of(raw)
    found = (
        text(dig(raw, "note_tweet", "note_tweet_results", "result", "text"))
        or text(dig(raw, "note_tweet", "text"))
        or text(dig(raw, "extended_tweet", "full_text"))
        or text(status.get("full_text"))
        or text(status.get("text"))
    )
    return unescaped(found) if found else None


def time_of(raw: Mapping[str, Any]) -> datetime | None:
    """When it was posted, UTC."""
    return moment(status_of(raw).get("created_at"))


def _digits(value: Any) -> str | None:
    number = identifier(value)
    return number if number and number.isascii() and number.isdecimal() else None


def _first_integer(values: tuple[Any, ...]) -> int | None:
    return next((number for value in values if (number := integer(value)) is not None), None)


def _first_digits(value: Mapping[str, Any], *keys: str) -> str | None:
    return next((number for key in keys if (number := _digits(value.get(key)))), None)


def _first_text(places: tuple[Mapping[str, Any], ...], *keys: str) -> str | None:
    return next((found for place in places for key in keys if (found := text(place.get(key)))), None)
