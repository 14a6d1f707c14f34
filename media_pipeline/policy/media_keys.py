"""By what a medium of a post is known again: the platform's own key of it, else its URL without size and signature.

What belongs here: these rules, and which medium of one sighting of a post is which of another. What does not: where a
platform's JSON names the key (``posts``).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import SplitResult, parse_qsl, unquote, urlencode, urlsplit

LONGEST_KEY = 200
"""Characters. A longer key is stored as its digest, since an index takes 2,700 bytes of a row; so is one with
characters that no database takes."""

_INNER_URL = re.compile(r"https?(?::|%3a)(?:/|%2f){2}", re.IGNORECASE)
"""A URL inside another one: mirrors and web archives name what they stand for."""

_SIGNATURES_AND_SIZES = re.compile(
    r"x-(?:amz|goog)-.*|_nc_.*|expires|signature|key-pair-id|policy|token|hmac|hash|sig|exp|e|oh|oe|stp|efg|ccb"
    r"|w|h|width|height|size|quality|q|format|fm|auto|fit|crop|dpr|resize|name|s|download",
    re.IGNORECASE,
)
"""Parameters of a query that tell how, until when and how large, and not which file."""

_TWITTER = re.compile(r"/(?:media|tweet_video(?:_thumb)?|(?:ext_tw|amplify)_video(?:_thumb)?)/([\w-]+)")
_LINKEDIN_SIZE = re.compile(r"-(?:shrink|scale|crop)[\w-]*|mp4-\d+p[\w-]*")
_REDDIT_SLUG = re.compile(r".*-v\d-")
_CID = re.compile(r"(?<![a-z2-7])(ba[fg][a-z2-7]{56,}|Qm[1-9A-HJ-NP-Za-km-z]{44})(?![a-z2-7])")
_MASTODON = re.compile(r"/media_attachments/files/((?:\d{3}/)+)")


def native(key: str) -> str:
    """The key of a medium that its platform names: ``id:…``."""
    return _short(f"id:{key}")


def of_place(position: int) -> str:
    """The key of a medium of which nothing else is known: ``place:…``. No native key and no URL gives such a one."""
    return f"place:{position}"


def of_url(url: str) -> str:
    """The key of a medium by its URL: ``url:…``, the same for every size, mirror and signature."""
    inner = [found.start() for found in _INNER_URL.finditer(url)]
    if inner and inner[-1] > 0:
        innermost = url[inner[-1] :]
        url = unquote(innermost) if "%" in innermost[:8] else innermost
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").lower()
    except ValueError:
        return _short(f"url:{url}")
    named = next((name for rule in _RULES if (name := rule(host, parts))), None)
    return _short(f"url:{named or _anywhere(host, parts)}")


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
    name = parts.path.strip("/").partition("/")[0] if host.startswith("v.") else _stem(parts.path)
    return f"redd/{_REDDIT_SLUG.sub('', name)}" if name else None


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
    """Keys of its URLs: another shape of export may name no key, or another."""
    position: int

    @property
    def is_place_alone(self) -> bool:
        """Whether nothing is known of it but where it stands."""
        return not self.urls and _RANKS[_kind(self.key)] == 0


def identity(key: str, urls: Iterable[str], position: int) -> Identity:
    """The identity of a medium with this key and these URLs."""
    return Identity(key, frozenset(map(of_url, urls)), position)


def same_media(wanted: Sequence[Identity], known: Sequence[Identity]) -> list[int | None]:
    """For each wanted medium, the place among the known where the same one stands; None for a new one.

    By key first, for all of them; what is left is the same where it shares a URL; and where one of two says nothing of
    itself, it is the one that stands in the same place.
    """
    by_key = {one.key: place for place, one in enumerate(known)}
    found = [by_key.get(one.key) for one in wanted]
    for is_same in (_share_a_url, _are_in_one_place):
        left = [place for place in range(len(known)) if place not in found]
        for number, one in enumerate(wanted):
            if found[number] is None:
                found[number] = next((place for place in left if is_same(one, known[place])), None)
                left = [place for place in left if place != found[number]]
    return found


def says_more(key: str, than: str) -> bool:
    """Whether a key is of a better kind: the platform's own before a URL's, and any before a place."""
    return _RANKS[_kind(key)] > _RANKS[_kind(than)]


_RANKS = {"place": 0, "url": 1, "id": 2}


def _kind(key: str) -> str:
    return key.partition(":")[0]


def _share_a_url(one: Identity, other: Identity) -> bool:
    return bool(one.urls & other.urls)


def _are_in_one_place(one: Identity, other: Identity) -> bool:
    return one.position == other.position and (one.is_place_alone or other.is_place_alone)
