"""Folders that other tools filled: their media are taken from where they lie, and only what is missing is fetched."""

from __future__ import annotations

import hashlib
import io
import json
import os
import zipfile
from pathlib import Path
from typing import Any

import pytest

from media_pipeline.stages.downloads.adoption import Adopted, adopt_folder
from media_pipeline.stages.downloads.cached_media import cache_media
from media_pipeline.stages.imports.handing_over import handed_over
from media_pipeline.stages.imports.packing import FolderUnreadable, packed
from media_pipeline_tests.cli.shell import Shell
from media_pipeline_tests.conftest import MakeLibrary
from media_pipeline_tests.faulty_host import FaultyHost
from media_pipeline_tests.library import DAY, TWITTER, Library, picture, tweet
from media_pipeline_tests.posts.twitter_shapes import photo, status
from media_pipeline_tests.stages.either_database import EitherLibrary, MakeEither
from media_pipeline_tests.stages.official_zips import exported_zip

NOT_UTF8 = os.fsdecode(b"caf\xe9")


@pytest.fixture
def library(make_either: MakeEither) -> EitherLibrary:
    return make_either()


class Folder:
    """A folder of posts with their pictures, as a tool would have filled it. The host has every picture as well."""

    def __init__(self, path: Path, host: FaultyHost) -> None:
        self.path, self.host = path, host
        path.mkdir()

    def post(self, number: int, pictures: int = 1) -> list[str]:
        """The JSON of a post; return the URLs of its pictures."""
        urls = [self.host.serve(f"/{number}-{n}.jpg", picture(100 * number + n)) for n in range(pictures)]
        self.write(f"2026/post-{number}.json", json.dumps(tweet(number, *urls)).encode())
        return urls

    def write(self, name: str, content: bytes) -> Path:
        path = self.path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
        return path


@pytest.fixture
def folder(tmp_path: Path, host: FaultyHost) -> Folder:
    return Folder(tmp_path / "Saved by a tool", host)


def adopt(library: Library, folder: Path) -> Adopted:
    with library.open() as stage:
        exports = handed_over(folder, DAY, "twitter").exports if any(folder.rglob("*.json")) else ()
        return adopt_folder(stage, folder, packed(folder, exports))


def numbers(adopted: Adopted) -> tuple[int, int, int, int]:
    return adopted.adopted, adopted.there, adopted.missing, adopted.extra


def test_pictures_beside_the_json_of_their_post_are_taken_and_only_what_is_missing_is_fetched(
    library: EitherLibrary, folder: Folder, host: FaultyHost
) -> None:
    folder.post(1)
    folder.post(2, pictures=3)
    folder.write("2026/post-1.jpg", picture(100))
    folder.write("2026/post-2_1.jpg", picture(200))
    folder.write("2026/post-2_3.JPG", picture(202))
    folder.write("2026/holiday.jpg", picture(7))
    result = adopt(library, folder.path)
    assert (numbers(result), result.extra_files) == ((3, 0, 1, 1), ["2026/holiday.jpg"])
    assert host.requests == []
    library.run(stages=(cache_media,))
    assert [request.path for request in host.requests] == ["/2-1.jpg"]
    assert library.statuses() == {"stored": 4}
    by_url = {row["media_url"]: row["sha256"] for row in library.table("post_media")}
    for number in range(3):
        assert by_url[host.url(f"/2-{number}.jpg")] == hashlib.sha256(picture(200 + number)).hexdigest()


def test_a_folder_that_is_adopted_again_costs_no_request_and_brings_nothing_twice(
    library: EitherLibrary, folder: Folder, host: FaultyHost
) -> None:
    folder.post(1, pictures=2)
    for n in (1, 2):
        folder.write(f"2026/post-1_{n}.jpg", picture(99 + n))
    assert numbers(adopt(library, folder.path)) == (2, 0, 0, 0)
    assert numbers(adopt(library, folder.path)) == (0, 2, 0, 0)
    assert len(library.table("imports")) == 1
    assert (len(library.files()), host.requests) == (2, [])
    assert sorted(path.name for path in folder.path.rglob("*.jpg")) == ["post-1_1.jpg", "post-1_2.jpg"]


def test_names_that_are_no_utf8_cost_nothing(library: EitherLibrary, folder: Folder) -> None:
    (url,) = folder.post(1)
    folder.write(f"{NOT_UTF8}.json", json.dumps(tweet(1, url)).encode())
    (folder.path / "2026" / "post-1.json").unlink()
    folder.write(f"{NOT_UTF8}.jpg", picture(100))
    folder.write(f"{NOT_UTF8}{NOT_UTF8}.png", picture(7, kind="PNG"))
    os.mkfifo(folder.path / "pipe.jpg")
    result = adopt(library, folder.path)
    assert (numbers(result), result.extra_files) == ((1, 0, 0, 1), [r"caf\xe9caf\xe9.png"])
    assert library.reference(url)["status"] == "stored"


def test_files_named_by_the_md5_of_their_url_are_given_to_posts_that_wait_for_it(
    library: EitherLibrary, tmp_path: Path, host: FaultyHost
) -> None:
    url = host.url("/gone.jpg?name=orig")
    library.land("a.json", [tweet(1, url)])
    library.run(stages=(cache_media,))
    library.fetch()
    assert library.reference(url)["status"] == "gone"
    cache = tmp_path / "cache" / "images"
    cache.mkdir(parents=True)
    (cache / f"{hashlib.md5(url.encode()).hexdigest()}.jpg").write_bytes(picture(1))
    (cache / f"{'0' * 32}.jpg").write_bytes(picture(2))
    result = adopt(library, tmp_path / "cache")
    assert (numbers(result), result.partitions) == ((1, 0, 0, 1), {TWITTER})
    assert library.reference(url)["status"] == "stored"


def test_no_link_leads_out_of_the_folder(
    library: EitherLibrary, folder: Folder, host: FaultyHost, tmp_path: Path
) -> None:
    """A folder may be another's: a link in it would bring files of this machine into the library."""
    folder.post(1)
    secret = tmp_path / "secret.jpg"
    secret.write_bytes(picture(5))
    (folder.path / "2026" / "post-1.jpg").symlink_to(secret)
    outside = tmp_path / "elsewhere"
    outside.mkdir()
    (outside / "post-2.json").write_text(json.dumps(tweet(2)))
    (folder.path / "further").symlink_to(outside)
    assert numbers(adopt(library, folder.path)) == (0, 0, 1, 0)
    assert [row["native_id"] for row in library.table("posts")] == ["1"]


def test_what_is_no_picture_or_can_not_be_read_is_fetched_instead(
    library: EitherLibrary, folder: Folder, host: FaultyHost
) -> None:
    folder.post(1)
    folder.post(2)
    folder.post(3)
    folder.write("2026/post-1.jpg", b"<html>Sign in</html>")
    folder.write("2026/post-2.jpg", b"")
    folder.write("2026/post-3.jpg", picture(300)[:-200])
    assert numbers(adopt(library, folder.path))[0] == 1
    library.run(stages=(cache_media,))
    library.make_due()
    library.run(stages=(cache_media,))
    for number in (1, 2, 3):
        held = library.reference(host.url(f"/{number}-0.jpg"))
        assert (held["status"], held["sha256"]) == ("stored", hashlib.sha256(picture(100 * number)).hexdigest())


def test_a_folder_that_can_not_be_listed_is_not_adopted_in_half(
    library: EitherLibrary, folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.post(1)
    (folder.path / "hidden").mkdir()

    def scandir(path: Any) -> Any:
        if Path(path).name == "hidden":
            raise PermissionError(13, "Permission denied", str(path))
        return listed(path)

    listed = os.scandir
    monkeypatch.setattr(os, "scandir", scandir)
    with pytest.raises(FolderUnreadable, match="hidden"), library.open() as stage:
        adopt_folder(stage, folder.path, packed(folder.path, ()))
    assert library.table("imports") == []


def test_the_command_says_how_much_was_adopted_missing_and_extra(
    make_library: MakeLibrary, folder: Folder, host: FaultyHost
) -> None:
    shell = Shell(make_library())
    folder.post(1, pictures=2)
    folder.write("2026/post-1_1.jpg", picture(100))
    folder.write("other.png", picture(1, kind="PNG"))
    done = shell.json("ingest", str(folder.path), "--adopt")
    assert {name: done[name] for name in ("adopted", "already_there", "missing", "extra", "stored")} == {
        "adopted": 1,
        "already_there": 0,
        "missing": 1,
        "extra": 1,
        "stored": 2,
    }
    assert [request.path for request in host.requests] == ["/1-1.jpg"]
    assert "extra_files" in shell.run("ingest", str(folder.path), "--adopt").stdout
    assert "takes a folder" in shell.run("ingest", str(folder.path / "other.png"), "--adopt", code=2).stderr


def test_the_unpacked_folder_of_an_official_export_is_taken_with_its_media(
    make_library: MakeLibrary, tmp_path: Path, host: FaultyHost
) -> None:
    folder = tmp_path / "instagram-ida-2026"
    shell = Shell(make_library())
    with zipfile.ZipFile(io.BytesIO(exported_zip())) as archive:
        archive.extractall(folder)
    done = shell.json("ingest", str(folder))
    assert (done["adopted"], done["missing"], done["posts"]) == (4, 0, 2)
    assert {row["author_handle"] for row in shell.json("list")} == {"anna.example"}
    assert host.requests == []


def test_the_unpacked_folder_of_an_x_archive_is_taken_with_its_media(
    make_library: MakeLibrary, tmp_path: Path, host: FaultyHost
) -> None:
    folder = tmp_path / "twitter-2026"
    media = folder / "data" / "tweets_media"
    media.mkdir(parents=True)
    posts = [{"tweet": status(1, photo(host.serve("/1.jpg", picture(1))), user=None)}]
    (folder / "data" / "tweets.js").write_text(f"window.YTD.tweets.part0 = {json.dumps(posts)}")
    account = [{"account": {"accountId": "9", "username": "ida", "accountDisplayName": "Ida"}}]
    (folder / "data" / "account.js").write_text(f"window.YTD.account.part0 = {json.dumps(account)}")
    (media / "1-1.jpg").write_bytes(picture(1))
    shell = Shell(make_library())
    assert shell.json("ingest", str(folder))["adopted"] == 1
    assert ([row["author_handle"] for row in shell.json("list")], host.requests) == (["ida"], [])
