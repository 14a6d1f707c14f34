"""By what a medium of a post is known again: the platform's own key of it, else its URL without size and signature.

What belongs here: these rules, and which medium of one sighting of a post is which of another. What does not: where a
platform's JSON names the key (``posts``).
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
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
    number, found = 1, key
    while found in taken:
        number += 1
        found = f"{key}#{number}"
    return found


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
    """
    by_key = {one.key: place for place, one in enumerate(known)}
    found = [by_key.get(one.key) for one in wanted]
    for are_same in (_share_a_url, _share_a_file, _share_a_url_key, _are_in_one_place):
        left = [place for place in range(len(known)) if place not in found]
        open_ = [number for number, place in enumerate(found) if place is None]
        pairs = [(number, place) for number in open_ for place in left if are_same(wanted[number], known[place])]
        of_wanted, of_known = Counter(number for number, _ in pairs), Counter(place for _, place in pairs)
        for number, place in pairs:
            # Of two that would do, one is as good as the other only where their URLs are the same.
            is_clear = of_wanted[number] == of_known[place] == 1 or are_same is _share_a_url
            if is_clear and found[number] is None and place not in found:
                found[number] = place
    return found


def says_more(key: str, than: str) -> bool:
    """Whether a key is of a better kind: the platform's own before a file's, before a URL's, before a place."""
    return _RANKS[_kind(key)] > _RANKS[_kind(than)]


_RANKS = {"place": 0, "url": 1, "file": 2, "id": 3}


def _kind(key: str) -> str:
    return key.partition(":")[0]


def _share_a_url(one: Identity, other: Identity) -> bool:
    return bool(one.urls & other.urls) and not _are_named_apart(one, other)


def _share_a_file(one: Identity, other: Identity) -> bool:
    """Whatever their keys: a platform has names of several kinds for one medium."""
    return any(_kind(key) == "file" for key in one.url_keys & other.url_keys)


def _share_a_url_key(one: Identity, other: Identity) -> bool:
    return bool(one.url_keys & other.url_keys) and not _are_named_apart(one, other)


def _are_named_apart(one: Identity, other: Identity) -> bool:
    """Whether their platform itself names them, by different keys."""
    return one.key != other.key and _kind(one.key) == _kind(other.key) == "id"


def _are_in_one_place(one: Identity, other: Identity) -> bool:
    return one.position == other.position and (one.is_place_alone or other.is_place_alone)
