"""Small exports of LinkedIn in the shapes of scrapers and of Voyager, made by hand."""

from __future__ import annotations

from typing import Any

ACTIVITY = "7402746946853253120"
INNER_ACTIVITY = "7402746946853253999"
PICTURE = "https://media.licdn.com/dms/image/v2/D4/feedshare-shrink_{}/0/{}?e=1765569600&v=beta&t=s"
CLIP = "https://dms.licdn.com/playlist/vid/v2/D4/mp4-{}p-30fp/0/1?e=1765569600&v=beta&t=s"
PLAYLIST = "https://dms.licdn.com/playlist/vid/dynamic/D4/1?e=1765569600"
PAPER = "https://media.licdn.com/dms/document/media/v2/D4/paper.pdf?e=1765569600"
PREVIEW = "https://media.licdn.com/dms/image/v2/D4/articleshare-shrink_800/0/1?e=1765569600"
AVATAR = "https://media.licdn.com/dms/image/v2/D4/profile-displayphoto-shrink_100_100/0/1?e=1765569600"
LICDN = "https://media.licdn.com/dms/image/v2/X/{}?e=1765569600&v=beta&t=s"


def harvest(**more: Any) -> dict[str, Any]:
    """A post of HarvestAPI."""
    return {
        "type": "post",
        "id": ACTIVITY,
        "linkedinUrl": f"https://www.linkedin.com/posts/ann_activity-{ACTIVITY}",
        "content": "hello",
        "author": {
            "id": "ACoAA",
            "name": "Ann",
            "publicIdentifier": "ann",
            "linkedinUrl": "https://www.linkedin.com/in/ann",
            "avatar": {"url": AVATAR},
        },
        "postedAt": {"timestamp": 1764952408517, "date": "2025-12-05T16:33:28.517Z"},
        "postImages": [{"url": PICTURE.format(800, 1), "width": 800, "height": 600, "expiresAt": 1765569600000}],
        "engagement": {"likes": 7, "comments": 2, "shares": 3},
        **more,
    }


def bright_data(**more: Any) -> dict[str, Any]:
    """A post of Bright Data's data set."""
    return {
        "url": f"https://www.linkedin.com/posts/ann_activity-{ACTIVITY}",
        "id": ACTIVITY,
        "user_id": "ann",
        "use_url": "https://www.linkedin.com/in/ann",
        "post_text": "hello",
        "date_posted": "2025-12-05T16:33:28.517Z",
        "images": [PICTURE.format(800, 1), PICTURE.format(800, 2)],
        "videos": None,
        "num_likes": 7,
        "post_type": "post",
        "author_profile_pic": AVATAR,
        **more,
    }


def vector(name: str = "feedshare-shrink", number: int = 1) -> dict[str, Any]:
    """A picture of Voyager in three sizes, the largest in the middle."""
    sizes = ((480, 360), (2048, 1536), (800, 600))
    return {
        "digitalmediaAsset": f"urn:li:digitalmediaAsset:D4{name}{number}",
        "rootUrl": f"https://media.licdn.com/dms/image/v2/D4/{name}_",
        "artifacts": [
            {
                "width": width,
                "height": height,
                "fileIdentifyingUrlPathSegment": f"{width}/0/{number}?e=1765569600&v=beta&t=s",
                "expiresAt": 1765569600000,
            }
            for width, height in sizes
        ],
    }


def play_metadata() -> dict[str, Any]:
    def stream(height: int, bitrate: int) -> dict[str, Any]:
        return {
            "width": height * 16 // 9,
            "height": height,
            "bitRate": bitrate,
            "streamingLocations": [{"url": CLIP.format(height), "expiresAt": 1765569600000}],
        }

    return {
        "entityUrn": "urn:li:digitalmediaAsset:D4",
        "progressiveStreams": [stream(360, 300_000), stream(720, 1_500_000), stream(640, 900_000)],
        "adaptiveStreams": [{"masterPlaylists": [{"url": PLAYLIST}]}],
        "thumbnail": vector("videocover-high"),
    }


def voyager_update(number: str = ACTIVITY, words: str | None = "hello", **more: Any) -> dict[str, Any]:
    """An update of Voyager without content."""
    update = {
        "entityUrn": f"urn:li:fs_updateV2:(urn:li:activity:{number},MAIN_FEED,EMPTY,DEFAULT,false)",
        "updateMetadata": {"urn": f"urn:li:activity:{number}"},
        "actor": {
            "urn": "urn:li:member:77",
            "name": {"text": "Ann"},
            "navigationContext": {"actionTarget": "https://www.linkedin.com/in/ann?trk=x"},
            "image": {"attributes": [{"vectorImage": vector("profile-displayphoto-shrink")}]},
        },
        **more,
    }
    return {**update, "commentary": {"text": {"text": words}}} if words else update


def voyager_raw() -> dict[str, Any]:
    """A raw page: pictures, a document, and a wrapped update with a video."""
    render = "com.linkedin.voyager.feed.render."
    pictures = {
        "images": [{"attributes": [{"vectorImage": vector(number=n)}], "accessibilityText": "a cat"} for n in (1, 2)]
    }
    paper = {"document": {"transcribedDocumentUrl": PAPER, "title": "Paper", "coverPages": [vector("document-cover")]}}
    return {
        "elements": [
            voyager_update("7402746946853253121", content={f"{render}ImageComponent": pictures}),
            voyager_update("7402746946853253122", content={f"{render}DocumentComponent": paper}),
            {
                "value": {
                    f"{render}UpdateV2": voyager_update(
                        "7402746946853253123",
                        content={f"{render}LinkedInVideoComponent": {"videoPlayMetadata": play_metadata()}},
                    )
                }
            },
        ]
    }


def voyager_normalized() -> dict[str, Any]:
    """A normalized page: a repost of a video without a word, and an article; everything named by URN."""
    render = "com.linkedin.voyager.feed.render."
    inner = voyager_update(
        INNER_ACTIVITY,
        "look",
        content={"$type": f"{render}LinkedInVideoComponent", "*videoPlayMetadata": "urn:li:digitalmediaAsset:D4"},
        **{"*socialDetail": "urn:li:fs_socialDetail:1"},
    )
    outer = voyager_update(ACTIVITY, None, **{"*resharedUpdate": inner["entityUrn"]})
    link = voyager_update(
        "7402746946853253555",
        "read",
        content={
            "$type": f"{render}ArticleComponent",
            "largeImage": {"attributes": [{"vectorImage": vector("articleshare-shrink")}]},
        },
    )
    counts = {"entityUrn": "urn:li:fs_counts:1", "numLikes": 7, "numShares": 3}
    detail = {"entityUrn": "urn:li:fs_socialDetail:1", "*totalSocialActivityCounts": "urn:li:fs_counts:1"}
    return {
        "data": {"*elements": [link["entityUrn"], outer["entityUrn"]]},
        "included": [{"entityUrn": "urn:li:member:77"}, inner, play_metadata(), outer, link, detail, counts],
    }


def linkedin(**more: Any) -> dict[str, Any]:
    """A LinkedIn post of a page scraper, with two pictures."""
    return {
        "activity_urn": "7402746946853253120",
        "full_urn": "urn:li:ugcPost:7402746945318146049",
        "post_url": "https://www.linkedin.com/posts/acme-activity-7402746946853253120",
        "text": "hello",
        "posted_at": {"date": "2025-12-05 17:33:28", "timestamp": 1764952408517},
        "author": {"name": "Acme", "company_url": "https://www.linkedin.com/company/acme/posts"},
        "media": {
            "type": "image",
            "items": [{"url": LICDN.format(n), "width": 1179, "height": 1453} for n in (1, 2)],
        },
        "document": None,
        **more,
    }


def with_recommended() -> dict[str, Any]:
    """Bright Data's row with what the page shows below the post."""
    picture = "https://media.licdn.com/dms/image/v2/D4D22AQ/feedshare-shrink_2048_1536/0/1?e=2147483647"
    other = {"post_url": "https://www.linkedin.com/posts/q-activity-7242811448094052354-x", "images": [picture]}
    return {
        "id": "7242811448094052353",
        "url": "https://www.linkedin.com/posts/p-activity-7242811448094052353-x",
        "post_type": "post",
        "post_text": "t",
        "more_relevant_posts": [other],
    }


def article_by_slug() -> dict[str, Any]:
    picture = "https://media.licdn.com/dms/image/v2/C4D12AQ/article-inline_image-shrink_1000_1488/0/1?e=1740009600"
    return {
        "id": "a-title-of-an-article-author",
        "url": "https://www.linkedin.com/pulse/a-title-of-an-article-author",
        "date_posted": "2020-05-11T09:55:45.000Z",
        "post_type": "article",
        "images": [picture],
    }


def with_embedded_document() -> dict[str, Any]:
    repost = {
        "repost_id": "7242565684512145408",
        "repost_text": "r",
        "repost_attachments": ["https://media.licdn.com/embeds/native-document.html"],
    }
    return {"id": "7242811448094052355", "post_type": "post", "post_text": "t", "repost": repost}


def exported_share(**more: Any) -> dict[str, Any]:
    """A row of ``Shares.csv``."""
    return {
        "Date": "2026-01-02 03:04:05",
        "ShareLink": "https://www.linkedin.com/feed/update/urn%3Ali%3Ashare%3A7400000000000000001",
        "ShareCommentary": 'a line"\n""\n"with ""quotes""',
        "SharedUrl": "https://news.example/a.jpg",
        "MediaUrl": "https://media.licdn.com/dms/image/v2/D4E22AQabcdef/feedshare-shrink_2048_1536/0/1?e=1800000000",
        "Visibility": "MEMBER_NETWORK",
        **more,
    }


def exported_upload(**more: Any) -> dict[str, Any]:
    """A row of ``Rich_Media.csv``."""
    return {
        "Date/Time": "You uploaded a feed photo on January 2, 2026 at 3:04 AM (GMT)",
        "Media Description": "-",
        "Media Link": "https://media.licdn.com/dms/image/v2/D4E22AQabcdef/feedshare-original/0/1?e=1800000001",
        **more,
    }


ALL: list[Any] = [
    exported_share(),
    exported_share(Rich_Media=[exported_upload()]),
    exported_upload(),
    [with_recommended(), article_by_slug(), with_embedded_document()],
    [linkedin(reshared_post=linkedin(activity_urn="6"), document={"url": "https://x.test/a.pdf"})],
    harvest(postVideo={"videoUrl": CLIP.format(720), "thumbnailUrl": PREVIEW}, article={"image": {"url": PREVIEW}}),
    harvest(document={"transcribedDocumentUrl": PAPER, "coverPages": [{"imageUrls": [PICTURE.format(480, 1)]}]}),
    bright_data(videos=[CLIP.format(720)], repost={"repost_id": INNER_ACTIVITY, "repost_url": "https://x.test/"}),
    voyager_raw(),
    voyager_normalized(),
]
