"""Connections to the addresses that were checked, and to no other.

What belongs here: how urllib3's connections find and reach their host. What does not: which hosts are asked
(:mod:`media_pipeline.fetch.http.client`).

requests-hardened resolves a name in its adapter, checks the first address, and hands that to urllib3 in the place of
the name. So a host whose first address is down can't be reached, a second address is never looked at, and every
request waits for the DNS although its connection is open. Here the same is done where urllib3 makes a connection: it
looks up once, checks all, and connects to what it checked. The name stays the name, for TLS, Host and the pool's key.
"""

from __future__ import annotations

import hashlib
import socket
import ssl
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError

from media_pipeline.fetch.http.pacing import Pace, PacedResponse
from media_pipeline.fetch.http.resolve import Endpoint, refuse_private, resolve

_SHORTEST_TRY_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class Rules:
    """What all connections of a pool obey."""

    pace: Pace
    public_only: bool


class GuardedHTTPConnection(HTTPConnection):
    """A connection that looks its host up once, obeys the rules, and remembers what it reached."""

    rules: Rules
    remote_address: str | None = None
    certificate_sha256: str | None = None
    """Of the host's own certificate; None without TLS."""

    def connect(self) -> None:
        super().connect()
        self.remote_address = self.sock.getpeername()[0]
        if isinstance(self.sock, ssl.SSLSocket):
            certificate = self.sock.getpeercert(binary_form=True)
            self.certificate_sha256 = hashlib.sha256(certificate).hexdigest() if certificate else None

    def _new_conn(self) -> socket.socket:
        seconds = self.timeout
        try:
            endpoints = resolve(self._dns_host, self.port, seconds)
        except socket.gaierror as error:
            raise NameResolutionError(self.host, self, error) from error
        if self.rules.public_only:
            refuse_private(self.host, endpoints)
        try:
            connected = _connect_to_first(endpoints, seconds, self.socket_options or ())
        except TimeoutError as error:
            raise ConnectTimeoutError(self, f"no connection to {self.host} within {seconds} s") from error
        except OSError as error:
            raise NewConnectionError(self, f"no connection to {self.host}: {error}") from error
        sys.audit("http.client.connect", self, self.host, self.port)
        return connected


class GuardedHTTPSConnection(GuardedHTTPConnection, HTTPSConnection):
    """The same over TLS."""


class GuardedHTTPConnectionPool(HTTPConnectionPool):
    """A pool of guarded connections."""

    ConnectionCls = GuardedHTTPConnection  # pyright: ignore[reportAssignmentType]

    def __init__(self, *arguments: Any, rules: Rules, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._rules = rules

    def _new_conn(self) -> Any:
        connection: Any = super()._new_conn()
        connection.rules = self._rules
        connection.response_class = partial(PacedResponse, self._rules.pace)
        return connection


class GuardedHTTPSConnectionPool(GuardedHTTPConnectionPool, HTTPSConnectionPool):
    """A pool of guarded TLS connections."""

    ConnectionCls = GuardedHTTPSConnection  # pyright: ignore[reportAssignmentType]


def _connect_to_first(
    endpoints: Sequence[Endpoint], seconds: float | None, options: Sequence[tuple[int, int, int | bytes]]
) -> socket.socket:
    """A socket to the first endpoint that takes it. All tries together take ``seconds``, shared evenly."""
    deadline = None if seconds is None else time.monotonic() + seconds
    failure: OSError | None = None
    for done, endpoint in enumerate(endpoints):
        share = None
        if deadline is not None:
            share = max((deadline - time.monotonic()) / (len(endpoints) - done), _SHORTEST_TRY_SECONDS)
        try:
            connected = _connect(endpoint, share, options)
        except OSError as error:
            failure = error
        else:
            connected.settimeout(seconds)
            return connected
    raise failure or OSError("the host has no address")


def _connect(
    endpoint: Endpoint, seconds: float | None, options: Sequence[tuple[int, int, int | bytes]]
) -> socket.socket:
    connecting = socket.socket(endpoint.family, endpoint.kind, endpoint.protocol)
    try:
        for option in options:
            connecting.setsockopt(*option)
        connecting.settimeout(seconds)
        connecting.connect(endpoint.socket_address)
    except BaseException:
        connecting.close()
        raise
    return connecting
