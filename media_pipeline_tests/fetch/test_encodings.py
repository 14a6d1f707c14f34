"""What a host compresses although it was asked not to: undone within limits, or refused by name."""

from __future__ import annotations

import gzip
import hashlib
import subprocess
import sys
import zlib
from pathlib import Path

import pytest

from media_pipeline.model import FetchedFile, FetchFailure, Status
from media_pipeline_tests.faulty_host import JPEG, Exchange, Fault, FaultyHost
from media_pipeline_tests.fetch.compressed import bare_deflate, bomb
from media_pipeline_tests.fetch.getting import get
from media_pipeline_tests.patience import PATIENCE_SECONDS

LARGE = JPEG + bytes(range(256)) * 8000 + bytes(3_000_000)
"""More than one chunk before and after."""


def _sent(body: bytes, coding: str, *, is_measured: bool = True) -> Fault:
    """A body as it is, with this Content-Encoding; unless ``is_measured``, it ends where the host hangs up."""

    def answer(exchange: Exchange) -> None:
        if is_measured:
            exchange.reply(200, body, Content_Encoding=coding)
        else:
            exchange.begin(200, Content_Encoding=coding, Connection="close")
            exchange.send(body)
            exchange.hang_up()

    return answer


@pytest.mark.parametrize("is_measured", [True, False])
@pytest.mark.parametrize(
    ("coding", "body"),
    [
        ("gzip", gzip.compress(LARGE)),
        ("GZip", gzip.compress(LARGE)),
        ("x-gzip", gzip.compress(LARGE)),
        ("gzip", gzip.compress(LARGE[:1000]) + gzip.compress(LARGE[1000:])),
        ("gzip", gzip.compress(LARGE) + b"what other programs overlook too"),
        ("deflate", zlib.compress(LARGE)),
        ("deflate", bare_deflate(LARGE)),
        ("gzip, gzip", gzip.compress(gzip.compress(LARGE))),
        ("deflate,gzip", gzip.compress(bare_deflate(LARGE))),
        ("gzip, identity", gzip.compress(LARGE)),
        ("identity", LARGE),
        ("none", LARGE),
        ("utf-8", LARGE),
        ("", LARGE),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_comes_compressed_is_stored_as_it_was(
    host: FaultyHost, tmp_path: Path, coding: str, body: bytes, is_measured: bool
) -> None:
    url = host.serve("/a", fault=_sent(body, coding, is_measured=is_measured))
    fetched = get(url, tmp_path, media_allowed_hosts=(host.address,))
    assert isinstance(fetched, FetchedFile)
    assert fetched.path.read_bytes() == LARGE
    assert fetched.sha256 == hashlib.sha256(LARGE).hexdigest()


_BROKEN = bytearray(gzip.compress(LARGE))
_BROKEN[len(_BROKEN) // 2] ^= 0xFF


@pytest.mark.parametrize("is_measured", [True, False])
@pytest.mark.parametrize(
    ("coding", "body"),
    [
        pytest.param("gzip", bytes(_BROKEN), id="a wrong byte"),
        pytest.param("gzip", LARGE, id="not compressed at all"),
        pytest.param("deflate", LARGE, id="not deflated at all"),
        pytest.param("gzip", gzip.compress(LARGE)[:-1], id="all but the last byte"),
        pytest.param("gzip", gzip.compress(LARGE)[:5000], id="half a body"),
        pytest.param("gzip", gzip.compress(LARGE)[:12], id="too little for a first byte"),
        pytest.param("deflate", zlib.compress(LARGE)[:-1], id="deflate but for its last byte"),
        pytest.param("deflate", bare_deflate(LARGE)[:5000], id="half of a bare deflate"),
        pytest.param("deflate", b"\x78", id="half a header"),
        pytest.param("gzip, gzip", gzip.compress(gzip.compress(LARGE)[:-9]), id="the inner of two breaks off"),
        pytest.param("gzip, gzip", gzip.compress(gzip.compress(LARGE))[:-9], id="the outer of two breaks off"),
        pytest.param("gzip, gzip", gzip.compress(LARGE), id="once in place of twice"),
        pytest.param(", ".join(["gzip"] * 6), LARGE, id="six times"),
        pytest.param("br", b"\x8b\x00\x80a\x03", id="brotli"),
        pytest.param("zstd", b"\x28\xb5\x2f\xfd\x04\x00\x09\x00\x00a", id="zstandard"),
        pytest.param("gzip, br", b"\x8b\x00\x80a\x03", id="brotli over gzip"),
    ],
)
def test_what_cannot_be_undone_is_named_and_tried_again(
    host: FaultyHost, tmp_path: Path, coding: str, body: bytes, is_measured: bool
) -> None:
    url = host.serve("/a", fault=_sent(body, coding, is_measured=is_measured))
    outcome = get(url, tmp_path, media_allowed_hosts=(host.address,))
    assert isinstance(outcome, FetchFailure)
    assert outcome.status is Status.FAILED
    assert [attempt.error_kind for attempt in outcome.attempts] == ["bad_encoding"] * 3
    assert not list(tmp_path.glob("fetch-*"))


@pytest.mark.parametrize("body", [b"", gzip.compress(b"")], ids=["no byte", "an empty stream"])
def test_a_compressed_body_of_no_bytes_is_no_medium(host: FaultyHost, tmp_path: Path, body: bytes) -> None:
    url = host.serve("/a", fault=_sent(body, "gzip"))
    outcome = get(url, tmp_path, media_allowed_hosts=(host.address,))
    assert isinstance(outcome, FetchFailure)
    assert (outcome.status, outcome.attempts[0].error_kind) == (Status.NOT_MEDIA, "empty")


_FETCH = """
import resource, sys
from pathlib import Path
from media_pipeline_tests.fetch.getting import get

address, warm_up, url, folder = sys.argv[1:]
settings = {"media_allowed_hosts": (address,), "media_max_file_mb": 1}
get(warm_up, Path(folder), **settings)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
outcome = get(url, Path(folder), **settings)
grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
print(outcome.status, outcome.attempts[0].bytes_received, grown)
"""


@pytest.mark.parametrize("begin", [JPEG, b"<!doctype html>"], ids=["image", "page"])
@pytest.mark.parametrize("coding", ["gzip", "gzip, gzip"])
def test_ten_gigabytes_of_zeros_cost_neither_memory_nor_time(
    host: FaultyHost, tmp_path: Path, coding: str, begin: bytes
) -> None:
    body = bomb(begin, 10)
    if coding != "gzip":
        body = gzip.compress(body)
    url = host.serve("/bomb", fault=_sent(body, coding, is_measured=False))
    warm_up = host.serve("/a", fault=_sent(gzip.compress(JPEG), "gzip"))
    arguments = [sys.executable, "-c", _FETCH, host.address, warm_up, url, str(tmp_path)]
    done = subprocess.run(arguments, capture_output=True, text=True, timeout=PATIENCE_SECONDS, check=True)
    status, received, grown_kilobytes = done.stdout.split()
    assert status == (Status.TOO_LARGE if begin == JPEG else Status.NOT_MEDIA)
    assert int(received) < 1_000_000
    assert int(grown_kilobytes) < 20_000
    assert sum(path.stat().st_size for path in tmp_path.glob("fetch-*")) < 1_100_000
