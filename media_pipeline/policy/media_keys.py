"""By what a medium of a post is known again: the platform's own key of it, else its URL without size and signature.

What belongs here: these rules, and which medium of one sighting of a post is which of another. What does not: where a
platform's JSON names the key (``posts``).
"""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import SplitResult, parse_qsl, unquote, urlencode, urlsplit

LONGEST_KEY = 200
"""Characters. A longer key is stored as its digest, since an index takes 2,700 bytes of a row; so is one with
characters that no database takes."""

_INNER_URL = re.compile(r"(?:/|[?&](?:url|u|uri|src|target)=)(https?(?::|%3a)(?:/|%2f){2}.*)", re.IGNORECASE)
"""A URL inside another one, in its path or as what is asked for: mirrors and web archives name what they stand for."""

_SIGNATURES_AND_SIZES = re.compile(
    r"x-(?:amz|goog)-.*|_nc_.*|expires|signature|key-pair-id|policy|oh|oe|stp|efg|ccb"
    r"|w|h|width|height|quality|auto|fit|crop|dpr|resize",
    re.IGNORECASE,
)
"""Parameters of a query that tell how, until when and how large, and never which file."""

_TWITTER = re.compile(r"/(?:media|tweet_video(?:_thumb)?|(?:ext_tw|amplify)_video(?:_thumb)?)/([\w-]+)")
_LINKEDIN_SIZE = re.compile(r"-(?:shrink|scale|crop)[\w-]*|mp4-\d+p[\w-]*")
_REDDIT_SLUG = re.compile(r".*-v\d-")
_CID = re.compile(
    r"(?:/|[?&]cid=)(ba[fg][a-z2-7]{56,})(?:@\w+|\.\w+|/(?:playlist\.m3u8|thumbnail\.jpg))?(?:$|[?&])", re.ASCII
)
"""Of the file itself: one that names a folder is of all that is in it."""
_MASTODON = re.compile(r"/media_attachments/files/((?:\d{3}/)+)")


def native(key: str) -> str:
    """The key of a medium that its platform names: ``id:…``."""
    return _short(f"id:{key}")


def of_place(position: int) -> str:
    """The key of a medium of which nothing else is known: ``place:…``. No native key and no URL gives such a one."""
    return f"place:{position}"


def of_url(url: str) -> str:
    """The key of a medium by its URL, the same for every size, mirror and signature.

    ``file:…`` where its platform names the file in every URL of it, else ``url:…``.
    """
    inner = _INNER_URL.search(url, 8)
    if inner:
        url = unquote(inner[1]) if "%" in inner[1][:8] else inner[1]
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").lower()
    except ValueError:
        return _short(f"url:{url}")
    named = next((name for rule in _RULES if (name := rule(host, parts))), None)
    return _short(f"file:{named}" if named else f"url:{_anywhere(host, parts)}")


def free(key: str, taken: Collection[str]) -> str:
    """The key, or with a number behind it the first that is not taken: a post may show one medium twice."""
    return _numbered(key, _free_number(key, taken, 1))


class Keys:
    """The keys of a post's media: what :func:`free` gives of them one after the other, at a cost that does not grow."""

    def __init__(self) -> None:
        self._taken: set[str] = set()
        self._last: dict[str, int] = {}

    def take(self, key: str) -> str:
        """The key, or with a number behind it the first that was not taken; it is taken from now on."""
        self._last[key] = _free_number(key, self._taken, self._last.get(key, 1))
        found = _numbered(key, self._last[key])
        self._taken.add(found)
        return found


def _free_number(key: str, taken: Collection[str], number: int) -> int:
    while _numbered(key, number) in taken:
        number += 1
    return number


def _numbered(key: str, number: int) -> str:
    return key if number == 1 else f"{key}#{number}"


def of_whole_url(url: str) -> str:
    """The key of a medium by all of its URL, for posts in which the shorter key is that of two."""
    return _short(f"url:{url}")


def _twitter(host: str, parts: SplitResult) -> str | None:
    found = _TWITTER.search(parts.path) if _is_of(host, "twimg.com") else None
    return f"twimg/{found[1]}" if found else None


def _meta(host: str, parts: SplitResult) -> str | None:
    """Sizes, shards and signatures change; the file's name is the medium's."""
    stem = _stem(parts.path)
    return f"meta/{stem}" if _is_of(host, "fbcdn.net", "cdninstagram.com") and stem and stem != "safe_image" else None


def _linkedin(host: str, parts: SplitResult) -> str | None:
    return f"licdn{_LINKEDIN_SIZE.sub('', parts.path)}" if _is_of(host, "licdn.com") else None


def _tiktok(host: str, parts: SplitResult) -> str | None:
    if not any(word in host for word in ("tiktok", "muscdn", "ibytedtos", "byteoversea")):
        return None
    asked = dict(parse_qsl(parts.query)).get("video_id")
    last = parts.path.rstrip("/").rpartition("/")[2].partition("~")[0]
    return f"tiktok/{asked or last}" if asked or last else None


def _reddit(host: str, parts: SplitResult) -> str | None:
    if not _is_of(host, "redd.it"):
        return None
    first, _, rest = parts.path.strip("/").partition("/")
    if host.startswith("v."):
        # A video inside a text: /link/<post>/asset/<video>/…
        name = rest.partition("/asset/")[2].partition("/")[0] if first == "link" else first
    else:
        name = _REDDIT_SLUG.sub("", _stem(parts.path))
    return f"redd/{name}" if name else None


def _by_content(host: str, parts: SplitResult) -> str | None:  # noqa: ARG001 - on whatever host
    """A content identifier (IPFS, atproto) is the medium's on every host."""
    found = _CID.search(f"{parts.path}?{parts.query}")
    return f"cid/{found[1]}" if found else None


def _mastodon(host: str, parts: SplitResult) -> str | None:  # noqa: ARG001 - Mastodon runs on any host
    found = _MASTODON.search(parts.path)
    return f"mastodon/{found[1].replace('/', '')}" if found else None


_RULES: tuple[Callable[[str, SplitResult], str | None], ...] = (
    _twitter,
    _meta,
    _linkedin,
    _tiktok,
    _reddit,
    _by_content,
    _mastodon,
)


def _anywhere(host: str, parts: SplitResult) -> str:
    pairs = [pair for pair in parse_qsl(parts.query, keep_blank_values=True) if not _is_form(pair[0])]
    query = f"?{urlencode(sorted(pairs), errors='surrogatepass')}" if pairs else ""
    return f"{host}{parts.path}{query}"


def _is_form(parameter: str) -> bool:
    return _SIGNATURES_AND_SIZES.fullmatch(parameter) is not None


def _stem(path: str) -> str:
    return path.rstrip("/").rpartition("/")[2].partition(".")[0]


def _is_of(host: str, *domains: str) -> bool:
    return any(host == domain or host.endswith(f".{domain}") for domain in domains)


def _short(key: str) -> str:
    if len(key) <= LONGEST_KEY and key.isprintable():
        return key
    kind = key.partition(":")[0]
    return f"{kind}:sha256:{hashlib.sha256(key.encode('utf-8', 'surrogatepass')).hexdigest()}"


@dataclass(frozen=True, slots=True)
class Identity:
    """What one sighting says of a medium."""

    key: str
    urls: frozenset[str]
    """As they are."""
    url_keys: frozenset[str]
    position: int

    @property
    def is_place_alone(self) -> bool:
        """Whether nothing is known of it but where it stands."""
        return not self.urls and _RANKS[_kind(self.key)] == 0


def identity(key: str, urls: Iterable[str], position: int) -> Identity:
    """The identity of a medium with this key and these URLs."""
    known = frozenset(urls)
    return Identity(key, known, frozenset(map(of_url, known)), position)


def same_media(wanted: Sequence[Identity], known: Sequence[Identity]) -> list[int | None]:
    """For each wanted medium, the place among the known where the same one stands; None for a new one.

    What tells more is asked first, each for all media: the key; a URL; the name that the platform gives the file; the
    URL without size and signature, where that is only one's; and where one of two says nothing of itself, the position.
    The time it takes grows with the number of media and their URLs, and not with its square: a post may show thousands.
    """
    by_key = {one.key: place for place, one in enumerate(known)}
    found = [by_key.get(one.key) for one in wanted]
    for rule in _SAME:
        taken = {place for place in found if place is not None}
        left = [place for place in range(len(known)) if place not in taken]
        open_ = [number for number, place in enumerate(found) if place is None]
        if not left or not open_:
            break
        pairs = (_one_by_one if rule.takes_the_first else _each_others_only)(rule, wanted, open_, known, left)
        for number, place in pairs:
            found[number] = place
    return found


def says_more(key: str, than: str) -> bool:
    """Whether a key is of a better kind: the platform's own before a file's, before a URL's, before a place."""
    return _RANKS[_kind(key)] > _RANKS[_kind(than)]


_RANKS = {"place": 0, "url": 1, "file": 2, "id": 3}


def _kind(key: str) -> str:
    return key.partition(":")[0]


def _is_named(one: Identity) -> bool:
    return _kind(one.key) == "id"


def _never(one: Identity) -> bool:  # noqa: ARG001 - asked of every medium
    return False


def _files(one: Identity) -> Iterable[str]:
    return (key for key in one.url_keys if _kind(key) == "file")


@dataclass(frozen=True, slots=True)
class _Rule:
    """Two media are the same where they share a trait, and where not both of them are firm: those are two."""

    traits: Callable[[Identity], Iterable[Hashable]]
    is_firm: Callable[[Identity], bool]
    takes_the_first: bool = False
    """Whether of several that would do one is as good as the other. Else one that is not the only one is none."""


# Media that their platform itself names by different keys are two, though their URLs are the same; those with equal
# keys have been found before. A name of a file stands above: a platform has keys of several kinds for one medium.
_SAME = (
    _Rule(lambda one: one.urls, _is_named, takes_the_first=True),
    _Rule(_files, _never),
    _Rule(lambda one: one.url_keys, _is_named),
    _Rule(lambda one: (one.position,), lambda one: not one.is_place_alone),
)


class _Places:
    """Where media stand in a list, by their traits."""

    def __init__(self, rule: _Rule, media: Sequence[Identity], places: Sequence[int]) -> None:
        self._rule = rule
        self._all: dict[Hashable, list[int]] = defaultdict(list)
        self._not_firm: dict[Hashable, list[int]] = defaultdict(list)
        # The first comes last, where a list gives it away at no cost.
        for place in reversed(places):
            for trait in rule.traits(media[place]):
                self._all[trait].append(place)
                if not rule.is_firm(media[place]):
                    self._not_firm[trait].append(place)

    def first(self, one: Identity, taken: Collection[int]) -> int | None:
        """Where the first that is the same and not taken stands. What was taken once must stay so."""
        firsts: list[int] = []
        for places in self._of(one):
            while places and places[-1] in taken:
                places.pop()
            firsts.extend(places[-1:])
        return min(firsts, default=None)

    def only(self, one: Identity) -> int | None:
        """Where the one that is the same stands, unless there are several."""
        found = {place for places in self._of(one) for place in places[:2]}
        return found.pop() if len(found) == 1 else None

    def _of(self, one: Identity) -> Iterator[list[int]]:
        """The places of those that are the same, for each trait."""
        by_trait = self._not_firm if self._rule.is_firm(one) else self._all
        return (by_trait[trait] for trait in self._rule.traits(one) if trait in by_trait)


def _one_by_one(
    rule: _Rule, wanted: Sequence[Identity], open_: Sequence[int], known: Sequence[Identity], left: Sequence[int]
) -> Iterator[tuple[int, int]]:
    """Each wanted medium that is open with the first that is left for it."""
    of_known = _Places(rule, known, left)
    taken: set[int] = set()
    for number in open_:
        place = of_known.first(wanted[number], taken)
        if place is not None:
            taken.add(place)
            yield number, place


def _each_others_only(
    rule: _Rule, wanted: Sequence[Identity], open_: Sequence[int], known: Sequence[Identity], left: Sequence[int]
) -> Iterator[tuple[int, int]]:
    """Each wanted medium that is open with the only one that is left for it, which would do for no other."""
    of_known, of_wanted = _Places(rule, known, left), _Places(rule, wanted, open_)
    for number in open_:
        place = of_known.only(wanted[number])
        if place is not None and of_wanted.only(known[place]) == number:
            yield number, place
