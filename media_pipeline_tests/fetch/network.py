"""A network for tests that never leaves this machine, and remembers who was looked up and connected to.

    network.names["media.test"] = ["203.0.114.7"]
    network.lead("203.0.114.7", host.address)

What belongs here: the DNS and the routes, put in place of those of :mod:`socket`. What does not: servers.
"""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any

import pytest

PUBLIC = "203.0.114.7"
OTHER_PUBLIC = "203.0.114.8"
PUBLIC_V6 = "2606:4700::1111"

Answer = list[str] | Callable[[], list[str]]


class Network:
    """Names are those that are set and ``localhost``. Loopback addresses are themselves; others lead where told to."""

    def __init__(self) -> None:
        self.names: dict[str, Answer] = {}
        self.looked_up: list[str] = []
        """Names, not addresses in any form: those need no DNS."""
        self.connected: list[str] = []
        """Addresses that a connection was tried to, in their order."""
        self._routes: dict[str, tuple[str, int] | OSError] = {}
        self._getaddrinfo = socket.getaddrinfo
        self._connect = socket.socket.connect

    def lead(self, address: str, host: str) -> None:
        """Connections to an address, whatever the port, reach ``host:port`` of this machine."""
        name, _, port = host.rpartition(":")
        self._routes[address] = (name, int(port))

    def fail(self, address: str, error: OSError) -> None:
        self._routes[address] = error

    def install(self, monkeypatch: pytest.MonkeyPatch) -> None:
        network = self

        def connect(sock: socket.socket, address: tuple[Any, ...]) -> None:
            network.connected.append(address[0])
            route = network._routes.get(address[0], address[:2])
            if isinstance(route, OSError):
                raise route
            if route[0] not in ("127.0.0.1", "::1"):
                raise ConnectionRefusedError(f"no way leads to {route[0]}")
            network._connect(sock, route)

        monkeypatch.setattr(socket, "getaddrinfo", self._resolve)
        monkeypatch.setattr(socket.socket, "connect", connect)
        monkeypatch.setattr(socket.socket, "connect_ex", None)

    def _resolve(self, name: str, port: Any, *rest: Any, **named: Any) -> list[Any]:
        if _is_numeric(name):
            return self._getaddrinfo(name, port, *rest, **named)
        self.looked_up.append(name)
        if name.lower() == "localhost":
            return self._getaddrinfo("127.0.0.1", port, *rest, **named)
        name.encode("idna")  # as the real one, it refuses labels that are empty or too long
        answer = self.names.get(name, [])
        addresses = answer() if callable(answer) else answer
        if not addresses:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return [entry for address in addresses for entry in self._getaddrinfo(address, port, type=socket.SOCK_STREAM)]


def _is_numeric(name: str) -> bool:
    """Whether inet_aton(3) or inet_pton(3) reads it."""
    try:
        socket.inet_aton(name)
    except OSError:
        return ":" in name
    return True
