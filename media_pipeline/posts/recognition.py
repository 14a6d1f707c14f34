"""Which platform a record comes from, told by what it holds: posts that a module reads, and addresses of its own.

What belongs here: choosing among the platforms. What does not: what any of them means.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import urlsplit

from media_pipeline.model import Post, Record
from media_pipeline.posts.platforms import PLATFORMS
from media_pipeline.posts.platforms.base import Platform
from media_pipeline.posts.values import items, mapping

_MOST_ADDRESSES = 500
"""Addresses that are looked at: what a record is shows in its first ones."""


def recognise(record: Record) -> Platform | None:
    """The platform whose posts the record holds; None when no module finds a post in it.

    Among several that do, the one whose own pages and media the record names most often. A record that says itself that
    it is of a platform unknown here is of none.
    """
    named = next((platform for platform in PLATFORMS if _is_called(platform, record.platform)), None)
    if record.platform and not named:
        return None
    readers = [platform for platform in PLATFORMS if _finds_posts(platform, record)]
    if named in readers or len(readers) < 2:
        return named if named in readers else next(iter(readers), None)
    hosts = list(hosts_in(record.value))
    return max(readers, key=lambda platform: mentions(platform, hosts))


def another_platform(record: Record, platform: Platform) -> Platform | None:
    """The platform that the record rather comes from, when ``platform`` reads posts in it that are hardly its own:
    none of its pages or media is named, and those of another, which reads posts in it too, are."""
    hosts = list(hosts_in(record.value))
    if mentions(platform, hosts):
        return None
    found = recognise(record)
    return found if found and found is not platform and mentions(found, hosts) else None


def mentions(platform: Platform, hosts: Iterable[str]) -> int:
    """How many of the hosts are the platform's own."""
    domains = (*platform.domains, *platform.media_domains)
    return sum(any(belongs_to(host, domain) for domain in domains) for host in hosts)


def belongs_to(host: str, domain: str) -> bool:
    """Whether a host is a domain's own or below it."""
    return host == domain or host.endswith("." + domain)


def hosts_in(value: Any) -> Iterator[str]:
    """The hosts of the first addresses in a JSON value."""
    waiting: list[Any] = [value]
    left = _MOST_ADDRESSES
    while waiting and left:
        node = waiting.pop()
        if isinstance(node, str):
            if node.startswith(("https://", "http://")) and (host := host_of(node)):
                left -= 1
                yield host
        else:
            waiting.extend(reversed(list(mapping(node).values()) or items(node)))


def host_of(address: str) -> str | None:
    """The host of a URL in lower case; None for what is no URL."""
    try:
        return urlsplit(address).hostname
    except ValueError:
        return None


def _is_called(platform: Platform, name: str | None) -> bool:
    return name is not None and any(belongs_to(name, own) for own in (platform.name, *platform.domains))


def _finds_posts(platform: Platform, record: Record) -> bool:
    return any(isinstance(part, Post) for part in platform.posts(record))
