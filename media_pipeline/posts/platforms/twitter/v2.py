"""Pages of the v2 API: ``data`` holds the posts, ``includes`` what they refer to by key.

Each post is made whole here, in the shape that twarc's ``flatten`` gives: ``author``, ``attachments.media[]`` and,
for a retweet, the reposted post inside ``referenced_tweets[]``.
Source: https://docs.x.com/x-api/fundamentals/expansions
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from media_pipeline.model import Relation
from media_pipeline.posts.platforms.base import Found, Missing
from media_pipeline.posts.platforms.twitter.statuses import V2_RELATIONS, is_post, nested_posts
from media_pipeline.posts.values import dig, identifier, items, mapping, pointer, text


def is_page(value: Mapping[str, Any]) -> bool:
    """Whether ``data`` is a post or holds one."""
    data = value.get("data")
    return is_post(data) or any(map(is_post, items(data)))


def posts_of_page(page: Mapping[str, Any], at: str) -> Iterator[Found | Missing]:
    """Yield the posts of ``data``, then those of ``includes.tweets`` with the relation that brought them in."""
    includes = _Includes.of(page)
    data = page["data"]
    entries = list(_placed(data, "data")) or [(pointer("data"), mapping(data))]
    relations = _relations([*(entry for _, entry in entries), *includes.posts.values()])
    for place, entry in entries:
        if is_post(entry):
            yield Found(includes.join(entry), at + place)
            # Of the page as it was read: what a join puts inside a post stands elsewhere, and comes from there.
            yield from nested_posts(Found(entry, at + place))
    for place, entry in _placed(dig(page, "includes", "tweets"), "includes", "tweets"):
        if is_post(entry):
            yield Found(includes.join(entry), at + place, relations.get(identifier(entry.get("id"))))


def _placed(value: Any, *keys: str) -> Iterator[tuple[str, Any]]:
    for index, entry in enumerate(items(value)):
        yield pointer(*keys, index), entry


def _relations(posts: Iterable[Any]) -> dict[str | None, Relation]:
    """By post id, how another post of the page refers to it; the first one counts."""
    found: dict[str | None, Relation] = {}
    for post in posts:
        for reference in items(mapping(post).get("referenced_tweets")):
            relation = V2_RELATIONS.get(text(dig(reference, "type")))
            if relation:
                found.setdefault(identifier(dig(reference, "id")), relation)
    return found


class _Includes(NamedTuple):
    """What a page's posts refer to, by key or id."""

    media: Mapping[str, Any]
    users: Mapping[str, Any]
    posts: Mapping[str, Any]

    @classmethod
    def of(cls, page: Mapping[str, Any]) -> _Includes:
        includes = mapping(page.get("includes"))
        return cls(
            media=_by(includes.get("media"), "media_key"),
            users=_by(includes.get("users"), "id"),
            posts=_by(includes.get("tweets"), "id"),
        )

    def join(self, post: Mapping[str, Any]) -> dict[str, Any]:
        """The post with its author, its media and, if it is a retweet, the reposted post."""
        joined = self._join_own(post)
        references = [self._join_reference(reference) for reference in items(post.get("referenced_tweets"))]
        return {**joined, "referenced_tweets": references} if references else joined

    def _join_own(self, post: Mapping[str, Any]) -> dict[str, Any]:
        joined = dict(post)
        author = self.users.get(identifier(post.get("author_id")) or "")
        if author and "author" not in post:
            joined["author"] = author
        attachments = mapping(post.get("attachments"))
        if "media_keys" in attachments and "media" not in attachments:
            keys = [identifier(key) or "" for key in items(attachments["media_keys"])]
            joined["attachments"] = {**attachments, "media": [self.media[key] for key in keys if key in self.media]}
        return joined

    def _join_reference(self, reference: Any) -> Any:
        post = mapping(self.posts.get(identifier(dig(reference, "id")) or ""))
        if dig(reference, "type") != "retweeted" or not is_post(post):
            return reference
        return {**self._join_own(post), **mapping(reference)}


def _by(value: Any, key: str) -> dict[str, Any]:
    return {name: entry for entry in items(value) if (name := identifier(mapping(entry).get(key)))}
