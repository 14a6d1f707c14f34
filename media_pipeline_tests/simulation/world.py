"""A made-up world by a seed: hosts, each medium with its fault, and the posts that name them.

What belongs here: what there is, and how each medium must end. What does not: running anything.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from media_pipeline.model import Status
from media_pipeline_tests import faulty_host
from media_pipeline_tests.faulty_host import HTML, Exchange, Fault, FaultyHost
from media_pipeline_tests.hostile_host import HostileHost, answer_by_chance
from media_pipeline_tests.library import picture, tweet

MEDIA = 120
HOSTILE = 12
HOSTS = 5
MAX_FILE_MB = 4

DEAD = "X-Amz-Date=20200101T000000Z&X-Amz-Expires=60"
"""A signature that says itself that it has expired."""


@dataclass(frozen=True)
class Medium:
    url: str
    kind: str
    body: bytes
    """Which is stored, where it ends stored."""
    ends: tuple[Status, ...]


@dataclass(frozen=True)
class Kind:
    """One way for a host to behave, and how a medium of it may end."""

    end: Status
    fault: Fault | None = None
    body: Callable[[random.Random, int], bytes] | None = None
    etag: bool = False
    is_elsewhere: bool = False
    """Its URL redirects to where it is."""
    or_else: Status | None = None
    """How it ends when a run breaks off between the host's answer and its row."""
    weight: int = 1


def small(dice: random.Random, number: int) -> bytes:
    """Small pictures; some of them are the same."""
    return picture(number if dice.random() < 0.8 else dice.randrange(8), 48, 32)


def large(dice: random.Random, number: int) -> bytes:
    """Large enough to be gone on with."""
    return picture(number, 48, 32) + dice.randbytes(1_200_000)


def broken(_: random.Random, number: int) -> bytes:
    """A picture with a beginning and an end; what is between them can't be decoded."""
    whole = picture(number, 40, 30, kind="PNG")
    middle = whole.index(b"IDAT") + 4
    return whole[:middle] + bytes(6) + whole[middle + 6 :]


def changed(exchange: Exchange) -> None:
    """The first try is cut and was another version."""
    if exchange.turn == 1:
        other = exchange.page.body[:-100] + bytes(100)
        exchange.begin(200, Content_Length=str(len(other)), ETag='"another"')
        exchange.send(other[: len(other) // 2])
        exchange.hang_up()
    else:
        faulty_host.ranged(exchange)


def talks_on(exchange: Exchange) -> None:
    """More than the Content-Length names."""
    exchange.begin(200, Content_Length=str(len(exchange.page.body)))
    exchange.send(exchange.page.body + bytes(5000))


def once(exchange: Exchange) -> None:
    """Whoever asks again comes too late."""
    if exchange.turn == 1:
        exchange.serve()
    else:
        exchange.reply(404)


KINDS = {
    "fine": Kind(Status.STORED, weight=12),
    "gzipped": Kind(Status.STORED, faulty_host.gzipped),
    "busy": Kind(Status.STORED, faulty_host.first(2, faulty_host.status(503, Retry_After="0"))),
    "throttled": Kind(Status.STORED, faulty_host.first(1, faulty_host.status(429, Retry_After="0"))),
    "too long": Kind(Status.STORED, faulty_host.first(1, talks_on)),
    "redirected": Kind(Status.STORED, is_elsewhere=True),
    "reset": Kind(Status.STORED, faulty_host.first(1, faulty_host.reset)),
    "cut": Kind(Status.STORED, faulty_host.cut_then(1, Exchange.serve)),
    "large": Kind(Status.STORED, faulty_host.ranged, large, etag=True, weight=2),
    "large and cut": Kind(Status.STORED, faulty_host.cut_then(2, faulty_host.ranged), large, etag=True, weight=2),
    "large and changed": Kind(Status.STORED, changed, large, etag=True),
    "there once": Kind(Status.STORED, once, weight=6, or_else=Status.GONE),
    "half a picture": Kind(Status.STORED, body=lambda _, number: picture(number, 400, 300)[:1500]),
    "no picture": Kind(Status.QUARANTINED, body=broken),
    "gone": Kind(Status.GONE, faulty_host.status(404), weight=2),
    "gone for good": Kind(Status.GONE, faulty_host.status(410)),
    "unauthorised": Kind(Status.FORBIDDEN, faulty_host.status(401)),
    "forbidden": Kind(Status.FORBIDDEN, faulty_host.status(403)),
    "expired": Kind(Status.EXPIRED),
    "page": Kind(Status.NOT_MEDIA, body=lambda *_: HTML),
    "json": Kind(Status.NOT_MEDIA, body=lambda *_: b'{"error": "log in"}'),
    "empty": Kind(Status.NOT_MEDIA, body=lambda *_: b""),
    "too large": Kind(Status.TOO_LARGE, faulty_host.endless, body=lambda *_: picture(1) + bytes(1_000_000)),
    "inside": Kind(Status.UNSAFE, faulty_host.redirect("http://169.254.169.254/latest/meta-data/")),
    "loop": Kind(Status.ABANDONED, lambda exchange: exchange.reply(302, Location=exchange.handler.path)),
    "broken": Kind(Status.ABANDONED, faulty_host.status(500, Retry_After="0")),
    "too short": Kind(Status.ABANDONED, faulty_host.promises_more),
}

ENDED = tuple(set(Status) - {Status.PENDING, Status.FAILED, Status.MISSING})
"""What may become of a hostile answer."""

GARBAGE = (b"\xff\xfe{", b'{"id_str": "1e', b"[" * 3000, b"\0\0\0", b'"\\ud800"', b"1" + b"0" * 400, b"null")
"""Lines of an export that are no post."""


@dataclass(frozen=True)
class World:
    """What there is, and how each of it must end."""

    media: list[Medium]
    export: bytes
    """Posts about them, as lines, with lines between them that are none."""
    references: int


def make_world(seed: int, hosts: list[FaultyHost], hostile: HostileHost) -> World:
    """Put media on the hosts, and write posts about them."""
    dice = random.Random(seed)
    names = dice.choices(list(KINDS), [kind.weight for kind in KINDS.values()], k=MEDIA)
    media = [_serve(dice, number, name, dice.choice(hosts)) for number, name in enumerate(names)]
    media += [_serve_anything(dice, number, hostile) for number in range(HOSTILE)]
    posts = _posts(dice, [medium.url for medium in media])
    references = sum(len(post["extended_entities"]["media"]) for post in posts)
    lines = [json.dumps(post).encode() for post in posts] + list(GARBAGE)
    dice.shuffle(lines)
    return World(media, b"\n".join(lines) + b"\n", references)


def _serve_anything(dice: random.Random, number: int, host: HostileHost) -> Medium:
    body = picture(1000 + number, 48, 32)
    return Medium(host.serve(f"/hostile-{number}.jpg", answer_by_chance(dice, body)), "hostile", body, ENDED)


def _serve(dice: random.Random, number: int, name: str, host: FaultyHost) -> Medium:
    kind = KINDS[name]
    body = (kind.body or small)(dice, number)
    path = f"/{number}.jpg?{DEAD}" if name == "expired" else f"/{number}.jpg"
    headers = {"ETag": f'"{number}"'} if kind.etag else {}
    ends = (kind.end, kind.or_else) if kind.or_else else (kind.end,)
    fault = kind.fault
    if kind.is_elsewhere:
        fault = faulty_host.redirect(host.serve(f"/there{path}", body))
    return Medium(host.serve(path, body, fault=fault, **headers), name, body, ends)


def _posts(dice: random.Random, urls: list[str]) -> list[dict[str, Any]]:
    """Each URL in one to three posts."""
    places = [url for url in urls for _ in range(dice.choice((1, 1, 1, 2, 3)))]
    dice.shuffle(places)
    posts: list[dict[str, Any]] = []
    while places:
        count = dice.randint(1, 4)
        chosen, places = dict.fromkeys(places[:count]), places[count:]
        post = tweet(len(posts) + 1, *chosen, author=f"author{dice.randrange(9)}")
        posts.append(_hostile(dice, post) if dice.random() < 0.1 else post)
    return posts


def _hostile(dice: random.Random, post: dict[str, Any]) -> dict[str, Any]:
    """A post with a value that no database stores as it is."""
    number = post["id_str"]
    values = {
        "id_str": number * 3000,
        "full_text": f"a\0b \ud800 {number}",
        "created_at": "Sat Nov 01 12:00:00 +0000 99999",
        "favorite_count": 10**40,
    }
    name = dice.choice(list(values))
    return {**post, name: values[name]}
