"""A stored file that the check of checksums finds wrong: it fails each further check until it is mended."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from media_pipeline.defs import checks
from media_pipeline_tests.faulty_host import FaultyHost
from media_pipeline_tests.library import TWITTER, picture, tweet
from media_pipeline_tests.stages.either_database import EitherLibrary, MakeEither


@pytest.fixture
def library(make_either: MakeEither, host: FaultyHost) -> EitherLibrary:
    library = make_either()
    library.land("a.json", [tweet(number, host.serve(f"/{number}.jpg", picture(number))) for number in range(8)])
    library.fetch()
    return library


def flip_a_bit(path: Path) -> bytes:
    """As a disk does it: size and time stay. Returns what was there."""
    stat, body = path.stat(), path.read_bytes()
    path.write_bytes(body[:40] + bytes([body[40] ^ 1]) + body[41:])
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    return body


def passes(library: EitherLibrary) -> bool:
    with library.open() as context:
        found = checks.of_cached_media(context, [TWITTER])[TWITTER]
    (one,) = [finding for finding in found if finding.check.name == "stored_files_match_their_checksums"]
    return one.passed


def test_a_wrong_file_fails_every_check_until_it_is_right_again(
    library: EitherLibrary, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = library.files()[0]
    body = flip_a_bit(wrong)
    assert not passes(library)
    monkeypatch.setattr(checks, "SAMPLE_FILES", 1)
    assert [passes(library) for _ in range(5)] == [False] * 5
    wrong.write_bytes(body)
    assert [passes(library) for _ in range(5)] == [True] * 5


def test_the_next_run_puts_a_file_aside_that_a_check_has_found_wrong_and_fetches_it_again(
    library: EitherLibrary, host: FaultyHost
) -> None:
    wrong = library.files()[0]
    body = flip_a_bit(wrong)
    before = len(host.requests)
    library.fetch()
    assert len(host.requests) == before
    assert not passes(library)
    library.fetch()
    assert (len(host.requests), wrong.read_bytes()) == (before + 1, body)
    assert passes(library)
