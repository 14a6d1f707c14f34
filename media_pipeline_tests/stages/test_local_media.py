"""Media that came with their export need no request."""

from __future__ import annotations

import gzip
import io
import itertools
import json
import lzma
import tarfile
import zipfile
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import IO

import pytest

from media_pipeline.model import ImportPartition
from media_pipeline.posts.readers import compression, tar_archive
from media_pipeline.posts.readers.compression import Readable
from media_pipeline.stages.downloads.cached_media import cache_media
from media_pipeline.stages.downloads.local_media import store_local_media
from media_pipeline.stages.imports.landing import land
from media_pipeline.stages.imports.media_manifest import write_manifests
from media_pipeline.stages.imports.raw_posts import read_posts
from media_pipeline_tests.clamd import INFECTION, STREAM_MAX_BYTES, Clamd
from media_pipeline_tests.conftest import MakeLibrary
from media_pipeline_tests.faulty_host import FaultyHost
from media_pipeline_tests.library import DAY, TWITTER, Library, picture
from media_pipeline_tests.posts.instagram_shapes import exported_story
from media_pipeline_tests.posts.twitter_shapes import photo, status
from media_pipeline_tests.stages.either_database import MakeEither
from media_pipeline_tests.stages.official_zips import exported_zip

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


def _beside(library: Library, script: str, *contents: bytes) -> None:
    """An archive with these media of its first posts."""
    folder = library.land("tweets.js", script).parent / "tweets_media"
    folder.mkdir()
    for number, content in enumerate(contents, 1):
        (folder / f"{number}-{number}.jpg").write_bytes(content)


def _store_from_beside(library: Library) -> int:
    library.run(stages=STAGES[:2])
    with library.open() as context:
        return store_local_media(context, (TWITTER,))


def test_an_infected_file_beside_is_put_in_quarantine(make_library: MakeLibrary, script: str, clamd: Clamd) -> None:
    library = make_library(clamd_url=clamd.unix_url)
    _beside(library, script, picture(1) + INFECTION, picture(2))
    assert _store_from_beside(library) == 1
    assert library.statuses() == {"quarantined": 1, "stored": 1}
    ((error, attempts),) = library.rows("SELECT error, attempts FROM post_media WHERE status = 'quarantined'")
    assert (error, attempts) == ("infected: Tests.MadeUp.UNOFFICIAL", 1)
    assert [path.read_bytes() for path in library.files()] == [picture(2)]
    kept = [path.read_bytes() for path in library.files("quarantine") if path.suffix != ".json"]
    assert kept == [picture(1) + INFECTION]
    assert _store_from_beside(library) == 0, "it is not taken from there again"


def test_without_its_scanner_nothing_beside_is_stored(
    make_library: MakeLibrary, script: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    library = make_library(clamd_url=f"unix://{tmp_path / 'clamd.ctl'}")
    _beside(library, script, picture(1), picture(2))
    assert _store_from_beside(library) == 0
    assert library.statuses() == {"pending": 2}
    assert library.files() == library.files("quarantine") == library.files("tmp") == []
    assert len([line for line in caplog.messages if "start clamd or empty the setting" in line]) == 1


def test_a_file_beside_that_the_scanner_can_not_judge_is_left_out(
    make_library: MakeLibrary, script: str, clamd: Clamd, caplog: pytest.LogCaptureFixture
) -> None:
    library = make_library(clamd_url=clamd.tcp_url)
    _beside(library, script, picture(1) + bytes(STREAM_MAX_BYTES), picture(2))
    assert _store_from_beside(library) == 1
    assert library.statuses() == {"pending": 1, "stored": 1}
    assert any("StreamMaxLength" in line for line in caplog.messages)


INSTAGRAM, MASTODON = ImportPartition(DAY, "instagram"), ImportPartition(DAY, "mastodon")


def test_the_posts_and_media_of_an_instagram_zip_are_stored_without_a_request(
    make_either: MakeEither, host: FaultyHost
) -> None:
    library = make_either()
    library.land("instagram.zip", exported_zip(), INSTAGRAM)
    library.run(INSTAGRAM, stages=STAGES)
    assert host.requests == []
    assert {row["author_handle"] for row in library.table("posts")} == {"anna.example"}
    stored = [(row["role"], row["status"]) for row in library.table("post_media")]
    assert sorted(stored) == [("media", "stored")] * 3 + [("subtitles", "stored")]
    kinds = {row["mime_type"] for row in library.table("media_files")}
    assert kinds == {"image/webp", "video/mp4", "application/x-subrip", "image/jpeg"}
    (read,) = library.table("imports")
    assert (read["status"], read["unexplained_urls"], read["media_urls"]) == ("read", 0, 4)


def test_a_file_that_the_zip_lacks_is_named_and_taken_from_the_next_zip_that_has_it(make_either: MakeEither) -> None:
    library = make_either()
    library.land("a.zip", _zipped_story(None), INSTAGRAM)
    library.run(INSTAGRAM, stages=STAGES)
    (lacking,) = library.table("post_media")
    assert (lacking["status"], lacking["reason"]) == ("skipped", "no_url")
    assert "media/stories/202405/4_n.jpg" in lacking["error"]
    library.land("b.zip", _zipped_story(picture(4)), INSTAGRAM)
    library.run(INSTAGRAM, stages=STAGES)
    (stored,) = library.table("post_media")
    assert (stored["media_id"], stored["status"], stored["error"]) == (lacking["media_id"], "stored", None)


def _zipped_story(content: bytes | None) -> bytes:
    zipped = io.BytesIO()
    with zipfile.ZipFile(zipped, "w") as archive:
        archive.writestr("your_instagram_activity/media/stories.json", json.dumps(exported_story()))
        if content:
            archive.writestr("media/stories/202405/4_n.jpg", content)
    return zipped.getvalue()


def _in_parts(numbers: dict[str, int]) -> list[tuple[str, bytes]]:
    """Instagram's zip in several, each file in the one of its number; the posts in the first."""
    parts: dict[int, io.BytesIO] = {}
    with zipfile.ZipFile(io.BytesIO(exported_zip())) as whole:
        for name in whole.namelist():
            number = next((number for end, number in numbers.items() if name.endswith(end)), 1)
            with zipfile.ZipFile(parts.setdefault(number, io.BytesIO()), "a") as part:
                part.writestr(name, whole.read(name))
    return [(f"instagram-anna-2026-11-01-{number}.zip", content.getvalue()) for number, content in parts.items()]


@pytest.mark.parametrize("order", itertools.permutations(range(3)), ids=str)
def test_a_medium_in_another_part_of_the_export_is_stored_in_whichever_order_they_come(
    make_either: MakeEither, host: FaultyHost, order: tuple[int, ...]
) -> None:
    library = make_either()
    parts = _in_parts({"1_n.webp": 2, "AQ_2_v_1790": 2, "4_n.jpg": 3})
    for number, place in enumerate(order):
        day = ImportPartition(DAY + timedelta(days=number), "instagram")
        library.land(*parts[place], day)
        library.run(day, stages=STAGES)
    assert {row["status"] for row in library.table("post_media")} == {"stored"}
    assert [row["status"] for row in library.table("imports")] == ["read"] * 3
    assert host.requests == []


def test_a_part_of_another_export_gives_nothing(make_either: MakeEither) -> None:
    library = make_either()
    (first, second) = _in_parts({"1_n.webp": 2})
    library.land(*first, INSTAGRAM)
    library.land("instagram-bob-2026-11-01-2.zip", second[1], INSTAGRAM)
    library.run(INSTAGRAM, stages=STAGES)
    assert sorted(row["status"] for row in library.table("post_media")) == ["skipped", *["stored"] * 3]


def test_an_x_archive_gives_its_files_to_posts_that_a_newer_export_has_brought(
    library: Library, host: FaultyHost, script: str
) -> None:
    """The references belong to the newer import, whose URLs may be dead."""
    zipped = io.BytesIO()
    with zipfile.ZipFile(zipped, "w") as archive:
        archive.writestr("data/tweets.js", script)
        archive.writestr("data/tweets_media/1-1.jpg", picture(1))
    library.land("twitter.zip", zipped.getvalue())
    newer = json.dumps([status(1, photo(host.url("/1.jpg")), extra="newer")])
    library.land("newer.json", newer)
    library.run(stages=STAGES)
    assert [request.path for request in host.requests] == ["/2.jpg"]
    assert library.statuses() == {"stored": 2}


def _mastodon_files(count: int) -> dict[str, bytes]:
    """An export of one post that shows its pictures from the last to the first."""
    names = [f"media_attachments/files/{number}/original/a.jpg" for number in range(count)]
    media = [{"type": "Document", "mediaType": "image/jpeg", "url": f"/{name}"} for name in reversed(names)]
    note = {
        "id": "https://m.example/users/anna/statuses/1",
        "type": "Note",
        "published": "2026-01-02T03:04:05Z",
        "attributedTo": "https://m.example/users/anna",
        "content": "<p>hi</p>",
        "attachment": media,
    }
    outbox = {"type": "OrderedCollection", "orderedItems": [{"type": "Create", "id": "x", "object": note}]}
    likes = {"type": "OrderedCollection", "orderedItems": ["https://o.example/1"]}
    posts = {"outbox.json": json.dumps(outbox).encode(), "likes.json": json.dumps(likes).encode()}
    return posts | {name: picture(number) for number, name in enumerate(names)}


def _zipped(files: Mapping[str, bytes]) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return target.getvalue()


def _tarred(files: Mapping[str, bytes]) -> bytes:
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w") as archive:
        for name, content in files.items():
            info = tarfile.TarInfo(f"./{name}")
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
        link = tarfile.TarInfo("media_attachments/files/0/original/link.jpg")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
    return target.getvalue()


def _gzipped(files: Mapping[str, bytes]) -> bytes:
    return gzip.compress(_tarred(files))


def _in_xz(files: Mapping[str, bytes]) -> bytes:
    return lzma.compress(_tarred(files))


@pytest.mark.parametrize(
    ("name", "pack"),
    [
        ("archive.zip", _zipped),
        ("archive.tar", _tarred),
        ("archive.tar.gz", _gzipped),
        ("archive.tgz", _tarred),
        ("archive.tar.xz", _in_xz),
        ("archive.json", _gzipped),
    ],
)
def test_the_media_of_a_mastodon_archive_of_any_format_are_stored_without_a_request(
    library: Library, host: FaultyHost, name: str, pack: Callable[[Mapping[str, bytes]], bytes]
) -> None:
    library.land(name, pack(_mastodon_files(2)), MASTODON)
    library.run(MASTODON, stages=STAGES)
    assert host.requests == []
    assert library.statuses() == {"stored": 2}
    assert sorted(path.read_bytes() for path in library.files()) == sorted([picture(0), picture(1)])


def test_a_compressed_tar_is_gone_through_once_for_its_files_and_once_for_their_bytes(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[None] = []

    def unpacked(file: IO[bytes]) -> Readable:
        begun.append(None)
        return compression.unpacked(file)

    library.land("archive.tar.gz", gzip.compress(_tarred(_mastodon_files(20))), MASTODON)
    library.run(MASTODON, stages=STAGES[:2])
    monkeypatch.setattr(tar_archive, "unpacked", unpacked)
    with library.open() as context:
        assert store_local_media(context, (MASTODON,)) == 20
    assert len(begun) == 2
