"""What a post of Twitter shows, in every shape that exports have."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from media_pipeline.model import Fault, Locator, MediaRef, MediaType, Post, Record, Relation, Role
from media_pipeline.posts.platforms.twitter import Twitter
from media_pipeline_tests.ids import telling
from media_pipeline_tests.posts import twitter_shapes as shapes
from media_pipeline_tests.posts.twitter_shapes import (
    LARGE_MP4,
    PHOTO,
    PHOTO_ORIGINAL,
    PLAYLIST,
    POSTER,
    SMALL_MP4,
    graphql,
    photo,
    scraped,
    status,
    timeline,
    v2_page,
    video,
)

TWITTER = Twitter()
OTHER = "https://pbs.twimg.com/media/Other.png"
OTHER_ORIGINAL = "https://pbs.twimg.com/media/Other?format=png&name=orig"


def read(value: Any) -> list[Post | Fault]:
    return list(TWITTER.posts(Record(value, Locator(line=3))))


def posts(value: Any) -> list[Post]:
    return [part for part in read(value) if isinstance(part, Post)]


def media(value: Any) -> tuple[MediaRef, ...]:
    return TWITTER.media(posts(value)[0].raw)


def urls(post: Post) -> list[str | None]:
    return [reference.url for reference in TWITTER.media(post.raw)]


def outline(value: Any) -> list[tuple[str, str, Relation | None]]:
    return [(post.native_id, post.locator.pointer, post.relation) for post in posts(value)]


def test_a_photo_is_had_as_it_was_uploaded_then_smaller() -> None:
    (reference,) = media(status(1, photo(ext_alt_text="a cat")))
    assert reference.media_type is MediaType.IMAGE
    assert reference.alt_text == "a cat"
    assert [candidate.url for candidate in reference.candidates] == [
        PHOTO_ORIGINAL,
        "https://pbs.twimg.com/media/Abc-_123?format=jpg&name=4096x4096",
        PHOTO,
    ]
    assert (reference.candidates[0].width, reference.candidates[0].height) == (2048, 1536)


@pytest.mark.parametrize(
    "written",
    [
        "http://pbs.twimg.com/media/Abc-_123.jpg",
        PHOTO + ":large",
        PHOTO + "?name=small",
        "https://pbs.twimg.com/media/Abc-_123?format=jpg&name=small",
    ],
)
def test_every_way_to_write_a_photo_leads_to_the_upload(written: str) -> None:
    assert media(status(1, photo(written)))[0].url == PHOTO_ORIGINAL


def test_a_photo_of_another_host_is_taken_as_it_is() -> None:
    (reference,) = media(status(1, photo("https://example.org/a.jpg")))
    assert [candidate.url for candidate in reference.candidates] == ["https://example.org/a.jpg"]


@pytest.mark.parametrize("kind", ["video", "animated_gif"])
def test_a_video_is_had_at_its_highest_bitrate_and_its_poster_is_no_medium(kind: str) -> None:
    (reference,) = media(status(1, video(kind)))
    assert reference.media_type is MediaType.VIDEO
    assert [(candidate.url, candidate.role) for candidate in reference.candidates] == [
        (LARGE_MP4, Role.MEDIA),
        (SMALL_MP4, Role.MEDIA),
        (PLAYLIST, Role.MEDIA),
        (POSTER, Role.POSTER),
    ]
    best = reference.candidates[0]
    assert (best.width, best.height, best.bitrate) == (1280, 720, 2176000)


def test_numbers_may_be_strings_as_in_the_archive() -> None:
    clip = video()
    for variant in clip["video_info"]["variants"]:
        variant["bitrate"] = str(variant.get("bitrate", ""))
    assert media({"tweet": status(1, clip)})[0].url == LARGE_MP4


def test_the_extended_tweet_wins_and_plain_entities_come_last() -> None:
    extended = {"extended_entities": {"media": [photo(OTHER)]}, "full_text": "the whole text"}
    (post,) = posts(status(1, photo(), extended_tweet=extended))
    assert urls(post) == [OTHER_ORIGINAL]
    assert post.text == "the whole text"
    assert [reference.url for reference in media(status(1, photo(), extended_entities=None))] == [PHOTO_ORIGINAL]


def test_media_keep_their_order_and_positions() -> None:
    references = media(status(1, photo(), video(), photo(OTHER)))
    assert [(ref.position, ref.url) for ref in references] == [(0, PHOTO_ORIGINAL), (1, LARGE_MP4), (2, OTHER_ORIGINAL)]


def test_a_retweet_shows_the_inner_media_and_the_inner_post_is_its_own() -> None:
    outer = status(1, retweeted_status=status(2, photo(), video()))
    assert outline(outer) == [("1", "", None), ("2", "/retweeted_status", Relation.REPOSTED)]
    first, second = posts(outer)
    assert urls(first) == urls(second) == [PHOTO_ORIGINAL, LARGE_MP4]


def test_the_media_of_a_quoted_post_are_its_own_alone() -> None:
    first, second = posts(status(1, photo(), quoted_status=status(2, video())))
    assert second.relation is Relation.QUOTED
    assert (urls(first), urls(second)) == ([PHOTO_ORIGINAL], [LARGE_MP4])


def test_a_retweet_of_a_quote_shows_each_post_once() -> None:
    quoted = status(3)
    outer = status(1, retweeted_status=status(2, quoted_status=quoted), quoted_status=quoted)
    assert outline(outer) == [
        ("1", "", None),
        ("2", "/retweeted_status", Relation.REPOSTED),
        ("3", "/retweeted_status/quoted_status", Relation.QUOTED),
    ]


def test_who_when_where_and_what_are_read() -> None:
    (post,) = posts(status(1))
    assert (post.author_id, post.author_handle, post.author_name) == ("77", "ann", "Ann")
    assert post.posted_at == datetime(2018, 10, 10, 20, 19, 24, tzinfo=UTC)
    assert post.url == "https://x.com/ann/status/1"
    assert post.text == "post 1"
    assert post.locator == Locator(line=3)


def test_without_a_handle_the_url_still_leads_to_the_post() -> None:
    value = {"tweet": {"id_str": "9", "full_text": "mine"}}
    (post,) = posts(value)
    assert post.url == "https://x.com/i/status/9"
    assert post.locator.pointer == "/tweet"


@pytest.mark.parametrize("layout", [2023, 2025])
def test_graphql_posts_are_found_anywhere(layout: int) -> None:
    value = timeline(graphql(1, photo(), layout=layout), graphql(2, video(), layout=layout))
    at = "/data/user/result/timeline/instructions/0/entries/{}/content/itemContent/tweet_results/result"
    assert outline(value) == [("1", at.format(0), None), ("2", at.format(1), None)]
    first, second = posts(value)
    assert (first.author_handle, first.author_name, first.author_id) == ("ann", "Ann", "77")
    assert first.posted_at
    assert (urls(first), urls(second)) == ([PHOTO_ORIGINAL], [LARGE_MP4])


@pytest.mark.parametrize(
    ("value", "at"),
    [
        ({"data": {"tweetResult": {"result": graphql(1)}}}, "/data/tweetResult/result"),
        ({"data": {"tweetResult": [{"result": graphql(1)}]}}, "/data/tweetResult/0/result"),
        ({"data": {"tweetResult": {"result": {"tweet": graphql(1)}}}}, "/data/tweetResult/result/tweet"),
        (graphql(1), ""),
        ([graphql(1)], "/0"),
    ],
    ids=telling,
)
def test_graphql_envelopes_are_opened(value: Any, at: str) -> None:
    assert outline(value) == [("1", at, None)]


def test_graphql_retweets_and_quotes_stand_under_their_own_pointers() -> None:
    quoted = {"__typename": "TweetWithVisibilityResults", "tweet": graphql(3, photo(OTHER))}
    inner = {**graphql(2, video()), "quoted_status_result": {"result": quoted}}
    value = graphql(1, photo(), retweeted_status_result={"result": inner})
    assert outline(value) == [
        ("1", "", None),
        ("2", "/legacy/retweeted_status_result/result", Relation.REPOSTED),
        ("3", "/legacy/retweeted_status_result/result/quoted_status_result/result/tweet", Relation.QUOTED),
    ]
    assert [urls(post) for post in posts(value)] == [[LARGE_MP4], [LARGE_MP4], [OTHER_ORIGINAL]]


def test_long_posts_have_their_whole_text() -> None:
    value = {**graphql(1), "note_tweet": {"note_tweet_results": {"result": {"text": "long"}}}}
    assert posts(value)[0].text == "long"


def test_withheld_posts_are_faults_that_say_so() -> None:
    value = timeline({"__typename": "TweetTombstone", "tombstone": {}}, graphql(1))
    fault, post = read(value)
    assert isinstance(fault, Fault)
    assert "TweetTombstone" in fault.reason
    assert fault.locator.pointer.endswith("/entries/0/content/itemContent/tweet_results/result")
    assert isinstance(post, Post)


def test_a_v2_page_is_joined_and_each_post_is_complete_by_itself() -> None:
    assert outline(v2_page()) == [
        ("1", "/data/0", None),
        ("2", "/data/1", None),
        ("3", "/data/2", None),
        ("4", "/data/3", None),
        ("11", "/includes/tweets/0", Relation.REPOSTED),
        ("12", "/includes/tweets/1", Relation.QUOTED),
    ]
    found = {post.native_id: post for post in posts(v2_page())}
    stored = json.loads(json.dumps(found["2"].raw))
    assert [reference.url for reference in TWITTER.media(stored)] == [LARGE_MP4]
    assert urls(found["1"]) == [PHOTO_ORIGINAL]
    assert urls(found["3"]) == []
    assert urls(found["11"]) == [LARGE_MP4]
    assert found["1"].author_handle == "ann"
    assert (found["4"].author_id, found["4"].url) == ("78", "https://x.com/i/status/4")
    assert TWITTER.media(found["1"].raw)[0].alt_text == "a cat"


def test_one_post_under_data_is_a_page_as_well() -> None:
    page = v2_page()
    assert outline({**page, "data": page["data"][0]})[0] == ("1", "/data", None)


def test_media_keys_that_the_page_lacks_are_kept_with_the_reason() -> None:
    post = next(post for post in posts(v2_page()) if post.native_id == "4")
    photo_ref, gif_ref = TWITTER.media(post.raw)
    assert (photo_ref.media_type, photo_ref.url, photo_ref.candidates) == (MediaType.IMAGE, None, ())
    assert photo_ref.note
    assert "3_9" in photo_ref.note
    assert (gif_ref.media_type, gif_ref.url) == (MediaType.VIDEO, None)
    assert [(candidate.url, candidate.role) for candidate in gif_ref.candidates] == [(POSTER, Role.POSTER)]
    assert gif_ref.note


def test_flattened_v2_is_read_as_twarc_writes_it() -> None:
    page = v2_page()
    inner = {**page["includes"]["tweets"][0], "attachments": {"media": [page["includes"]["media"][1]]}}
    value = {**page["data"][1], "author": page["includes"]["users"][0]}
    value["referenced_tweets"] = [{"type": "retweeted", **inner}]
    assert outline(value) == [("2", "", None), ("11", "/referenced_tweets/0", Relation.REPOSTED)]
    assert [urls(post) for post in posts(value)] == [[LARGE_MP4], [LARGE_MP4]]


def test_scraped_posts_show_photos_and_videos() -> None:
    (post,) = posts([scraped()])
    assert (post.native_id, post.author_handle, post.locator.pointer) == ("5", "ann", "/0")
    assert urls(post) == [PHOTO_ORIGINAL, LARGE_MP4]


@pytest.mark.parametrize("key", ["statuses", "results"])
def test_search_answers_are_opened(key: str) -> None:
    assert outline({key: [status(1), status(2)]}) == [("1", f"/{key}/0", None), ("2", f"/{key}/1", None)]


def test_the_picture_of_a_linked_page_is_not_the_posts_own() -> None:
    card = {"binding_values": {"thumbnail_image": {"image_value": {"url": OTHER}}}}
    assert [ref.role for ref in media(status(1, card=card))] == [Role.LINK_PREVIEW]


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ({"delete": {"status": {"id_str": "5"}}}, "delete notice for post 5"),
        ({"delete": None}, "delete notice"),
        ({"limit": {"track": 5}}, "`limit` notice"),
        ({"hello": "world"}, "no post of twitter found in this record"),
        ({"id_str": "5", "screen_name": "ann", "created_at": "x", "entities": {}}, "no post of twitter"),
        ([], "no post of twitter"),
        ("text", "no post of twitter"),
        (None, "no post of twitter"),
    ],
    ids=telling,
)
def test_a_record_without_a_post_is_a_fault_that_says_what_was_expected(value: Any, reason: str) -> None:
    (fault,) = read(value)
    assert isinstance(fault, Fault)
    assert reason in fault.reason
    assert fault.locator.line == 3


def test_a_damaged_post_is_kept_as_long_as_it_has_an_id() -> None:
    damaged = {**status(1), "user": 5, "created_at": [], "full_text": {}, "extended_entities": {"media": [None, 7, {}]}}
    (post,) = posts(damaged)
    assert (post.author_handle, post.posted_at, post.text) == (None, None, None)
    (reference,) = TWITTER.media(post.raw)
    assert reference.url is None
    assert reference.note


def test_a_video_that_entities_call_a_photo_is_a_video_of_which_only_the_preview_is_given() -> None:
    raw = status(1, {"type": "photo", "id_str": "9", "media_url_https": POSTER})
    raw["extended_entities"] = {}
    (found,) = Twitter().media(raw)
    assert (found.media_type, found.url, found.key) == (MediaType.VIDEO, None, "id:9")
    assert found.note


def test_an_empty_object_beside_the_key_of_a_medium_is_no_second_medium() -> None:
    (post,) = TWITTER.posts(Record(shapes.flattened_without_media(), Locator()))
    assert isinstance(post, Post)
    (ref,) = TWITTER.media(post.raw)
    assert (ref.media_type, ref.url) == (MediaType.VIDEO, None)
