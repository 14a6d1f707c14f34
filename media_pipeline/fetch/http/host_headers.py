"""The headers of MEDIA_HOST_HEADERS: which host gets which.

What belongs here: reading and checking the setting, and the match of a host. What does not: the headers that every
request has (:mod:`media_pipeline.fetch.http.client`). A header's value stands in no error and in no log.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

from media_pipeline.fetch.http.addresses import Target, is_address, read_host
from media_pipeline.model import SettingsError

_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VALUE = re.compile(r"[!-~](?:[ -~\t]*[!-~])?")
"""RFC 9110, sections 5.1 and 5.5, without what is obsolete in them."""

_OURS = re.compile(
    "accept-encoding|connection|content-length|expect|host|keep-alive|range|te|trailer|transfer-encoding|upgrade"
    "|if-.*|proxy-.*",
    re.IGNORECASE,
)
"""What frames a request, or says which part or version is asked for: that decides what an answer means."""


class HostHeadersError(SettingsError):
    """An entry of MEDIA_HOST_HEADERS that can't be used.

    To do: Write MEDIA_HOST_HEADERS as JSON: `{"host": {"Name": "value"}}`.
    """


@dataclass(frozen=True, slots=True)
class HostHeaders:
    """Headers for one host, ``*.`` for all below a name; without a port for every port."""

    host: str
    port: int | None
    is_suffix: bool
    headers: tuple[tuple[str, str], ...] = field(repr=False)

    @classmethod
    def of(cls, key: str, headers: Mapping[str, str]) -> Self:
        """Raises HostHeadersError for what is no host, and for a header that can't be sent or is ours to send."""
        try:
            host, port = read_host(key.removeprefix("*."))
        except ValueError:
            host, port = "", None
        if not host or "*" in host:
            raise HostHeadersError(f"MEDIA_HOST_HEADERS: write host, host:port or *.suffix, not {key!r}")
        for name, value in headers.items():
            _check(key, name, value)
        return cls(host, port, key.startswith("*."), tuple(headers.items()))

    def matches(self, target: Target) -> bool:
        if self.port not in (None, target.port):
            return False
        if not self.is_suffix:
            return target.host == self.host
        return target.host.endswith(f".{self.host}") and not is_address(target.host)


def read_host_headers(setting: Mapping[str, Mapping[str, str]]) -> tuple[HostHeaders, ...]:
    """Read the setting; what names a host most exactly comes last, so that it wins. Raises HostHeadersError."""
    read = [HostHeaders.of(key, headers) for key, headers in setting.items()]
    return tuple(sorted(read, key=lambda entry: (not entry.is_suffix, len(entry.host), entry.port is not None)))


def _check(key: str, name: str, value: str) -> None:
    if not _NAME.fullmatch(name):
        raise HostHeadersError(f"MEDIA_HOST_HEADERS: a header for {key} has a name that no header can have")
    if name.lower() == "cookie":
        raise HostHeadersError(f"MEDIA_HOST_HEADERS: put the cookies for {key} into a file, see MEDIA_COOKIES_FILE")
    if _OURS.fullmatch(name):
        raise HostHeadersError(f"MEDIA_HOST_HEADERS: {name}, for {key}, can't be set: it is part of how we ask")
    if not _VALUE.fullmatch(value):
        raise HostHeadersError(f"MEDIA_HOST_HEADERS: the value of {name}, for {key}, is empty or no ASCII text")
