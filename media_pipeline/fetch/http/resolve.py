"""From a host's name to the addresses that a connection may go to.

What belongs here: name resolution with a limit on its time, and the check of all that it answers. What does not: the
rules over addresses (:mod:`media_pipeline.fetch.http.addresses`) and connecting
(:mod:`media_pipeline.fetch.http.connections`).
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

from urllib3.util.connection import allowed_gai_family

from media_pipeline.fetch.http.addresses import UnsafeUrlError, is_address, is_public


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One answer of getaddrinfo(3): what ``socket.socket`` and its ``connect`` take. Numeric: nothing to look up."""

    family: int
    kind: int
    protocol: int
    socket_address: tuple[Any, ...]

    @property
    def address(self) -> str:
        return str(self.socket_address[0])


def resolve(host: str, port: int, seconds: float | None) -> tuple[Endpoint, ...]:
    """All addresses of a host, in the order in which the system would try them (RFC 6724).

    Raises socket.gaierror when there is none or no answer within ``seconds`` (None: however long it takes), and
    UnsafeUrlError for a name that the DNS can't hold.
    """
    try:
        answers = _look_up(host, port) if is_address(host) else _look_up_in_time(host, port, seconds)
    except UnicodeError as error:
        raise UnsafeUrlError("invalid_url", f"no host can have this name: {error}") from error
    return tuple(
        Endpoint(family, kind, protocol, socket_address) for family, kind, protocol, _, socket_address in answers
    )


def refuse_private(host: str, endpoints: Iterable[Endpoint]) -> None:
    """Raise UnsafeUrlError when any of the addresses is not public.

    One is enough: a name with a public and a private address is what rebinding the DNS looks like, where the public
    one only has to refuse the connection for the private one to be tried. No host of the public internet needs it.
    """
    for endpoint in endpoints:
        if not is_public(endpoint.address):
            raise UnsafeUrlError("private_address", f"the host's address is not public: {host} is {endpoint.address}")


def _look_up_in_time(host: str, port: int, seconds: float | None) -> list[Any]:
    """getaddrinfo can't be interrupted: a thread waits for it, and is left behind when it takes too long.

    Such a thread ends when the system's resolver gives up, 10 to 30 s with the defaults of resolv.conf(5).
    """
    future: Future[list[Any]] = Future()

    def look_up() -> None:
        try:
            future.set_result(_look_up(host, port))
        except (OSError, UnicodeError) as error:
            future.set_exception(error)

    threading.Thread(target=look_up, name="resolve", daemon=True).start()
    try:
        return future.result(seconds)
    except TimeoutError:
        raise socket.gaierror(socket.EAI_AGAIN, f"no answer within {seconds:g} s") from None


def _look_up(host: str, port: int) -> list[Any]:
    return socket.getaddrinfo(host, port, family=allowed_gai_family(), type=socket.SOCK_STREAM)
