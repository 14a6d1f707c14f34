"""When two addresses are the same page, however people copy them, and the part that every form of an address has.

What belongs here: pages of posts, and URLs of media that differ by their percent-encoding. What does not: looking them
up (``catalog``), and which URLs may be asked (``fetch``).
"""

from __future__ import annotations

import re
from typing import NamedTuple
from urllib.parse import parse_qsl, unquote, urlsplit

_SCHEME = re.compile(r"https?://", re.IGNORECASE)
_FRONT = re.compile(r"^(?:www|m|mobile|mbasic|web|old|new|np)\.")
_HOST = re.compile(r"[\w-]+(?:\.[\w-]+)+(?::\d+)?")
_QUERY = re.compile(r"[?#]")
_SHORTEST_NAME = 4
"""Characters of a page's name, such as Instagram's short code, that stands without its host."""

_SAME_PAGES: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"twitter\.com(?=/)"), "x.com"),
    # The handle may have changed, and a picture of a post has an address of its own.
    (re.compile(r"x\.com/(?:\w+|i/web)/status/(\d+)(?:/(?:photo|video)/\d+)?"), r"x.com/i/status/\1"),
    (re.compile(r"instagram\.com/(?:[\w.]+/)?(?:p|reels?|tv)/([\w-]+)"), r"instagram.com/p/\1"),
    (re.compile(r"tiktok\.com/@[\w.-]*/(?:video|photo)/(\d+)"), r"tiktok.com/@_/video/\1"),
)
"""Addresses that platforms use side by side for one page, each with the form that they are compared by."""

_LETTERS = re.compile(r"[A-Za-z0-9]+")
_ENCODED = re.compile(r"%[0-9A-Fa-f]{2}")


class Page(NamedTuple):
    """The address of a page as it is compared."""

    place: str
    """Host and path; of a name without a host the path alone."""
    query: frozenset[tuple[str, str]]
    has_host: bool

    @property
    def name(self) -> str:
        """The last part of its path, which every form of the address has."""
        return self.place.rpartition("/")[2]


def page_of(address: str) -> Page | None:
    """An address as it is compared; None for what names no page."""
    try:
        parts = urlsplit(f"//{_SCHEME.sub('', address.strip(), count=1)}")
    except ValueError:
        return None
    host, path = _FRONT.sub("", parts.netloc.lower(), count=1), parts.path.rstrip("/")
    if not (_SCHEME.match(address.strip()) or (path and _HOST.fullmatch(host))):
        plain = f"{parts.netloc}{path}"
        return Page(plain, frozenset(), has_host=False) if len(plain) >= _SHORTEST_NAME else None
    return Page(_form_of(host + path), frozenset(parse_qsl(parts.query)), has_host=True) if path else None


def _form_of(place: str) -> str:
    for pattern, form in _SAME_PAGES:
        place = re.sub(f"^(?:{pattern.pattern})(?=/|$)", form, place)
    return place


def is_page(named: Page, address: str) -> bool:
    """Whether a person who named this page means the address. What else the query holds says whence they came."""
    if not named.has_host:
        return _QUERY.split(address)[0].rstrip("/").endswith(f"/{named.place}")
    page = page_of(address)
    return page is not None and page.place == named.place and page.query <= named.query


def decoded(url: str) -> str:
    """The URL without percent-encoding, by which forms of it are compared that are encoded in other places."""
    return unquote(url)


def constant_part(url: str) -> str:
    """The longest row of letters that is the same in each form of a URL; empty where there is none."""
    path = _SCHEME.sub("", url).partition("/")[2]
    return max(_LETTERS.findall(_ENCODED.sub(" ", path)), key=len, default="")
