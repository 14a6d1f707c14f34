"""Files that are broken in one place, or locked, and whole in all others."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Iterator

from media_pipeline_tests.imaging.formats import animation

Change = Callable[[bytes], bytes]


def animated_png(number: int, kind: bytes, change: Change) -> bytes:
    """An animation of four frames, the chunk of this kind with this number, of its kind, changed; checksums right."""
    content, count = b"\x89PNG\r\n\x1a\n", 0
    for name, body in _chunks(animation("PNG")):
        if name == kind:
            body = change(body) if count == number else body
            count += 1
        content += struct.pack(">I4s", len(body), name) + body + struct.pack(">I", zlib.crc32(name + body))
    return content


def _chunks(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = 8
    while at < len(content):
        length, kind = struct.unpack_from(">I4s", content, at)
        yield kind, content[at + 8 : at + 8 + length]
        at += 12 + length


def animated_gif(*numbers: int) -> bytes:
    """An animation of four frames, the picture data of these broken."""
    content = bytearray(animation("GIF"))
    at, frame = 13 + _table(content[10]), 0
    while content[at] != ord(";"):
        if content[at] == ord("!"):
            at += 2
        else:
            at += 10 + _table(content[at + 9]) + 1
            if frame in numbers:
                content[at + 1 : at + 200] = b"\xff" * 199
            frame += 1
        while content[at]:
            at += content[at] + 1
        at += 1
    return bytes(content)


def _table(flags: int) -> int:
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0


def locked_pdf() -> bytes:
    """A document whose password is not the empty one, nor any that is known."""
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 200 200] >>",
        b"<< /Filter /Standard /V 1 /R 2 /P -4 /O <" + b"5a" * 32 + b"> /U <" + b"a5" * 32 + b"> >>",
    ]
    content, places = b"%PDF-1.4\n", list[int]()
    for number, body in enumerate(objects, 1):
        places.append(len(content))
        content += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    end = b"trailer << /Size 5 /Root 1 0 R /Encrypt 4 0 R /ID [<00> <00>] >>\nstartxref\n%d\n%%%%EOF\n" % len(content)
    return content + b"xref\n0 5\n0000000000 65535 f \n" + table + end
