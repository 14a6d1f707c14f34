"""Which redirects lead to a placeholder, and which to the medium."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media_pipeline.policy.placeholders import End, Placeholders, is_shared, names_a_removal

ASKED = "https://i.host.test/AbCdEf1.jpg"
REMOVALS = [
    "removed.png",
    "Removed.PNG",
    "image_removed.png",
    "removed-image.jpg",
    "deleted.jpg",
    "deleted_video.mp4",
    "default_avatar.png",
    "default_profile_400x400.png",
    "default-video-thumbnail.jpg",
    "unavailable.gif",
    "image-not-available.png",
    "not_found.png",
    "file-not-found.webp",
    "no_image.svg.png",
    "noimage.gif",
    "no-longer-available.png",
    "this-image-has-been-removed.png",
    "placeholder.png",
    "missing.png",
    "404.jpg",
    "blocked.png",
    "image%20removed.png",
]
MEDIA = [
    "AbCdEf1.jpg",
    "removed-wallpaper-from-the-kitchen.jpg",
    "1removed2.jpg",
    "undeleted.jpg",
    "deletedscenes.mp4",
    "default.jpg",
    "defaulted_loan.png",
    "default_scene_3f9a.mp4",
    "nobody.jpg",
    "4041.jpg",
    "",
]


@pytest.mark.parametrize("name", REMOVALS)
def test_a_redirect_to_a_name_that_says_removal_leads_to_a_placeholder(name: str) -> None:
    assert names_a_removal(ASKED, f"https://cdn.test/a/{name}?x=1")


@pytest.mark.parametrize("name", MEDIA)
def test_a_redirect_to_any_other_name_leads_to_the_medium(name: str) -> None:
    assert not names_a_removal(ASKED, f"https://cdn.test/removed/{name}?removed.png")


@pytest.mark.parametrize("name", REMOVALS)
def test_a_url_that_was_asked_for_by_such_a_name_is_the_medium(name: str) -> None:
    """Directly, over another scheme, or from a mirror."""
    known = Placeholders()
    asked = f"http://i.test/{name}"
    assert known.reason(asked, asked, ("a" * 32,)) is None
    assert known.reason(asked, f"https://cdn.test/x/{name}?s=1", ("a" * 32,)) is None
    assert known.reason(f"https://mirror.test/2id_/{asked}", f"https://mirror.test/3id_/{asked}", ()) is None


def test_known_bytes_are_a_placeholder_whatever_their_url() -> None:
    known = Placeholders(frozenset(("b" * 64,)))
    assert known.reason(ASKED, ASKED, ("b" * 64, "a" * 32))
    assert known.reason(ASKED, ASKED, ("c" * 64, "a" * 32)) is None


FINAL = "https://cdn.host.test/x9.png"


def end(asked: str, key: str, *candidates: str) -> End:
    return End(key, asked, frozenset((asked, *candidates)))


def test_one_url_at_which_different_media_of_a_host_end_is_none_of_them() -> None:
    assert is_shared(FINAL, [end("https://i.host.test/a.jpg", "k1"), end("https://i.host.test/b.jpg", "k2")])


@pytest.mark.parametrize(
    "ends",
    [
        [end("https://i.host.test/a.jpg", "k1")],
        [end("https://i.host.test/a.jpg", "k1"), end("https://i.host.test/a.jpg", "k2")],
        [end("https://i.host.test/a.jpg?oh=1", "k1"), end("https://i.host.test/a.jpg?oh=2", "k2")],
        [end("https://i.host.test/a.jpg", "k1"), end("https://i.host.test/b.jpg", "k1")],
        [end("https://i.host.test/a.jpg", "k1"), end("https://j.host.test/b.jpg", "k2")],
        [end("https://i.host.test/x9", "k1"), end("https://i.host.test/b.jpg", "k2")],
        [end("https://i.host.test/a.jpg", "k1", FINAL), end("https://i.host.test/b.jpg", "k2", FINAL)],
    ],
    ids=["one", "one URL", "one signed anew", "one key", "two hosts", "its own name", "the export names it"],
)
def test_what_may_be_the_medium_itself_is_not_called_a_placeholder(ends: list[End]) -> None:
    assert not is_shared(FINAL, ends)


@given(st.text(), st.text())
def test_no_url_is_too_odd_to_be_looked_at(asked: str, final: str) -> None:
    names_a_removal(asked, final)
    is_shared(final, [end(asked, "k1"), end(final, "k2")])


@pytest.mark.parametrize(
    ("asked", "is_one"),
    [
        ("https://i.host.test/c.jpg", True),
        ("https://I.HOST.test/c.jpg?w=1", True),
        ("https://j.host.test/c.jpg", False),
        ("https://mirror.test/https://i.host.test/c.jpg", False),
        (FINAL, False),
    ],
)
def test_a_url_is_a_placeholder_of_the_host_that_redirects_to_it_and_of_no_other(asked: str, is_one: bool) -> None:
    known = Placeholders(ends={("i.host.test", FINAL)})
    assert (known.reason(asked, FINAL, ("a" * 32,)) is not None) is is_one
