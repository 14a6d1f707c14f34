"""Exports name people: what the program makes in the import path is its owner's alone, whatever the umask."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from media_pipeline.stages.imports.landing import land
from media_pipeline.stages.imports.requested_urls import land_urls
from media_pipeline_tests.library import TWITTER, Library


@pytest.fixture(params=[0o000, 0o022])
def umask(request: pytest.FixtureRequest) -> object:
    before = os.umask(request.param)
    request.addfinalizer(lambda: os.umask(before))
    return request.param


@pytest.mark.usefixtures("umask")
@pytest.mark.parametrize("public", [False, True])
def test_what_lands_is_as_private_as_the_catalogue(library: Library, tmp_path: Path, public: bool) -> None:
    chosen = library.with_settings(media_public=public, media_import_path=tmp_path / "new" / "imports")
    archive = tmp_path / "export"
    (archive / "tweets_media").mkdir(parents=True)
    for name in ("tweets.js", "account.js", "tweets_media/1-a.jpg"):
        (archive / name).write_text("window.YTD.tweets.part0 = []")
        (archive / name).chmod(0o644)
    land(chosen.settings, archive / "tweets.js", TWITTER)
    land_urls(chosen.settings, ["https://example.com/a.jpg"])
    made = [tmp_path / "new", *(tmp_path / "new").rglob("*")]
    assert len(made) > 8
    for path in made:
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path
