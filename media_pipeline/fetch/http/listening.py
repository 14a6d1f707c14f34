"""Whether this machine can listen at an address. No connection is made."""

from __future__ import annotations

import socket

from media_pipeline.model import MediaPipelineError


class CanNotListen(MediaPipelineError):
    """A server can't be started at this address; the text says why.

    To do: Choose another address with `--host` and `--port`, or end the program that has this one.
    """


def make_sure_of_address(host: str, port: int) -> None:
    """Bind to the address for a moment. Raises CanNotListen."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as server:
            # As servers do: a port whose last connections are only just closed is free.
            server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            server.bind(address)
    except (OSError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise CanNotListen(
            f"can't listen on {host} port {port}: {reason}; choose another with --host and --port, or end what uses it"
        ) from error
