"""Which file of an export holds the bytes of a medium."""

from __future__ import annotations

from pathlib import Path

import pytest

from media_pipeline.posts.local_media import LocalMedia


def beside(*paths: str) -> LocalMedia:
    names: dict[str, tuple[str, ...]] = {}
    for path in paths:
        name = path.rpartition("/")[2]
        names[name] = (*names.get(name, ()), path)
    return LocalMedia(Path("a.zip"), names)


@pytest.mark.parametrize(
    ("named", "paths", "found"),
    [
        ("media/posts/1/a.jpg", ["media/posts/1/a.jpg"], "media/posts/1/a.jpg"),
        ("media/posts/1/a.jpg", ["ig/media/posts/1/a.jpg"], "ig/media/posts/1/a.jpg"),
        ("/system/media_attachments/1/a.png", ["media_attachments/1/a.png"], "media_attachments/1/a.png"),
        ("album/1/a.jpg", ["x/album/1/a.jpg", "x/album/2/a.jpg"], "x/album/1/a.jpg"),
        ("album/3/a.jpg", ["x/album/1/a.jpg", "x/album/2/a.jpg"], None),
        ("media/a.jpg", ["one/media/a.jpg", "two/media/a.jpg"], None),
        ("media/a.jpg", ["other/a.jpg"], None),
        ("media/a.jpg", [], None),
        ("../../etc/passwd", ["etc/passwd"], "etc/passwd"),
        ("", ["a.jpg"], None),
    ],
)
def test_a_path_means_the_file_that_it_agrees_with_longest(named: str, paths: list[str], found: str | None) -> None:
    assert beside(*paths).find("1", (), (named,)) == found


def test_x_names_a_file_by_post_and_url_and_only_in_its_own_folders() -> None:
    held = beside("data/tweets_media/1-a.jpg", "data/profile_media/2-b.jpg")
    assert held.find("1", ("https://host/a.jpg?x=1",)) == "data/tweets_media/1-a.jpg"
    assert held.find("2", ("https://host/b.jpg",)) is None
