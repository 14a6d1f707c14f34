"""Which URLs and which addresses may be asked.

What belongs here: pure rules over URLs, host names and IP addresses. What does not: name resolution and sockets.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

from requests_hardened.ip_filter import EXTRA_BLOCKED_NET_RANGES  # pyright: ignore[reportMissingTypeStubs]

from media_pipeline.fetch.http.urls import UnsafeUrlError, joined, standard, trimmed
from media_pipeline.model import SettingsError

DEFAULT_PORTS = {"http": 80, "https": 443}

GLOBAL_UNICAST = ipaddress.ip_network("2000::/3")
"""The only IPv6 range that IANA hands out for the public internet (RFC 4291, section 2.4)."""

_BLOCKED = (*EXTRA_BLOCKED_NET_RANGES, ipaddress.ip_network("168.63.129.16/32"))
"""Ranges of special use that Python's ipaddress doesn't know, or only from some version on; and the one public address
that answers from inside, Azure's WireServer, which hands out a machine's configuration."""

_ENDS_IN_A_NUMBER = re.compile(r"(?:.*\.)?(?:[0-9]+|0x[0-9a-f]*)\.?", re.IGNORECASE | re.ASCII)
"""What the URL standard of browsers takes for an IPv4 address, however odd, and no name can be (url.spec.whatwg.org,
"ends in a number"). Decimal, octal, hexadecimal and shortened forms are among it: resolvers read them differently."""

_LOCAL_WITH_DOT = re.compile(r"(?:.*\.)?localhost\.", re.IGNORECASE)
"""What some resolvers read as the name without its dot, and others look for."""

_WITHOUT_HOST = re.compile(r"https?:(?!//[^/?#])|//(?![^/?#])", re.IGNORECASE)
"""Where RFC 3986 fills in the host of the page that redirects, and browsers take what follows for the host."""

_NAME = re.compile(r"[^.*^|]{1,63}(?:\.[^.*^|]{1,63})*\.?")
"""What the DNS can hold."""

_NOT_IN_A_HOST = re.compile(r"[/?#@\\\s]")


class AllowedHostError(SettingsError):
    """An entry of MEDIA_ALLOWED_HOSTS that is neither ``host`` nor ``host:port``.

    To do: Write each entry of MEDIA_ALLOWED_HOSTS as `host` or `host:port`.
    """


@dataclass(frozen=True, slots=True)
class Target:
    """Where a URL leads: scheme in lower case, host normalised and without brackets, port filled in."""

    scheme: str
    host: str
    port: int


def target_of(url: str) -> Target:
    """Where a URL leads; raises UnsafeUrlError where the form alone rules it out."""
    return asked_at(url)[1]


def asked_at(url: str) -> tuple[str, Target]:
    """The URL as it is asked, escaped as browsers do, and where that leads.

    Raises UnsafeUrlError where the form alone rules it out, and where the URL as it was written names another host:
    one parser decides what is checked and what is asked, and a second one must read the host as it does.
    """
    written = _target_as_written(url)
    asked = standard(url)
    port = int(asked.port) if asked.port else DEFAULT_PORTS[written.scheme]
    target = Target(asked.protocol.rstrip(":"), _checked_host(asked.hostname), port)
    is_escaped = not written.host.isascii() and not is_address(target.host)
    if target != written and not (is_escaped and (target.scheme, target.port) == (written.scheme, written.port)):
        raise UnsafeUrlError("invalid_url", f"the host {written.host} can also be read as {target.host}")
    if not is_address(target.host) and not _NAME.fullmatch(target.host):
        raise UnsafeUrlError("invalid_url", f"no host can have this name: {target.host[:80]}")
    return asked.href, target


def _target_as_written(url: str) -> Target:
    try:
        parts = urlsplit(trimmed(url))
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise UnsafeUrlError("invalid_url", f"the URL can't be read: {error}") from error
    default_port = DEFAULT_PORTS.get(parts.scheme)
    if default_port is None:
        raise UnsafeUrlError("scheme", f"only http and https are asked, not {parts.scheme or 'a URL without scheme'}")
    if "@" in parts.netloc:
        raise UnsafeUrlError("credentials", "the URL carries a user name or password")
    if port == 0:
        raise UnsafeUrlError("invalid_url", "the URL names an impossible port")
    return Target(parts.scheme, _checked_host(host), port or default_port)


def host_of(url: str) -> str:
    """Host and port of a URL, as ``host:port``, to count requests by; empty for one that is never asked."""
    try:
        target = target_of(url)
    except (UnsafeUrlError, ValueError):
        return ""
    return f"{target.host}:{target.port}"


def redirect_target(url: str, location: str) -> str:
    """The URL that an answer of ``url`` redirects to; ``location`` is its header as http.client reads it, as Latin-1.

    Raises UnsafeUrlError for a Location that is empty, or that names no host where one belongs. Whether the target
    may be asked is for :func:`target_of` to say.
    """
    wanted = trimmed(_text_of(location))
    if not wanted:
        raise UnsafeUrlError("empty_redirect", "the host redirects, and doesn't say where to")
    if _WITHOUT_HOST.match(wanted):
        raise UnsafeUrlError("no_host", "the host redirects to a URL that names no host")
    return joined(url, wanted)


def _text_of(location: str) -> str:
    """As browsers read it: UTF-8, and bytes that are none are escaped as they came."""
    if any(character > "\xff" for character in location):
        return location
    try:
        return location.encode("latin-1").decode()
    except UnicodeDecodeError:
        return "".join(character if character < "\x80" else f"%{ord(character):02X}" for character in location)


def _checked_host(host: str | None) -> str:
    if not host:
        raise UnsafeUrlError("no_host", "the URL names no host")
    host = host.strip("[]")
    if "%" in host:
        raise UnsafeUrlError("invalid_url", "the host is escaped, or bound to a network interface of this machine")
    if _LOCAL_WITH_DOT.fullmatch(host):
        raise UnsafeUrlError("invalid_url", "this machine's own name, with a dot at its end")
    if _ENDS_IN_A_NUMBER.fullmatch(host) and not is_address(host):
        raise UnsafeUrlError("numeric_host", "an IPv4 address in another form than four decimal numbers")
    return _normalised(host)


def is_public(address: str) -> bool:
    """Whether an IP address, with or without brackets, is one of the public internet.

    Whatever requests-hardened refuses is refused here, and what it lets by besides: IPv4-compatible (``::7f00:1``),
    site-local and ISATAP addresses.
    """
    ip = ipaddress.ip_address(address.strip("[]"))
    if ip.is_multicast or ip.is_reserved or not ip.is_global or any(ip in range_ for range_ in _BLOCKED):
        return False
    if isinstance(ip, ipaddress.IPv4Address):
        return True
    return ip in GLOBAL_UNICAST and ip.teredo is None and ip.sixtofour is None and not _is_isatap(ip)


def is_address(host: str) -> bool:
    """Whether a host is an IP address, in its usual form and without brackets."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


class AllowedHosts:
    """The hosts that may be asked whatever their address: ``host`` for every port of it, or ``host:port``."""

    def __init__(self, entries: Iterable[str]) -> None:
        self._entries = frozenset(_allowed(entry) for entry in entries)

    def __contains__(self, target: Target) -> bool:
        return (target.host, target.port) in self._entries or (target.host, None) in self._entries


def _allowed(entry: str) -> tuple[str, int | None]:
    try:
        return read_host(entry)
    except ValueError:
        raise AllowedHostError(f"MEDIA_ALLOWED_HOSTS: write host or host:port, not {entry!r}") from None


def read_host(entry: str) -> tuple[str, int | None]:
    """Read ``host`` or ``host:port`` of a setting, the host as in :class:`Target`; raises ValueError."""
    try:
        return str(ipaddress.IPv6Address(entry)), None
    except ValueError:
        pass
    if _NOT_IN_A_HOST.search(entry):
        raise ValueError("more than a host and a port")
    parts = urlsplit(f"//{entry}")
    if not parts.hostname:
        raise ValueError("no host")
    return _normalised(parts.hostname), parts.port


def _normalised(host: str) -> str:
    try:
        return str(ipaddress.ip_address(host))
    except ValueError:
        return host.lower()


def _is_isatap(ip: ipaddress.IPv6Address) -> bool:
    """An IPv4 address behind the interface identifier 0000:5efe or 0200:5efe (RFC 5214, section 6.1)."""
    return (int(ip) >> 32) & 0xFDFF_FFFF == 0x0000_5EFE
