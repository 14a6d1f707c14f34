"""What a person hands over is taken apart by platform, and what is not taken is named with its cause."""

from __future__ import annotations

import gzip
import io
import json
import os
import random
import tarfile
import zipfile
from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from media_pipeline.model import ImportPartition
from media_pipeline.stages.downloads.cached_media import cache_media
from media_pipeline.stages.imports.handing_over import NothingToImport, divided, handed_over
from media_pipeline.stages.imports.landing import land_export
from media_pipeline.stages.imports.media_manifest import write_manifests
from media_pipeline.stages.imports.raw_posts import read_posts
from media_pipeline_tests.ids import telling
from media_pipeline_tests.library import Library, picture, tweet

DAY = date(2025, 11, 1)
TWITTER, MASTODON = ImportPartition(DAY, "twitter"), ImportPartition(DAY, "mastodon")
ARCHIVE_POSTS = "x/data/tweets.js"
URL = "https://pbs.twimg.com/media/GaAAAAA1.jpg"


def toot(number: int) -> dict[str, Any]:
    return {
        "id": str(number),
        "created_at": "2025-11-01T12:00:00.000Z",
        "url": f"https://mastodon.example/@ann/{number}",
        "uri": f"https://mastodon.example/users/ann/statuses/{number}",
        "content": "<p>hi</p>",
        "account": {"id": "1", "username": "ann", "acct": "ann", "url": "https://mastodon.example/@ann"},
        "media_attachments": [],
        "visibility": "public",
    }


def archived_tweet() -> dict[str, Any]:
    media = [{"type": "photo", "media_url_https": URL, "id_str": "92001"}]
    return {"id_str": "2001", "created_at": "Sat Nov 01 12:00:00 +0000 2025", "full_text": "x"} | {
        "extended_entities": {"media": media}
    }


MIXED: Mapping[str, str | bytes] = {
    "toots/a.json": json.dumps([toot(1), toot(2)]),
    ARCHIVE_POSTS: f"window.YTD.tweets.part0 = {json.dumps([{'tweet': archived_tweet()}])}",
    "x/data/account.js": 'window.YTD.account.part0 = [{"account": {"accountId": "1", "username": "ann"}}]',
    "x/data/tweets_media/2001-GaAAAAA1.jpg": picture(1),
    "notes.json": '{"hello": "world"}',
}


@pytest.fixture
def mixed(tmp_path: Path) -> Path:
    """Exports of two platforms, with a picture beside one, and a file of none."""
    path = tmp_path / "mixed.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in MIXED.items():
            archive.writestr(name, content)
    return path


@pytest.fixture
def library(tmp_path: Path) -> Library:
    return Library(tmp_path / "library")


def land_all(library: Library, source: Path) -> list[str]:
    return [land_export(library.settings, export) for export in handed_over(source, DAY).exports]


def test_a_zip_of_two_platforms_is_taken_apart_each_to_its_own_partition(mixed: Path, library: Library):
    handed = handed_over(mixed, DAY)
    assert {export.partition for export in handed.exports} == {TWITTER, MASTODON}
    (why,) = handed.left_out
    assert "notes.json" in why
    assert "not recognised" in why
    landed = land_all(library, mixed)
    assert sorted(landed) == ["mastodon/2025-11-01/mixed.zip", "twitter/2025-11-01/mixed.zip"]
    for place, names in zip(
        sorted(landed), (["toots/a.json"], [name for name in MIXED if name[0] == "x"]), strict=True
    ):
        with zipfile.ZipFile(library.settings.import_path / place) as archive:
            assert archive.namelist() == names
            assert all(archive.read(name) == as_bytes(MIXED[name]) for name in names)
            assert b"taken from mixed.zip, SHA-256 " in archive.comment
    library.run(TWITTER, MASTODON, stages=(read_posts, write_manifests, cache_media))
    assert library.rows("SELECT platform, count(*) FROM posts GROUP BY 1 ORDER BY 1") == [
        ("mastodon", 2),
        ("twitter", 1),
    ]
    assert library.rows("SELECT status FROM post_media") == [("stored",)], "its picture lies in the zip"


def as_bytes(content: str | bytes) -> bytes:
    return content.encode() if isinstance(content, str) else content


def test_a_zip_that_is_handed_over_again_lands_as_the_same_files(mixed: Path, library: Library):
    first = land_all(library, mixed)
    contents = [(library.settings.import_path / place).read_bytes() for place in first]
    assert land_all(library, mixed) == first
    assert [(library.settings.import_path / place).read_bytes() for place in first] == contents


@pytest.mark.parametrize("changed_at", [0, 1_577_836_800, 4_102_444_800])
def test_an_export_keeps_the_time_of_its_last_change_when_it_lands(mixed: Path, library: Library, changed_at: int):
    """Of one that names no time it says when the posts were seen: an old one was taken for the newest."""
    os.utime(mixed, (changed_at, changed_at))
    plain = mixed.with_name("plain.json")
    plain.write_text(json.dumps([tweet(1)]))
    os.utime(plain, (changed_at, changed_at))
    for place in [*land_all(library, mixed), *land_all(library, plain)]:
        assert (library.settings.import_path / place).stat().st_mtime == changed_at


def test_another_zip_of_the_same_name_lands_beside_it(mixed: Path, library: Library):
    first = land_all(library, mixed)
    with zipfile.ZipFile(mixed, "a") as archive:
        archive.writestr("toots/b.json", json.dumps([toot(3)]))
    second = land_all(library, mixed)
    assert len({*first, *second}) == 4, "whatever came of it, a comment names the zip that it is of"


def test_a_folder_of_several_platforms_goes_to_their_partitions_and_names_what_it_leaves_out(tmp_path: Path):
    folder = tmp_path / "exports"
    folder.mkdir()
    (folder / "a.json").write_text(json.dumps([tweet(1)]))
    (folder / "b.json").write_text(json.dumps([toot(1)]))
    (folder / "empty.json").touch()
    handed = handed_over(folder, DAY)
    assert {export.path.name: export.partition for export in handed.exports} == {"a.json": TWITTER, "b.json": MASTODON}
    assert [why.rpartition(": ")[2] for why in handed.left_out] == ["the file is empty"]


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_a_tar_of_two_platforms_is_taken_apart_into_zips(
    tmp_path: Path, library: Library, pack: Callable[[bytes], bytes]
):
    tarred = io.BytesIO()
    with tarfile.open(fileobj=tarred, mode="w") as archive:
        for name, content in MIXED.items():
            info = tarfile.TarInfo(name)
            info.size = len(as_bytes(content))
            archive.addfile(info, io.BytesIO(as_bytes(content)))
    path = tmp_path / "mixed"
    path.write_bytes(pack(tarred.getvalue()))
    assert sorted(land_all(library, path)) == ["mastodon/2025-11-01/mixed.tar.zip", "twitter/2025-11-01/mixed.tar.zip"]
    library.run(TWITTER, MASTODON, stages=(read_posts, write_manifests, cache_media))
    assert library.rows("SELECT count(*) FROM posts") == [(3,)]
    assert library.rows("SELECT status FROM post_media") == [("stored",)], "its picture lies in the tar"


def test_files_without_a_telling_name_are_told_by_their_bytes_and_land_under_a_name_that_is_looked_for(
    tmp_path: Path, library: Library
):
    folder = tmp_path / "handed"
    folder.mkdir()
    (folder / "one").write_text(json.dumps([tweet(1)]))
    (folder / "two.dat").write_bytes(gzip.compress(json.dumps([tweet(2)]).encode()))
    with zipfile.ZipFile(folder / "three.bin", "w") as archive:
        archive.writestr("a.json", json.dumps([tweet(3)]))
    (folder / "picture.jpg").write_bytes(picture(1))
    (folder / "half.part").write_text(json.dumps([tweet(4)]))
    (folder / "notes.txt").write_text("nothing")
    landed = land_all(library, folder)
    assert sorted(landed) == [f"twitter/2025-11-01/{name}" for name in ("one.json", "three.bin.zip", "two.dat.json")]
    library.run(TWITTER, stages=(read_posts,))
    assert library.rows("SELECT count(*) FROM posts") == [(3,)]


@pytest.mark.parametrize(
    ("name", "cause"),
    [
        ("your_instagram_activity/media/posts_1.html", "not recognised: this is Instagram's export as HTML.*JSON"),
        ("notes.txt", "not recognised: it holds no export file; looked for were a zip or tar, JSON, NDJSON, CSV"),
    ],
)
def test_a_folder_without_an_export_is_answered_with_what_is_looked_for(tmp_path: Path, name: str, cause: str):
    path = tmp_path / "folder" / name
    path.parent.mkdir(parents=True)
    path.write_text("x")
    with pytest.raises(NothingToImport, match=cause):
        handed_over(tmp_path / "folder", DAY)


def test_a_table_of_an_official_export_that_gives_no_post_stays_with_the_others(tmp_path: Path, library: Library):
    path = tmp_path / "mixed.zip"
    share = "2026-01-02 03:04:05,https://www.linkedin.com/feed/update/urn%3Ali%3Ashare%3A7400000000000000001,x"
    upload = '"On January 02, 2026 at 03:04:05 (UTC)",x,https://media.licdn.com/dms/image/x/1'
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("toots/a.json", json.dumps([toot(1)]))
        archive.writestr("li/Rich_Media.csv", f"Date/Time,Media Description,Media Link\n{upload}\n")
        archive.writestr("li/Shares.csv", f"Date,ShareLink,ShareCommentary\n{share}\n")
    assert handed_over(path, DAY).left_out == ()
    land_all(library, path)
    library.run(ImportPartition(DAY, "linkedin"), stages=(read_posts,))
    assert library.rows("SELECT media_url FROM post_media") == [("https://media.licdn.com/dms/image/x/1",)]


def test_a_zip_of_one_platform_is_taken_whole(tmp_path: Path):
    path = tmp_path / "one.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.json", json.dumps([tweet(1)]))
        archive.writestr("notes.json", "{}")
    (export,) = handed_over(path, DAY).exports
    assert not export.members


def test_a_file_of_a_mixed_zip_that_breaks_off_breaks_off_in_its_own_part_too(tmp_path: Path, library: Library):
    path = tmp_path / "mixed.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.json", json.dumps([toot(1)]))
        archive.writestr("b.json", json.dumps([tweet(number) for number in range(2000)]))
    content = bytearray(path.read_bytes())
    at = content.index(b'"id_str": "1999"')
    content[at + 10] ^= 1
    path.write_bytes(content)
    land_all(library, path)
    library.run(TWITTER, MASTODON, stages=(read_posts,))
    assert library.rows("SELECT count(*) FROM posts WHERE platform = 'mastodon'") == [(1,)]
    assert library.rows("SELECT count(*) > 100 FROM posts WHERE platform = 'twitter'") == [(1,)]


@pytest.mark.parametrize(
    ("name", "content", "cause"),
    [
        ("a.json", b"", "the file is empty"),
        ("a.json", b" \n ", "the file is empty"),
        ("a.json", json.dumps([tweet(1)])[:90].encode(), "without its closing bracket"),
        ("a.json", b"<html>Log in</html>", "the file begins with '<html>.*none of what is read"),
        ("a.json", b'{"hello": "world"}', "no record of it is a post of a known platform"),
        ("a.json.gz", gzip.compress(b"[" + b"1" * 9000, mtime=0)[:40], "compressed data is damaged"),
        ("a.zip", b"PK\x03\x04\x14\0\0\0\x08\0 and no more", "the zip can't be opened"),
        ("a.zip", b"", "the file is empty"),
        ("a.jpg", b"\xff\xd8\xff\xe0 a picture", "none of what is read: a zip or tar, JSON"),
        ("a.txt", b"text", "the file begins with 'text', which is none of what is read: a zip or tar, JSON"),
    ],
    ids=telling,
)
def test_what_can_not_be_recognised_is_refused_with_its_cause(tmp_path: Path, name: str, content: bytes, cause: str):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(NothingToImport, match=cause):
        handed_over(path, DAY)


def test_a_file_beside_exports_belongs_to_those_that_lie_nearest():
    exports = {"x/data/tweets.js": "twitter", "toots/a.json": "mastodon", "toots/b/c.json": "reddit"}
    labels = [*exports, "x/data/m/1.jpg", "toots/1.jpg", "toots/b/1.jpg", "1.jpg", "odd.json", "x/odd.json"]
    assert divided(labels, exports, {"odd.json", "x/odd.json"}) == {
        "twitter": {"x/data/tweets.js", "x/data/m/1.jpg", "1.jpg"},
        "mastodon": {"toots/a.json", "toots/1.jpg", "1.jpg"},
        "reddit": {"toots/b/c.json", "toots/1.jpg", "toots/b/1.jpg", "1.jpg"},
    }


@pytest.mark.parametrize("name", ["/tmp/absolute.jpg", ".", "../../above.jpg", "a//b.jpg"])
def test_a_file_of_an_odd_name_keeps_no_other_from_being_taken_apart(tmp_path: Path, library: Library, name: str):
    path = tmp_path / "odd.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.json", json.dumps([toot(1)]))
        archive.writestr("b.json", json.dumps([tweet(1)]))
        archive.writestr(name, picture(1))
    assert sorted(land_all(library, path)) == ["mastodon/2025-11-01/odd.zip", "twitter/2025-11-01/odd.zip"]


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_damaged_file_of_a_mixed_zip_is_damaged_in_its_part_too_and_costs_itself(
    tmp_path: Path, library: Library, method: int
):
    path = tmp_path / "mixed.zip"
    noise = random.Random(1).randbytes(600_000)
    with zipfile.ZipFile(path, "w", method) as archive:
        archive.writestr("a.json", json.dumps([toot(1)]))
        archive.writestr("b.json", json.dumps([tweet(1)]))
        archive.writestr("c.jpg", picture(1) + noise)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    for place in land_all(library, path):
        with zipfile.ZipFile(library.settings.import_path / place) as part, pytest.raises(zipfile.BadZipFile):
            part.read("c.jpg")
    library.run(TWITTER, MASTODON, stages=(read_posts,))
    assert library.rows("SELECT count(*) FROM posts") == [(2,)]


@pytest.mark.parametrize(
    ("name", "platforms"), [("x-2.zip", {"twitter"}), ("mastodon-7.zip", {"mastodon"}), ("y.zip", set())]
)
def test_an_archive_of_media_alone_goes_where_the_other_parts_of_its_export_go(
    tmp_path: Path, name: str, platforms: set[str]
):
    folder = tmp_path / "exports"
    folder.mkdir()
    for path, member, content in (
        (folder / "x-1.zip", "data/tweets.json", json.dumps([tweet(1)]).encode()),
        (folder / name, "data/a.jpg", picture(1)),
    ):
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr(member, content)
    handed = handed_over(folder, DAY)
    assert {one.partition.platform for one in handed.exports if one.path.name == name} == platforms
    assert [("holds media alone" in why) for why in handed.left_out] == [True] * (not platforms)
    if not platforms:
        with pytest.raises(NothingToImport, match="holds media alone"):
            handed_over(folder / name, DAY)
