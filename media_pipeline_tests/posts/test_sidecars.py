"""Files in folders of other tools, by the names that the tools give them."""

from __future__ import annotations

import hashlib

import pytest

from media_pipeline.model import Locator, MediaType, Role
from media_pipeline.posts.sidecars import FolderOfMedia, SidecarMedium

URL = "https://host.test/a.jpg?x=1"


def medium(
    sidecar: str, number: int = 1, of: int = 1, media_type: MediaType = MediaType.IMAGE, role: Role = Role.MEDIA
) -> SidecarMedium:
    return SidecarMedium(sidecar, "7", number, of, media_type, role, (URL,), ("photos/given.jpg",))


@pytest.mark.parametrize(
    ("asked", "there", "found"),
    [
        (medium("a/2024_UTC.json.xz"), ["a/2024_UTC.jpg"], "a/2024_UTC.jpg"),
        (medium("a/2024_UTC.json"), ["b/2024_UTC.jpg"], None),
        (medium("a/2024_UTC.json", 2, 3), ["a/2024_UTC_1.jpg", "a/2024_UTC_2.jpg"], "a/2024_UTC_2.jpg"),
        (medium("a/2024_UTC.json", 2, 3), ["a/2024_UTC.jpg"], None),
        (medium("2001_1.jpg.json"), ["2001_1.jpg"], "2001_1.jpg"),
        (medium("2001.jpg.json", 2, 2), ["2001.jpg"], None),
        (medium("clip.info.json", media_type=MediaType.VIDEO), ["clip.jpg", "clip.webm"], "clip.webm"),
        (
            medium("clip.info.json", role=Role.POSTER, media_type=MediaType.IMAGE),
            ["clip.mp4", "clip.webp"],
            "clip.webp",
        ),
        (medium("clip.json", media_type=MediaType.VIDEO), ["clip.jpg"], None),
        (medium("clip.json", role=Role.LINK_PREVIEW), ["clip.jpg"], None),
        (medium("posts.ndjson"), ["posts.jpg"], None),
        (medium("x/posts.json"), ["x/photos/given.jpg", "x/posts.jpg"], "x/photos/given.jpg"),
        (medium("x/posts.json"), ["photos/given.jpg"], "photos/given.jpg"),
        (medium("data/tweets.js"), ["data/tweets_media/7-a.jpg"], "data/tweets_media/7-a.jpg"),
        (medium("data/tweets.js"), ["data/tweets_media/8-a.jpg"], None),
        (medium("posts.csv"), [f"cache/{hashlib.md5(URL.encode()).hexdigest()}.jpg"], "the one of the URL"),
        (medium("posts.csv"), [f"cache/{'0' * 32}.jpg"], None),
        (medium(""), ["_1.jpg", ".jpg"], None),
    ],
)
def test_a_medium_is_found_by_the_names_that_tools_give(asked: SidecarMedium, there: list[str], found: str | None):
    expected = there[0] if found == "the one of the URL" else found
    assert FolderOfMedia(there).find(asked) == expected
    assert FolderOfMedia(reversed(there)).find(asked) == expected


@pytest.mark.parametrize("member", [None, "a.json", "odd: name.json", "two\nlines.json", "line 3.json"])
def test_a_locator_names_its_member_as_text_too(member: str | None):
    for locator in (Locator(line=3, pointer="/a: line 1#", member=member), Locator(offset=0, member=member)):
        assert Locator.member_in(str(locator)) == member
