"""Exports of Twitter: v1.1 as a stream, GraphQL of the website, the X archive."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import orjson

from media_pipeline.demo.exports.writing import Json, pretty
from media_pipeline.demo.media import Kind, Medium
from media_pipeline.demo.sample import Author, SamplePost

BROKEN_LINE = '{"created_at": "Tue Aug 25 08:14:02 +0000 2026", "id_str": "2092165", "full_text": "The disk was fu'
"""A line whose writer was stopped in the middle."""
BROKEN_LINE_NUMBER = 6


def v11_lines(posts: Sequence[SamplePost]) -> bytes:
    """NDJSON of v1.1 statuses, one line of which is broken."""
    lines = [orjson.dumps(_v11_status(post)).decode() for post in posts]
    lines.insert(BROKEN_LINE_NUMBER - 1, BROKEN_LINE)
    return "".join(f"{line}\n" for line in lines).encode()


def graphql_timeline(posts: Sequence[SamplePost]) -> bytes:
    """The answer to the query ``UserTweets``."""
    entries = [
        {
            "entryId": f"tweet-{post.tweet_id}",
            "sortIndex": post.tweet_id,
            "content": {
                "entryType": "TimelineTimelineItem",
                "__typename": "TimelineTimelineItem",
                "itemContent": {
                    "itemType": "TimelineTweet",
                    "__typename": "TimelineTweet",
                    "tweet_results": {"result": _graphql_tweet(post)},
                    "tweetDisplayType": "Tweet",
                },
            },
        }
        for post in reversed(posts)
    ]
    instructions = [{"type": "TimelineClearCache"}, {"type": "TimelineAddEntries", "entries": entries}]
    timeline = {"timeline": {"instructions": instructions}}
    return pretty({"data": {"user": {"result": {"__typename": "User", "timeline_v2": timeline}}}})


def x_archive(posts: Sequence[SamplePost]) -> bytes:
    """The file ``data/tweets.js`` of an X archive: JSON after an assignment, numbers as text, no author."""
    tweets = [{"tweet": _archive_tweet(post)} for post in reversed(posts)]
    return b"window.YTD.tweets.part0 = " + pretty(tweets)


def account(owner: Author) -> bytes:
    """The file ``data/account.js`` of an X archive."""
    values = {"accountId": str(owner.number), "username": owner.handle, "accountDisplayName": owner.name}
    return b"window.YTD.account.part0 = " + pretty([{"account": values}])


def _v11_status(post: SamplePost) -> Json:
    status: Json = {
        "created_at": _twitter_time(post),
        "id": int(post.tweet_id),
        "id_str": post.tweet_id,
        "full_text": post.text,
        "truncated": False,
        "display_text_range": [0, len(post.text)],
        "entities": _entities(post.media),
        "source": '<a href="https://mobile.x.com" rel="nofollow">X Web App</a>',
        "user": _v11_user(post.author),
        "is_quote_status": post.quotes is not None,
        "retweet_count": 12,
        "favorite_count": 87,
        "lang": "en",
    }
    if post.media:
        status["extended_entities"] = {"media": [_media_entity(medium) for medium in post.media]}
    if post.reposts:
        status["retweeted_status"] = _v11_status(post.reposts)
    if post.quotes:
        status["quoted_status_id_str"] = post.quotes.tweet_id
        status["quoted_status"] = _v11_status(post.quotes)
    return status


def _v11_user(author: Author) -> Json:
    return {
        "id": author.number,
        "id_str": str(author.number),
        "name": author.name,
        "screen_name": author.handle,
        "location": "",
        "followers_count": 1312,
        "verified": False,
        "profile_image_url_https": f"https://pbs.twimg.com/profile_images/{author.number}/avatar_normal.jpg",
    }


def _graphql_tweet(post: SamplePost) -> Json:
    names = {
        "name": post.author.name,
        "screen_name": post.author.handle,
        "created_at": "Sat Mar 21 20:50:14 +0000 2009",
    }
    legacy: Json = {
        "created_at": _twitter_time(post),
        "conversation_id_str": post.tweet_id,
        "entities": _entities(post.media),
        "favorite_count": 87,
        "full_text": post.text,
        "id_str": post.tweet_id,
        "is_quote_status": post.quotes is not None,
        "lang": "en",
        "user_id_str": str(post.author.number),
    }
    if post.media:
        legacy["extended_entities"] = {"media": [_media_entity(medium) for medium in post.media]}
    tweet: Json = {
        "__typename": "Tweet",
        "rest_id": post.tweet_id,
        "core": {"user_results": {"result": {"__typename": "User", "rest_id": str(post.author.number), "core": names}}},
        "views": {"count": "4711", "state": "EnabledWithCount"},
        "legacy": legacy,
    }
    if post.quotes:
        tweet["quoted_status_result"] = {"result": _graphql_tweet(post.quotes)}
    return tweet


def _archive_tweet(post: SamplePost) -> Json:
    tweet: Json = {
        "edit_info": {"initial": {"editTweetIds": [post.tweet_id], "editsRemaining": "5", "isEditEligible": False}},
        "retweeted": False,
        "source": '<a href="https://mobile.x.com" rel="nofollow">X Web App</a>',
        "entities": _entities(post.media),
        "display_text_range": ["0", str(len(post.text))],
        "favorite_count": "9",
        "id_str": post.tweet_id,
        "truncated": False,
        "retweet_count": "0",
        "id": post.tweet_id,
        "created_at": _twitter_time(post),
        "favorited": False,
        "full_text": post.text,
        "lang": "en",
    }
    if post.media:
        tweet["extended_entities"] = {"media": [_media_entity(medium) for medium in post.media]}
    return tweet


def _entities(media: Iterable[Medium]) -> Json:
    """Besides tags and links, only the first medium."""
    first = [_media_entity(medium) for medium in media][:1]
    return {"hashtags": [], "symbols": [], "user_mentions": [], "urls": [], **({"media": first} if first else {})}


def _media_entity(medium: Medium) -> Json:
    width, height = medium.size
    entity: Json = {
        "display_url": f"pic.x.com/{medium.key[-10:]}",
        "indices": [0, 23],
        "type": medium.kind.value,
        "media_url_https": _shown_url(medium),
        "original_info": {"width": width, "height": height},
        "sizes": {"thumb": {"w": 150, "h": 150, "resize": "crop"}, "large": {"w": width, "h": height, "resize": "fit"}},
    }
    if medium.alt_text:
        entity["ext_alt_text"] = medium.alt_text
    if medium.kind is Kind.VIDEO:
        entity["video_info"] = {"aspect_ratio": [16, 9], "duration_millis": 4000, "variants": _variants(medium.url)}
    elif medium.kind is Kind.ANIMATED_GIF:
        only = {"bitrate": 0, "content_type": "video/mp4", "url": medium.url}
        entity["video_info"] = {"aspect_ratio": [1, 1], "variants": [only]}
    return entity


def _shown_url(medium: Medium) -> str:
    """The address that exports give: a photo without a size, of a video only its poster."""
    if medium.kind is Kind.PHOTO:
        return f"https://pbs.twimg.com/media/{medium.key}.{medium.extension}"
    folder = "tweet_video_thumb" if medium.kind is Kind.ANIMATED_GIF else "ext_tw_video_thumb/1/pu/img"
    return f"https://pbs.twimg.com/{folder}/{medium.key}.jpg"


def _variants(best: str) -> list[Json]:
    """The best is neither first nor last; the playlist has no bitrate."""
    folder = best.partition("/vid/")[0]
    return [
        {"content_type": "application/x-mpegURL", "url": f"{folder}/pl/stream.m3u8?tag=14"},
        {"bitrate": 256_000, "content_type": "video/mp4", "url": f"{folder}/vid/avc1/480x270/small.mp4?tag=14"},
        {"bitrate": 2_176_000, "content_type": "video/mp4", "url": best},
        {"bitrate": 832_000, "content_type": "video/mp4", "url": f"{folder}/vid/avc1/640x360/middle.mp4?tag=14"},
    ]


def _twitter_time(post: SamplePost) -> str:
    return post.posted_at.strftime("%a %b %d %H:%M:%S +0000 %Y")
