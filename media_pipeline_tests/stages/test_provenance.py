"""From a media reference back to the very bytes that named it."""

from __future__ import annotations

import gzip
import io
import json
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import pytest

from media_pipeline.model import ImportPartition
from media_pipeline.stages.imports.media_manifest import write_manifests
from media_pipeline.stages.imports.provenance import NoProvenance, Provenance, provenance_of
from media_pipeline.stages.imports.raw_posts import read_posts
from media_pipeline_tests.library import DAY, Library
from media_pipeline_tests.posts.linkedin_shapes import voyager_raw
from media_pipeline_tests.posts.twitter_shapes import photo, status, v2_page, video

URL = "https://pbs.twimg.com/media/A.jpg"
READ = (read_posts, write_manifests)


def provenances(library: Library) -> list[Provenance]:
    with library.open() as context:
        return [
            provenance_of(library.settings, context.database, media_id)
            for (media_id,) in library.rows("SELECT media_id FROM post_media ORDER BY media_id")
        ]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.json", json.dumps([status(1), status(2, photo(URL))], indent=2)),
        ("a.json", json.dumps(status(2, photo(URL)))),
        ("a.ndjson", "\n" + json.dumps(status(1)) + "\n" + json.dumps(status(2, photo(URL)))),
        ("tweets.js", "window.YTD.tweets.part0 = " + json.dumps([{"tweet": status(2, photo(URL))}])),
        ("a.json.gz", gzip.compress(json.dumps([status(2, photo(URL))]).encode())),
        ("a.json", json.dumps([status(2, photo(URL))]).encode("utf-16")),
    ],
    ids=["array", "object", "lines", "script", "gzip", "UTF-16"],
)
def test_the_bytes_of_the_url_and_of_the_post_are_found_again(library: Library, name: str, content: Any) -> None:
    path = library.land(name, content)
    library.run(stages=READ)
    (found,) = provenances(library)
    assert found.path == path
    assert found.text == f'"{URL}"'.encode()
    assert json.loads(found.post_text) == status(2, photo(URL))
    assert found.locator.pointer.endswith("/media/0/media_url_https")


def test_escapes_are_shown_as_they_stand(library: Library) -> None:
    written = json.dumps(status(2, photo(URL))).replace(URL, URL.replace("/", "\\/"))
    library.land("a.json", f"[ {written} ]")
    library.run(stages=READ)
    (found,) = provenances(library)
    assert found.text == b'"' + URL.replace("/", "\\/").encode() + b'"'


def test_a_file_in_a_zip_is_named(library: Library, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("in/a.ndjson", json.dumps(status(2, photo(URL))))
    library.land("a.zip", (tmp_path / "a.zip").read_bytes())
    library.run(stages=READ)
    (found,) = provenances(library)
    assert (found.locator.member, found.locator.line) == ("in/a.ndjson", 1)
    assert found.text == f'"{URL}"'.encode()


def test_a_row_of_a_table_is_shown_whole(library: Library, tmp_path: Path) -> None:
    table = 'id,title,subreddit,date,url,body\n1a,t,pics,,https://i.redd.it/a.jpg,"two\nlines"\n'
    with tarfile.open(tmp_path / "a", "w:xz") as archive:
        info = tarfile.TarInfo("posts.csv")
        info.size = len(table)
        archive.addfile(info, io.BytesIO(table.encode()))
    partition = ImportPartition(DAY, "reddit")
    library.land("a.tar.xz", (tmp_path / "a").read_bytes(), partition)
    library.run(partition, stages=READ)
    (found,) = provenances(library)
    assert str(found.locator) == "posts.csv: line 2#"
    assert found.text == found.post_text == b'1a,t,pics,,https://i.redd.it/a.jpg,"two\nlines"'


def test_what_a_page_keeps_apart_from_its_posts_is_found_in_the_page(library: Library) -> None:
    library.land("a.jsonl", [v2_page()])
    library.run(stages=READ)
    places = {found.media_url: found.locator.pointer for found in provenances(library) if found.media_url}
    assert set(places.values()) == {"/includes/media/0/url", "/includes/media/1/variants/2/url"}


def test_a_url_exported_in_two_parts_is_found_by_its_end(library: Library) -> None:
    partition = ImportPartition(DAY, "linkedin")
    library.land("a.json", json.dumps(voyager_raw()), partition)
    library.run(partition, stages=READ)
    pictures = [found for found in provenances(library) if "feedshare" in (found.media_url or "")]
    assert pictures
    assert all(found.locator.pointer.endswith("/fileIdentifyingUrlPathSegment") for found in pictures)


def test_every_reference_of_a_video_leads_to_its_best_variant(library: Library) -> None:
    library.land("a.json", [status(1, video())])
    library.run(stages=READ)
    (found,) = provenances(library)
    assert json.loads(found.text) == found.media_url


def test_an_export_that_changed_or_is_gone_is_said_to_be(library: Library) -> None:
    path = library.land("a.json", [status(2, photo(URL))])
    library.run(stages=READ)
    path.write_text("[]")
    with pytest.raises(NoProvenance, match=r"is no longer at .*a\.json; put it back"):
        provenances(library)


def test_an_unknown_reference_is_said_to_be_unknown(library: Library) -> None:
    library.run(stages=READ)
    with library.open() as context, pytest.raises(NoProvenance, match="no media reference med-0"):
        provenance_of(library.settings, context.database, "med-0")
