"""A web server on loopback that answers with any bytes at all, as no HTTP library would send them.

    with HostileHost() as host:
        url = host.serve("/a.jpg", b"HTTP/1.1 200 OK\\r\\nTransfer-Encoding: chunked\\r\\n\\r\\n-5\\r\\n")

What belongs here: the socket, and answers made by chance from a seed. What does not: faults of a proper HTTP server
(:mod:`media_pipeline_tests.faulty_host`).
"""

from __future__ import annotations

import gzip
import random
import socket
import socketserver
import threading
import zlib
from collections.abc import Callable
from typing import Any, Self

_MOST_REQUEST_BYTES = 65536


class HostileHost:
    """The server. Start it with ``with``. It sends the bytes that a path was given, and hangs up."""

    def __init__(self) -> None:
        self._answers: dict[str, bytes] = {}
        self._server = _Server(("127.0.0.1", 0), self._handler())
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def address(self) -> str:
        """``127.0.0.1:<port>``."""
        return f"127.0.0.1:{self._server.server_address[1]}"

    def serve(self, path: str, answer: bytes) -> str:
        """Register the very bytes of an answer and get its URL."""
        self._answers[path] = answer
        return f"http://{self.address}{path}"

    def _handler(self) -> type[socketserver.BaseRequestHandler]:
        host = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                asked = self._request()
                path = asked.split(b" ")[1].decode("latin-1") if asked.count(b" ") > 1 else ""
                try:
                    self.request.sendall(host._answers.get(path, b"HTTP/1.1 404 Not Found\r\n\r\n"))
                    self.request.shutdown(socket.SHUT_WR)
                    # Closed with something unread, the other side would see a reset before it has read the answer.
                    self.request.settimeout(1)
                    while self.request.recv(65536):
                        pass
                except OSError:
                    pass

            def _request(self) -> bytes:
                asked = b""
                while b"\r\n\r\n" not in asked and len(asked) < _MOST_REQUEST_BYTES:
                    chunk = self.request.recv(65536)
                    if not chunk:
                        break
                    asked += chunk
                return asked

        return Handler


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    request_queue_size = 128
    block_on_close = False
    allow_reuse_address = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that hang up are the point of many a test."""


def answer_by_chance(chance: random.Random, body: bytes) -> bytes:
    """An answer with some truth and any number of lies in status line, headers, framing and body."""
    body = chance.choice(_BODIES)(chance, body)
    framed, headers = chance.choice(_FRAMINGS)(chance, body)
    headers += [make(chance) for make in chance.sample(_HEADERS, chance.randrange(4))]
    chance.shuffle(headers)
    interim = b"".join(b"HTTP/1.1 %d Hint\r\nLink: </a>\r\n\r\n" % number for number in chance.choice(_INTERIM))
    answer = interim + b"\r\n".join([chance.choice(_STATUS_LINES), *headers]) + b"\r\n\r\n" + framed
    return _with_bytes_changed(chance, answer) if chance.random() < 0.4 else answer


def _with_bytes_changed(chance: random.Random, answer: bytes) -> bytes:
    changed = bytearray(answer)
    # Mostly in the head: a body that is changed is another picture.
    for _ in range(chance.randrange(1, 8)):
        changed[chance.randrange(min(len(changed), chance.choice([40, 400, len(changed)])))] = chance.randrange(256)
    return bytes(changed[: chance.randrange(len(changed))] if chance.random() < 0.2 else changed)


_STATUS_LINES = [
    *[b"HTTP/1.1 200 OK"] * 12,
    *(b"HTTP/1.1 %d X" % status for status in (101, 204, 206, 301, 304, 400, 404, 410, 416, 500, 503, 599, 999)),
    b"HTTP/1.0 200",
    b"HTTP/2 200 OK",
    b"HTTP/1.1 -200 OK",
    b"HTTP/1.1 \xb2\xb0\xb0 OK",
    b"HTTP/1.1 200 \0\xff",
    b"HTTP/1.1 99999999999999999999 OK",
    b"ICY 200 OK",
    b"",
    b"\0" * 70_000,
]

_INTERIM = [()] * 8 + [(100,), (103,), (103, 100, 103), (102,) * 30]

_BODIES: list[Callable[[random.Random, bytes], bytes]] = [
    *[lambda _, body: body] * 4,
    lambda chance, body: body[: chance.randrange(len(body))],
    lambda chance, _: chance.randbytes(chance.randrange(2000)),
    lambda _, __: b"",
    lambda chance, body: body + chance.randbytes(500),
    lambda chance, _: b"#EXTM3U\n#EXT-X-VERSION:3\n#EXTINF:" + chance.randbytes(40) + b",\na.ts\n#EXT-X-ENDLIST\n",
    lambda chance, _: b'#EXTM3U\n#EXT-X-KEY:METHOD=AES-128,URI="' + chance.randbytes(9) + b'"\n#EXTINF:2,\na\n',
    lambda chance, _: b"<?xml version='1.0'?><MPD mediaPresentationDuration='PT" + chance.randbytes(9) + b"'></MPD>",
]


def _plain(chance: random.Random, body: bytes) -> tuple[bytes, list[bytes]]:
    length = chance.choice(
        [str(len(body)), str(len(body) + 9), str(len(body) // 2), "-1", "9" * 30, "0x10", "", "1, 2"]
    )
    return body, chance.choice([[], [b"Content-Length: " + length.encode()]] * 2 + [[b"Content-Length: 5"] * 2])


def _chunked(chance: random.Random, body: bytes) -> tuple[bytes, list[bytes]]:
    size = chance.choice(
        [b"%x" % len(body)] * 4 + [b"-5", b"-1", b"f" * 40, b"", b"zz", b" 5", b"0x5", b"5;a=\0", b"+5"]
    )
    end = chance.choice([b"\r\n0\r\n\r\n", b"0\r\n\r\n", b"\r\n0\r\n\0: \0\r\n\r\n", b"\r\n-0\r\n", b""])
    return size + b"\r\n" + body + end, [b"Transfer-Encoding: " + chance.choice([b"chunked"] * 5 + [b"chunked, gzip"])]


def _packed(chance: random.Random, body: bytes) -> tuple[bytes, list[bytes]]:
    packed = chance.choice([gzip.compress, zlib.compress, lambda body: body, lambda body: gzip.compress(body)[:-5]])(
        body
    )
    coding = chance.choice([b"gzip", b"deflate", b"br", b"zstd", b"gzip, gzip", b"\xff", b"", b"identity", b"x" * 9000])
    return packed, [b"Content-Encoding: " + coding, b"Content-Length: %d" % len(packed)]


_FRAMINGS = [_plain, _chunked, _chunked, _packed]

_HEADERS: list[Callable[[random.Random], bytes]] = [
    lambda _: b'ETag: "a\0b"',
    lambda chance: b"ETag: " + chance.randbytes(40).replace(b"\n", b"").replace(b"\r", b""),
    lambda _: b"Last-Modified: \0\xed\xa0\x80",
    lambda _: b"Last-Modified: Fri, 31 Dec 99999 23:59:59 +9999",
    lambda chance: (
        b"Retry-After: " + chance.choice([b"1" + b"0" * 23, b"-5", b"\xb2", b"Fri, 31 Dec 9999 23:59:59 GMT"])
    ),
    lambda chance: (
        b"Location: " + chance.choice([b"", b"//", b"http://[", b"/\0", b"\xff\xfe", b"http:///a", b"/" * 9000])
    ),
    lambda chance: (
        b"Content-Range: bytes " + chance.choice([b"0-1/2", b"-1--5/*", b"9" * 5000 + b"-1/*", b"*/" + b"9" * 50])
    ),
    lambda _: b"Content-Type: image/\0\xff; charset=\xff",
    lambda _: b"X-Long: " + b"a" * 70_000,
    lambda _: b"no colon at all",
    lambda _: b"Set-Cookie: \0=\xff; expires=Fri, 31 Dec 99999",
    lambda _: b"Connection: keep-alive, \xff",
    lambda _: b"\r\n".join(b"X-%d: a" % number for number in range(150)),
    lambda _: b"Accept-Ranges: bytes",
]
