"""By what a medium is known again: across sizes, mirrors, signatures, shapes of export, and edits of its post."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import ClassVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from media_pipeline.policy import media_keys
from media_pipeline.policy.media_keys import LONGEST_KEY, Identity, identity, same_media

CID = "bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku"
SAME = [
    (
        "https://pbs.twimg.com/media/Abc-_123.jpg",
        "https://pbs.twimg.com/media/Abc-_123.jpg:large",
        "https://pbs.twimg.com/media/Abc-_123?format=png&name=orig",
        "https://web.archive.org/web/2026id_/https://pbs.twimg.com/media/Abc-_123.jpg",
        "https://mirror.test/get?url=https%3A%2F%2Fpbs.twimg.com%2Fmedia%2FAbc-_123.jpg",
    ),
    (
        "https://video.twimg.com/ext_tw_video/9/pu/vid/320x180/small.mp4?tag=12",
        "https://video.twimg.com/ext_tw_video/9/pu/pl/list.m3u8",
        "https://pbs.twimg.com/ext_tw_video_thumb/9/pu/img/poster.jpg",
    ),
    ("https://video.twimg.com/tweet_video/Fx.mp4", "https://pbs.twimg.com/tweet_video_thumb/Fx.jpg"),
    (
        "https://scontent-ams2-1.cdninstagram.com/v/t51.2885-15/1_2_n.jpg?stp=dst-jpg_e35&_nc_gid=a&oh=00_A&oe=5F800000",
        "https://scontent-fra3-1.cdninstagram.com/v/t51.29350-15/1_2_n.webp?stp=dst-jpg_s640x640&oh=00_B&oe=80000000",
        "https://scontent.xx.fbcdn.net/v/t1.6435-9/s960x960/1_2_n.jpg?_nc_cat=1",
    ),
    (
        "https://media.licdn.com/dms/image/v2/D4E2/feedshare-shrink_800/feedshare-shrink_800/0/17?e=1&v=beta&t=s",
        "https://media.licdn.com/dms/image/v2/D4E2/feedshare-shrink_2048_1536/feedshare-shrink_2048_1536/0/17?e=2&t=x&v=beta",
    ),
    (
        "https://p16-sign-va.tiktokcdn.com/tos-maliva-p-0068/abc~tplv-photomode-image.jpeg?x-expires=1&x-signature=a",
        "https://p19-sign.tiktokcdn-us.com/tos-maliva-p-0068/abc~noop.webp",
    ),
    (
        "https://i.redd.it/k3m1.jpg",
        "https://preview.redd.it/k3m1.jpg?width=640&crop=smart&auto=webp&s=ff",
        "https://preview.redd.it/a-title-of-words-v0-k3m1.jpg?width=1080",
    ),
    ("https://v.redd.it/x9/DASH_720.mp4?source=fallback", "https://v.redd.it/x9/HLSPlaylist.m3u8?a=1"),
    (
        f"https://cdn.bsky.app/img/feed_fullsize/plain/did:plc:a/{CID}@jpeg",
        f"https://pds.test/xrpc/com.atproto.sync.getBlob?did=did:plc:a&cid={CID}",
    ),
    (
        "https://files.mastodon.social/media_attachments/files/113/000/001/original/ab.jpg",
        "https://files.mastodon.social/media_attachments/files/113/000/001/small/ab.jpg",
    ),
    (
        "https://bucket.s3.amazonaws.com/a.jpg?X-Amz-Date=1&X-Amz-Signature=2",
        "https://bucket.s3.amazonaws.com/a.jpg?X-Amz-Date=3&X-Amz-Signature=4&width=9",
    ),
]
OTHERS = [
    ("https://pbs.twimg.com/media/A.jpg", "https://pbs.twimg.com/media/B.jpg"),
    ("https://host.test/get?id=1&w=2", "https://host.test/get?id=2&w=2"),
    ("https://external.xx.fbcdn.net/safe_image.php?u=1", "https://external.xx.fbcdn.net/safe_image.php?u=2"),
    ("https://i.redd.it/a.jpg", "https://i.redd.it/b.jpg"),
    ("https://a.test/x.jpg", "https://b.test/x.jpg"),
]


@pytest.mark.parametrize("urls", SAME, ids=lambda urls: urls[0][8:40])
def test_urls_of_one_medium_have_one_key(urls: tuple[str, ...]) -> None:
    assert len(set(map(media_keys.of_url, urls))) == 1


def test_urls_of_different_media_have_different_keys() -> None:
    for one, other in OTHERS:
        assert media_keys.of_url(one) != media_keys.of_url(other)
    firsts = [media_keys.of_url(urls[0]) for urls in SAME]
    assert len(set(firsts)) == len(firsts)


def test_a_key_0_of_a_platform_never_meets_a_place_0() -> None:
    assert len({media_keys.native("0"), media_keys.of_place(0), media_keys.of_url("0")}) == 3


def test_urls_that_differ_in_what_may_name_a_file_have_different_keys() -> None:
    for one, other in [
        ("https://h.test/media?name=A.jpg", "https://h.test/media?name=B.jpg"),
        ("https://h.test/get.php?hash=a", "https://h.test/get.php?hash=b"),
        ("https://h.test/A.jpg?ref=https://blog.test/post", "https://h.test/B.jpg?ref=https://blog.test/post"),
        (f"https://ipfs.test/ipfs/{CID}/A.jpg", f"https://ipfs.test/ipfs/{CID}/B.jpg"),
        ("https://v.redd.it/link/p/asset/a/HLSPlaylist.m3u8", "https://v.redd.it/link/p/asset/b/HLSPlaylist.m3u8"),
    ]:
        assert media_keys.of_url(one) != media_keys.of_url(other)


@given(st.text() | st.from_regex(r"https?://[^/]*/.*", fullmatch=True))
def test_any_text_has_a_key_that_a_database_takes_as_it_is(text: str) -> None:
    for key in (media_keys.of_url(text), media_keys.native(text)):
        assert key == key.encode().decode()
        assert "\0" not in key
        assert len(key) <= LONGEST_KEY
        assert key.startswith(("url:", "file:", "id:"))


def test_what_moved_in_its_post_is_known_by_its_key_and_what_is_new_is_new() -> None:
    known = [identity("id:1", [], 0), identity("id:2", [], 1), identity("id:3", [], 2)]
    wanted = [identity("id:9", [], 0), identity("id:3", [], 1), identity("id:1", [], 2)]
    assert same_media(wanted, known) == [None, 2, 0]


def test_a_medium_that_another_tool_names_otherwise_is_known_by_a_url_that_both_name() -> None:
    photo = "https://pbs.twimg.com/media/"
    known = [identity("id:1", [f"{photo}A.jpg"], 0), identity("id:2", [f"{photo}B.jpg"], 1)]
    large = [f"{photo}{name}?format=jpg&name=orig" for name in "BA"]
    wanted = [identity(media_keys.of_url(url), [url], place) for place, url in enumerate(large)]
    assert same_media(wanted, known) == [1, 0]


def test_a_key_says_more_than_a_url() -> None:
    shared = ["https://cover.test/c.jpg"]
    known = [identity("id:1", shared, 0), identity("id:2", shared, 1)]
    assert same_media([identity("id:2", shared, 0), identity("id:1", shared, 1)], known) == [1, 0]


def test_a_medium_that_a_post_shows_twice_is_two() -> None:
    twice = [identity("url:a", ["https://a.test/x.jpg"], 0), identity("url:a#2", ["https://a.test/x.jpg"], 1)]
    assert same_media(twice, twice) == [0, 1]
    assert same_media(twice, twice[:1]) == [0, None]


def test_media_that_the_platform_names_apart_are_two_though_their_urls_look_alike() -> None:
    known = [identity("id:1", ["https://h.test/a.jpg?w=1"], 0)]
    assert same_media([identity("id:2", ["https://h.test/a.jpg?w=2"], 0)], known) == [None]
    assert same_media([identity("id:2", ["https://h.test/a.jpg?w=1"], 0)], known) == [None]
    of_meta = "https://x.cdninstagram.com/v/1_2_n.jpg?oh={}"
    known = [identity("id:1", [of_meta.format(1)], 0)]
    assert same_media([identity("id:178", [of_meta.format(2)], 0)], known) == [0], "two names of one file"


def test_of_two_that_look_alike_the_one_with_the_very_url_is_the_same() -> None:
    urls = ["https://h.test/m?w=1", "https://h.test/m?w=2"]
    known = [identity(media_keys.of_whole_url(url), [url], place) for place, url in enumerate(urls)]
    assert same_media([identity(media_keys.of_url(urls[1]), [urls[1]], 0)], known) == [1]
    assert same_media([identity("url:h.test/m", ["https://h.test/m?w=3"], 0)], known) == [None], "nobody can tell"


def test_a_medium_of_which_an_export_says_nothing_is_the_one_in_its_place() -> None:
    known = [identity("url:a", ["https://a.test/x.jpg"], 0), identity("id:5", [], 1)]
    nothing = [identity(media_keys.of_place(place), [], place) for place in (0, 1, 2)]
    assert same_media(nothing, known) == [0, 1, None]
    assert same_media(known, nothing) == [0, 1]
    assert media_keys.says_more("url:a", media_keys.of_place(0))
    assert media_keys.says_more("id:5", "url:a")
    assert not media_keys.says_more("url:b", "url:a")


class Counted(str):
    """A text that counts how often texts of its kind are looked up, compared or made part of another text."""

    __slots__ = ()
    looks: ClassVar[int] = 0

    def __hash__(self) -> int:
        Counted.looks += 1
        return super().__hash__()

    def __eq__(self, other: object) -> bool:
        Counted.looks += 1
        return super().__eq__(other)

    def __format__(self, spec: str) -> str:
        Counted.looks += 1
        return super().__format__(spec)


@given(st.lists(st.sampled_from(["a", "a#2", "a#3", "a#2#2", "b"]), max_size=12))
def test_each_key_of_a_post_is_its_own_and_the_first_that_is_free(keys: list[str]) -> None:
    own, taken = media_keys.Keys(), list[str]()
    for key in keys:
        expected = media_keys.free(key, taken)
        assert own.take(key) == expected
        taken.append(expected)
    assert len(set(taken)) == len(keys)


def test_one_key_for_thousands_of_media_is_given_numbers_without_counting_anew() -> None:
    keys = media_keys.Keys()
    for _ in range(1000):
        keys.take(Counted("a"))
    Counted.looks = 0
    assert keys.take(Counted("a")) == "a#1001"
    assert Counted.looks < 20


IDENTITIES = st.lists(
    st.builds(
        Identity,
        st.sampled_from(["place:0", "place:1", "id:a", "id:b", "url:c", "url:d"]),
        st.frozensets(st.sampled_from("uvwxyz"), max_size=3),
        st.frozensets(st.sampled_from(["file:a", "file:b", "url:c", "url:d"]), max_size=2),
        st.integers(0, 3),
    ),
    max_size=6,
    unique_by=lambda one: one.key,
)


@given(IDENTITIES, IDENTITIES)
def test_no_known_medium_is_two_and_all_are_found_in_themselves(wanted: list[Identity], known: list[Identity]) -> None:
    places = [place for place in same_media(wanted, known) if place is not None]
    assert len(places) == len(set(places))
    assert same_media(known, known) == list(range(len(known)))


def by_all_pairs(wanted: Sequence[Identity], known: Sequence[Identity]) -> list[int | None]:
    """What ``same_media`` gives, by holding each medium against each other one: the rule in its plainest form."""
    by_key = {one.key: place for place, one in enumerate(known)}
    found = [by_key.get(one.key) for one in wanted]
    for are_same in (share_a_url, share_a_file, share_a_url_key, are_in_one_place):
        left = [place for place in range(len(known)) if place not in found]
        open_ = [number for number, place in enumerate(found) if place is None]
        pairs = [(number, place) for number in open_ for place in left if are_same(wanted[number], known[place])]
        of_wanted, of_known = Counter(number for number, _ in pairs), Counter(place for _, place in pairs)
        for number, place in pairs:
            is_clear = of_wanted[number] == of_known[place] == 1 or are_same is share_a_url
            if is_clear and found[number] is None and place not in found:
                found[number] = place
    return found


def share_a_url(one: Identity, other: Identity) -> bool:
    return bool(one.urls & other.urls) and not are_named_apart(one, other)


def share_a_file(one: Identity, other: Identity) -> bool:
    return any(key.startswith("file:") for key in one.url_keys & other.url_keys)


def share_a_url_key(one: Identity, other: Identity) -> bool:
    return bool(one.url_keys & other.url_keys) and not are_named_apart(one, other)


def are_named_apart(one: Identity, other: Identity) -> bool:
    return one.key != other.key and one.key.startswith("id:") and other.key.startswith("id:")


def are_in_one_place(one: Identity, other: Identity) -> bool:
    return one.position == other.position and (one.is_place_alone or other.is_place_alone)


@settings(max_examples=200)
@given(IDENTITIES, IDENTITIES)
def test_the_same_media_are_those_that_all_pairs_give(wanted: list[Identity], known: list[Identity]) -> None:
    assert same_media(wanted, known) == by_all_pairs(wanted, known)


WAYS: dict[str, Callable[[int, int], tuple[str, str, str]]] = {
    "by their keys": lambda sighting, number: (f"id:{number}", f"u{sighting}-{number}", f"url:{number}"),
    "by their URLs": lambda sighting, number: (f"url:{sighting}-{number}", f"u{number}", f"url:{number}"),
    "by their files": lambda sighting, number: (f"id:{sighting}-{number}", f"u{sighting}-{number}", f"file:{number}"),
    "by one URL of all": lambda sighting, number: (f"url:{sighting}-{number}", "u", "url:u"),
    "by nothing": lambda sighting, number: (f"id:{sighting}-{number}", "u", "url:u"),
}


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_a_post_of_ten_times_as_many_media_costs_some_ten_times_as_many_looks(
    way: Callable[[int, int], tuple[str, str, str]],
) -> None:
    def looks(media: int) -> int:
        sightings = [
            [
                Identity(Counted(key), frozenset([Counted(url)]), frozenset([Counted(url_key)]), number)
                for number, (key, url, url_key) in enumerate(way(sighting, number) for number in range(media))
            ]
            for sighting in (0, 1)
        ]
        Counted.looks = 0
        same_media(*sightings)
        return Counted.looks

    assert looks(1000) < 20 * looks(100)
