"""Which URLs and which addresses may be asked.

What belongs here: pure rules over URLs, host names and IP addresses. What does not: name resolution and sockets.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

from requests_hardened.ip_filter import EXTRA_BLOCKED_NET_RANGES  # pyright: ignore[reportMissingTypeStubs]

from media_pipeline.model import MediaPipelineError

DEFAULT_PORTS = {"http": 80, "https": 443}

GLOBAL_UNICAST = ipaddress.ip_network("2000::/3")
"""The only IPv6 range that IANA hands out for the public internet (RFC 4291, section 2.4)."""

_BLOCKED = (*EXTRA_BLOCKED_NET_RANGES, ipaddress.ip_network("168.63.129.16/32"))
"""Ranges of special use that Python's ipaddress doesn't know, or only from some version on; and the one public address
that answers from inside, Azure's WireServer, which hands out a machine's configuration."""

_NOT_IN_A_URL = re.compile(r"[\x00-\x20\x7f\\]")
"""Where URL parsers disagree about these, an attacker chooses the host (RFC 3986 allows none of them)."""

_LOST_CHARACTER = re.compile(r"[\ud800-\udfff\ufffd]")
"""U+FFFD stands where a character was lost: by whoever wrote the export, or by the catalogue, which takes neither NUL
nor half of a surrogate pair. Without that character it is another URL."""

_ENDS_IN_A_NUMBER = re.compile(r"(?:.*\.)?(?:[0-9]+|0x[0-9a-f]*)\.?", re.IGNORECASE | re.ASCII)
"""What the URL standard of browsers takes for an IPv4 address, however odd, and no name can be (url.spec.whatwg.org,
"ends in a number"). Decimal, octal, hexadecimal and shortened forms are among it: resolvers read them differently."""

_LOCAL_WITH_DOT = re.compile(r"(?:.*\.)?localhost\.", re.IGNORECASE)
"""What some resolvers read as the name without its dot, and others look for."""

_WITHOUT_HOST = re.compile(r"https?:(?!//[^/?#])|//(?![^/?#])", re.IGNORECASE)
"""Where RFC 3986 fills in the host of the page that redirects, and browsers take what follows for the host."""

_NOT_IN_A_HOST = re.compile(r"[/?#@\\\s]")


class UnsafeUrlError(MediaPipelineError):
    """A URL that must not be asked. ``kind`` is a stable word for the reason."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


class AllowedHostError(MediaPipelineError):
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
    """Read scheme, host and port of a URL; raises UnsafeUrlError where the form alone rules it out."""
    if _NOT_IN_A_URL.search(url):
        raise UnsafeUrlError("invalid_url", "the URL holds a space, a backslash or a control character")
    if _LOST_CHARACTER.search(url):
        raise UnsafeUrlError("invalid_url", "the URL has lost a character, in whose place U+FFFD stands")
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
    try:
        # They are UTF-8 in practice, and some hold spaces. A space in the host is refused as what it becomes here.
        wanted = _text_of(location.encode("latin-1")).strip(" \t").replace(" ", "%20")
        _refuse_location(wanted)
        return urljoin(url, wanted)
    except ValueError as error:
        raise UnsafeUrlError("invalid_url", f"the host redirects to what is no URL: {error}") from error


def _text_of(location: bytes) -> str:
    """As browsers read it: bytes that are no UTF-8 are escaped as they came."""
    try:
        return location.decode()
    except UnicodeDecodeError:
        return "".join(chr(byte) if byte < 0x80 else f"%{byte:02X}" for byte in location)


def _refuse_location(location: str) -> None:
    """What urljoin would read in its own way: it drops tabs, and takes a missing host from the URL before."""
    if not location:
        raise UnsafeUrlError("empty_redirect", "the host redirects, and doesn't say where to")
    if _NOT_IN_A_URL.search(location):
        raise UnsafeUrlError("invalid_url", "the host redirects to a URL with a backslash or a control character")
    if _WITHOUT_HOST.match(location):
        raise UnsafeUrlError("no_host", "the host redirects to a URL that names no host")


def _checked_host(host: str | None) -> str:
    if not host:
        raise UnsafeUrlError("no_host", "the URL names no host")
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
