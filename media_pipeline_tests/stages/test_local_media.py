"""Media that came with their export need no request."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path

import pytest

from media_pipeline.stages.cached_media import cache_media
from media_pipeline.stages.landing import land
from media_pipeline.stages.media_manifest import write_manifests
from media_pipeline.stages.raw_posts import read_posts
from media_pipeline_tests.faulty_host import FaultyHost
from media_pipeline_tests.library import TWITTER, Library, picture
from media_pipeline_tests.posts.shapes import photo, status

STAGES = (read_posts, write_manifests, cache_media)
ACCOUNT = {"accountId": "9", "username": "ida", "accountDisplayName": "Ida", "email": "not kept"}
SCRIPT = "window.YTD.tweets.part0 = "


@pytest.fixture
def script(host: FaultyHost) -> str:
    """Two posts with a picture each, on a host that has both. As in an archive, they don't say whose they are."""
    posts = [{"tweet": status(n, photo(host.serve(f"/{n}.jpg", picture(n))), user=None)} for n in (1, 2)]
    return SCRIPT + json.dumps(posts)


def test_what_lies_beside_an_x_archives_posts_is_stored_from_there(
    library: Library, host: FaultyHost, script: str, tmp_path: Path
) -> None:
    data = tmp_path / "archive" / "data"
    (data / "tweets_media").mkdir(parents=True)
    (data / "tweets.js").write_text(script)
    (data / "like.js").write_text("window.YTD.like.part0 = []")
    (data / "account.js").write_text(f"window.YTD.account.part0 = {json.dumps([{'account': ACCOUNT}])}")
    (data / "tweets_media" / "1-1.jpg").write_bytes(picture(11))
    assert land(library.settings, tmp_path / "archive", TWITTER) == ["twitter/2025-11-01/tweets.js"]
    library.run(stages=STAGES)
    assert library.rows("SELECT DISTINCT author_id, author_handle, author_name FROM posts") == [("9", "ida", "Ida")]
    assert [request.path for request in host.requests] == ["/2.jpg"]
    assert library.statuses() == {"stored": 2}
    (stored,) = library.rows("SELECT local_path FROM media_files WHERE file_size = ?", len(picture(11)))
    assert (library.storage / stored[0]).read_bytes() == picture(11)


def test_a_zipped_archive_holds_its_media_too(library: Library, host: FaultyHost, script: str) -> None:
    zipped = io.BytesIO()
    with zipfile.ZipFile(zipped, "w") as archive:
        archive.writestr("data/tweets.js", script)
        for number in (1, 2):
            archive.writestr(f"data/tweets_media/{number}-{number}.jpg", picture(number))
    library.land("twitter.zip", zipped.getvalue())
    report = library.run(stages=STAGES)["cache_media"]
    assert host.requests == []
    assert library.statuses() == {"stored": 2}
    assert report.numbers["requests"] == 0


def test_a_file_beside_that_is_no_medium_is_fetched_instead(library: Library, host: FaultyHost, script: str) -> None:
    path = library.land("tweets.js", script)
    (path.parent / "tweets_media").mkdir()
    (path.parent / "tweets_media" / "1-1.jpg").write_text("<html>")
    (path.parent / "tweets_media" / "2-2.jpg").write_bytes(b"")
    library.run(stages=STAGES)
    assert sorted(request.path for request in host.requests) == ["/1.jpg", "/2.jpg"]
    assert library.statuses() == {"stored": 2}
