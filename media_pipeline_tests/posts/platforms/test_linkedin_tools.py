"""What posts of LinkedIn show in the exports of HarvestAPI, Bright Data and Voyager."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from media_pipeline.model import Fault, Locator, MediaType, Post, Record, Relation, Role
from media_pipeline.posts.platforms.linkedin import LinkedIn
from media_pipeline_tests.posts.linkedin_shapes import (
    ACTIVITY,
    CLIP,
    INNER_ACTIVITY,
    PAPER,
    PICTURE,
    PLAYLIST,
    PREVIEW,
    bright_data,
    harvest,
    voyager_normalized,
    voyager_raw,
)

LINKEDIN = LinkedIn()
LARGEST = "https://media.licdn.com/dms/image/v2/D4/feedshare-shrink_2048/0/{}?e=1765569600&v=beta&t=s"


def read(value: Any) -> list[Post | Fault]:
    return list(LINKEDIN.posts(Record(value, Locator(offset=0))))


def posts(value: Any) -> list[Post]:
    return [part for part in read(value) if isinstance(part, Post)]


def shown(raw: Any) -> list[tuple[MediaType, Role, str | None]]:
    return [(ref.media_type, ref.role, ref.url) for ref in LINKEDIN.media(raw)]


def test_harvest_posts_say_who_when_and_how_much_they_were_liked() -> None:
    (post,) = posts(harvest())
    assert (post.native_id, post.author_name, post.author_handle, post.text) == (ACTIVITY, "Ann", "ann", "hello")
    assert post.posted_at == datetime(2025, 12, 5, 16, 33, 28, 517000, tzinfo=UTC)
    assert (post.like_count, post.share_count) == (7, 3)


def test_harvest_pictures_videos_documents_and_links_have_their_roles() -> None:
    raw = harvest(
        postVideo={"videoUrl": CLIP.format(720), "thumbnailUrl": PREVIEW},
        document={
            "transcribedDocumentUrl": PAPER,
            "coverPages": [{"width": 480, "height": 640, "imageUrls": [PICTURE.format(480, 7)]}],
        },
        article={"link": "https://example.org/", "image": {"url": PREVIEW}},
    )
    assert shown(raw) == [
        (MediaType.IMAGE, Role.MEDIA, PICTURE.format(800, 1)),
        (MediaType.VIDEO, Role.MEDIA, CLIP.format(720)),
        (MediaType.DOCUMENT, Role.MEDIA, PAPER),
        (MediaType.IMAGE, Role.LINK_PREVIEW, PREVIEW),
    ]
    _, video, document, _ = LINKEDIN.media(raw)
    assert [c.role for c in video.candidates] == [Role.MEDIA, Role.POSTER]
    assert [(c.role, c.width) for c in document.candidates] == [(Role.MEDIA, None), (Role.COVER, 480)]


def test_an_expiry_beside_a_url_counts_where_the_url_is_silent() -> None:
    raw = harvest(postImages=[{"url": "https://media.licdn.com/a", "expiresAt": 1765569600000}])
    assert LINKEDIN.media(raw)[0].expires_at == datetime(2025, 12, 12, 20, tzinfo=UTC)


def test_bright_data_rows_give_pictures_videos_and_covers() -> None:
    raw = bright_data(videos=[CLIP.format(720)], video_thumbnail=PREVIEW, document_cover_image=PICTURE.format(480, 9))
    assert shown(raw) == [
        (MediaType.IMAGE, Role.MEDIA, PICTURE.format(800, 1)),
        (MediaType.IMAGE, Role.MEDIA, PICTURE.format(800, 2)),
        (MediaType.VIDEO, Role.MEDIA, CLIP.format(720)),
        (MediaType.DOCUMENT, Role.MEDIA, None),
    ]
    assert posts(raw)[0].author_handle == "ann"


def test_bright_data_error_rows_are_faults_that_name_the_page() -> None:
    good, (fault,) = (
        posts([bright_data()]),
        read([{"error": "Page gone", "input": {"url": "https://www.linkedin.com/posts/9"}}]),
    )
    assert len(good) == 1
    assert isinstance(fault, Fault)
    assert "Page gone" in fault.reason
    assert "https://www.linkedin.com/posts/9" in fault.reason


def test_a_repost_without_a_word_shows_the_inner_posts_pictures() -> None:
    repost = {"repost_id": INNER_ACTIVITY, "repost_url": "https://www.linkedin.com/x", "repost_text": "see"}
    raw = bright_data(post_text=None, images=None, repost=repost | {"repost_attachments": [PICTURE.format(800, 5)]})
    outer, inner = posts(raw)
    assert (inner.native_id, inner.relation, inner.text) == (INNER_ACTIVITY, Relation.REPOSTED, "see")
    assert shown(outer.raw) == shown(inner.raw) == [(MediaType.IMAGE, Role.MEDIA, PICTURE.format(800, 5))]


def test_a_quoted_posts_pictures_are_its_own_alone() -> None:
    repost = {"repost_id": INNER_ACTIVITY, "repost_url": "https://www.linkedin.com/x"}
    outer, inner = posts(bright_data(repost=repost | {"repost_attachments": [PICTURE.format(800, 5)]}))
    assert inner.relation is Relation.QUOTED
    assert PICTURE.format(800, 5) not in {url for _, _, url in shown(outer.raw)}


def test_raw_voyager_pages_give_the_largest_picture_of_each() -> None:
    pictures, paper, clip = posts(voyager_raw())
    assert [url for _, _, url in shown(pictures.raw)] == [LARGEST.format(1), LARGEST.format(2)]
    first = LINKEDIN.media(pictures.raw)[0]
    assert [c.width for c in first.candidates] == [2048, 800, 480]
    assert first.alt_text == "a cat"
    assert shown(paper.raw) == [(MediaType.DOCUMENT, Role.MEDIA, PAPER)]
    assert clip.locator.pointer == "/elements/2/value/com.linkedin.voyager.feed.render.UpdateV2"
    assert shown(clip.raw) == [(MediaType.VIDEO, Role.MEDIA, CLIP.format(720))]


def test_voyager_videos_keep_every_stream_and_the_poster() -> None:
    *_, clip = posts(voyager_raw())
    (video,) = LINKEDIN.media(clip.raw)
    assert [c.url for c in video.candidates[:4]] == [*map(CLIP.format, (720, 640, 360)), PLAYLIST]
    assert {c.role for c in video.candidates[4:]} == {Role.POSTER}


def test_normalized_pages_are_joined_in_the_order_of_the_page() -> None:
    link, outer, inner = posts(voyager_normalized())
    assert (link.text, outer.native_id, inner.native_id) == ("read", ACTIVITY, INNER_ACTIVITY)
    assert (outer.relation, inner.relation) == (None, Relation.REPOSTED)
    assert (outer.locator.pointer, inner.locator.pointer) == ("/included/3", "/included/1")
    assert shown(outer.raw) == shown(inner.raw) == [(MediaType.VIDEO, Role.MEDIA, CLIP.format(720))]
    assert (inner.like_count, inner.share_count, inner.author_handle) == (7, 3, "ann")
    assert [role for _, role, _ in shown(link.raw)] == [Role.LINK_PREVIEW]


def test_the_time_of_a_voyager_post_is_read_from_its_number() -> None:
    assert posts(voyager_normalized())[1].posted_at == datetime(2025, 12, 5, 16, 33, 28, 517000, tzinfo=UTC)
