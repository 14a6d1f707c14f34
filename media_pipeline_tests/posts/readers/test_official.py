"""Which files of an official export are read, told by the layouts of several years."""

from __future__ import annotations

import pytest

from media_pipeline.posts.readers.official import chosen_of, is_post_file, owner_file


@pytest.mark.parametrize(
    "path",
    [
        "data/tweets.js",
        "twitter-2026/data/tweets-part1.js",
        "data/tweet.js",
        "content/posts_1.json",
        "your_instagram_activity/content/stories.json",
        "your_instagram_activity/media/posts_12.json",
        "instagram-anna/your_instagram_activity/media/reels.json",
        "your_instagram_activity/media/profile_photos.json",
        "your_facebook_activity/posts/your_posts__check_ins__photos_and_videos_1.json",
        "posts/your_posts_1.json",
        "photos_and_videos/album/0.json",
        "facebook-anna/your_facebook_activity/groups/your_posts_in_groups.json",
        "outbox.json",
        "archive/outbox.json",
        "Shares.csv",
        "Complete_LinkedInDataExport_11-01-2026/Rich_Media_123456.csv",
        "posts.csv",
        "export_anna_2026/comments.csv",
    ],
)
def test_a_file_of_posts_is_known_by_its_path(path: str) -> None:
    assert is_post_file(path)


@pytest.mark.parametrize(
    "path",
    [
        "tweets.js",
        "data/like.js",
        "your_instagram_activity/messages/inbox/bob/message_1.json",
        "your_instagram_activity/likes/liked_posts.json",
        "media/posts/202405/1.json",
        "your_facebook_activity/messages/inbox/bob/message_1.json",
        "your_facebook_activity/comments_and_reactions/comments.json",
        "inbox.json",
        "myoutbox.json",
        "Comments.csv",
        "saved_posts.csv",
        "post_votes.csv",
        "messages.csv",
    ],
)
def test_what_holds_no_posts_of_the_owner_is_none(path: str) -> None:
    assert not is_post_file(path)


def test_of_an_official_export_only_its_posts_are_chosen_and_exports_beside_it_stay() -> None:
    instagram = [
        "ig/your_instagram_activity/media/posts_1.json",
        "ig/your_instagram_activity/media/stories.json",
        "ig/your_instagram_activity/messages/inbox/bob/message_1.json",
        "ig/connections/followers_and_following/followers_1.json",
        "ig/personal_information/personal_information/personal_information.json",
    ]
    beside = ["ig/scraped.json", "toots/a.json", "media/other.json"]
    assert chosen_of([*instagram, *beside]) == [*instagram[:2], *beside]
    assert chosen_of(instagram[2:]) == instagram[2:], "without posts it is no official export"


def test_of_reddits_export_nothing_but_posts_and_comments_is_read() -> None:
    posts, beside = ["r/posts.csv", "r/comments.csv"], ["r/scraped.csv", "r/a.json", "saved_posts.csv"]
    rest = ["r/saved_posts.csv", "r/post_votes.csv", "r/statistics.csv", "r/messages_archive.csv", "r/hidden_posts.csv"]
    assert chosen_of([*posts, *rest, *beside]) == [*posts, *beside]
    assert owner_file("r/posts.csv", [*posts, *rest]) == "r/statistics.csv"


def test_the_owner_is_named_by_the_file_of_the_same_export() -> None:
    paths = [
        "a/personal_information/personal_information/personal_information.json",
        "b/personal_information/personal_information.json",
        "x/data/account.js",
    ]
    assert owner_file("a/your_instagram_activity/media/posts_1.json", paths) == paths[0]
    assert owner_file("b/content/posts_1.json", paths) == paths[1]
    assert owner_file("x/data/tweets.js", paths) == paths[2]
    assert owner_file("c/content/posts_1.json", paths) is None
    assert owner_file("x/data/like.js", paths) is None
