"""A media host on loopback, in a process of its own, that is never what a download waits for.

What belongs here: bodies of a fixed seed, or the files of a folder, and the HTTP that serves them. What does not:
anything that measures.
"""

from __future__ import annotations

import asyncio
import random
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import cast

import uvloop

SEED = 20261120
PHOTOS = (30_000, 300_000)
"""Bytes of the smallest and the largest body: what photos on social media have."""

_SIGNATURE = bytes.fromhex("ffd8ffe000104a46494600010100000100010000")
_OWN_BYTES = 64
"""Random bytes after the signature that no other body has; the rest of every body is cut from the same ones."""

_SHARED_BYTES = 1_000_000
"""Of these. They stay in the processor's cache, so that serving them costs next to no memory traffic."""


Answer = list[bytes | memoryview]
"""Head and body in pieces."""


class _Connection(asyncio.Protocol):
    """Answers ``GET /<number>.jpg``; requests may be pipelined."""

    def __init__(self, answers: list[Answer]) -> None:
        self._answers = answers
        self._unread = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        *requests, self._unread = (self._unread + data).split(b"\r\n\r\n")
        for request in requests:
            number = int(request.split(b" ", 2)[1].rpartition(b"/")[2].partition(b".")[0])
            self._transport.writelines(self._answers[number])


def _answers(count: int, smallest: int, largest: int) -> list[Answer]:
    """The answer for every file."""
    rng = random.Random(SEED)
    shared = memoryview(rng.randbytes(_SHARED_BYTES))
    return [
        _answer(number, rng.randint(smallest, largest), rng.randbytes(_OWN_BYTES), shared) for number in range(count)
    ]


def _answer(number: int, size: int, own: bytes, shared: memoryview) -> Answer:
    start = _SIGNATURE + own
    whole, rest = divmod(size - len(start), _SHARED_BYTES)
    return [_head(number, size) + start, *[shared] * whole, shared[:rest]]


def _head(number: int, size: int) -> bytes:
    head = (
        f"HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\nContent-Length: {size}\r\n"
        f'ETag: "{number}"\r\nLast-Modified: Wed, 21 Oct 2015 07:28:00 GMT\r\n\r\n'
    )
    return head.encode()


def _answers_of(folder: Path) -> list[Answer]:
    """The answer for every file of a folder, in the order of their names."""
    bodies = [path.read_bytes() for path in sorted(folder.iterdir())]
    return [[_head(number, len(body)), body] for number, body in enumerate(bodies)]


async def _serve(answers: list[Answer]) -> None:
    server = await asyncio.get_running_loop().create_server(lambda: _Connection(answers), "127.0.0.1", 0, backlog=512)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


@contextmanager
def serving(count: int, sizes: tuple[int, int] = PHOTOS) -> Generator[str]:
    """Start the host with ``count`` files of so many bytes, and yield its ``host:port``."""
    with _started(*map(str, (count, *sizes))) as address:
        yield address


@contextmanager
def serving_folder(folder: Path) -> Generator[str]:
    """The same with the files of a folder: ``/0.jpg`` is the first by name."""
    with _started(str(folder)) as address:
        yield address


@contextmanager
def _started(*arguments: str) -> Generator[str]:
    command = [sys.executable, "-m", "bench.host", *arguments]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None
        yield f"127.0.0.1:{int(server.stdout.readline())}"
    finally:
        server.terminate()
        server.wait()


if __name__ == "__main__":
    only, *more = sys.argv[1:]
    uvloop.run(_serve(_answers(*map(int, (only, *more))) if more else _answers_of(Path(only))))
