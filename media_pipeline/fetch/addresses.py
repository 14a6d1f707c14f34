"""Which URLs and which addresses may be asked.

What belongs here: pure rules over URLs, host names and IP addresses. What does not: name resolution and sockets.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

from media_pipeline.model import MediaPipelineError

DEFAULT_PORTS = {"http": 80, "https": 443}

GLOBAL_UNICAST = ipaddress.ip_network("2000::/3")
"""The only IPv6 range that IANA hands out for the public internet (RFC 4291, section 2.4)."""

_NOT_IN_A_URL = re.compile(r"[\x00-\x20\x7f\\]")
"""Where URL parsers disagree about these, an attacker chooses the host (RFC 3986 allows none of them)."""

_LOCAL_WITH_DOT = re.compile(r"(?:0x[0-9a-f.]*|[0-9.]*|(?:.*\.)?localhost)\.", re.IGNORECASE | re.ASCII)
"""What some resolvers read as the address or the name without its dot, and others look for."""

_NOT_IN_AN_ENTRY = re.compile(r"[/?#@\\\s]")


class UnsafeUrlError(MediaPipelineError):
    """A URL that must not be asked. ``kind`` is a stable word for the reason."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


class AllowedHostError(MediaPipelineError):
    """An entry of MEDIA_ALLOWED_HOSTS that is neither ``host`` nor ``host:port``."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where a URL leads: scheme in lower case, host normalised and without brackets, port filled in."""

    scheme: str
    host: str
    port: int


def target_of(url: str) -> Target:
    """Read scheme, host and port of a URL; raises UnsafeUrlError where the form alone rules it out."""
    if _NOT_IN_A_URL.search(url):
        raise UnsafeUrlError("invalid_url", "the URL holds a space, a backslash or a control character")
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise UnsafeUrlError("invalid_url", f"the URL can't be read: {error}") from error
    default_port = DEFAULT_PORTS.get(parts.scheme)
    if default_port is None:
        raise UnsafeUrlError("scheme", f"only http and https are asked, not {parts.scheme or 'a URL without scheme'}")
    if "@" in parts.netloc:
        raise UnsafeUrlError("credentials", "the URL carries a user name or password")
    if not host or port == 0:
        raise UnsafeUrlError("invalid_url", "the URL names no host or an impossible port")
    if "%" in host:
        raise UnsafeUrlError("invalid_url", "the host is escaped, or bound to a network interface of this machine")
    if _LOCAL_WITH_DOT.fullmatch(host):
        raise UnsafeUrlError("invalid_url", "an address, or this machine's own name, that ends with a dot")
    return Target(parts.scheme, _normalised(host), port or default_port)


def is_public(address: str) -> bool:
    """Whether an IP address, with or without brackets, is one of the public internet.

    Stricter than requests-hardened, which lets IPv4-compatible (``::7f00:1``), site-local and ISATAP addresses by.
    """
    ip = ipaddress.ip_address(address.strip("[]"))
    if ip.is_multicast or ip.is_reserved or not ip.is_global:
        return False
    if isinstance(ip, ipaddress.IPv4Address):
        return True
    return ip in GLOBAL_UNICAST and ip.teredo is None and ip.sixtofour is None and not _is_isatap(ip)


class AllowedHosts:
    """The hosts that may be asked whatever their address: ``host`` for every port of it, or ``host:port``."""

    def __init__(self, entries: Iterable[str]) -> None:
        self._entries = frozenset(_read_entry(entry) for entry in entries)

    def __contains__(self, target: Target) -> bool:
        return (target.host, target.port) in self._entries or (target.host, None) in self._entries


def _read_entry(entry: str) -> tuple[str, int | None]:
    try:
        return str(ipaddress.IPv6Address(entry)), None
    except ValueError:
        pass
    complaint = AllowedHostError(f"MEDIA_ALLOWED_HOSTS: write host or host:port, not {entry!r}")
    if _NOT_IN_AN_ENTRY.search(entry):
        raise complaint
    try:
        parts = urlsplit(f"//{entry}")
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise complaint from error
    if not host:
        raise complaint
    return _normalised(host), port


def _normalised(host: str) -> str:
    try:
        return str(ipaddress.ip_address(host))
    except ValueError:
        return host.lower()


def _is_isatap(ip: ipaddress.IPv6Address) -> bool:
    """An IPv4 address behind the interface identifier 0000:5efe or 0200:5efe (RFC 5214, section 6.1)."""
    return (int(ip) >> 32) & 0xFDFF_FFFF == 0x0000_5EFE
