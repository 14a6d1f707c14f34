"""`media-pipeline demo`, run once as a user does, and everything that it promises."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from PIL import Image

from media_pipeline.catalog import media_reports, stats
from media_pipeline.catalog.database import Database
from media_pipeline.demo.expectation import Expectation, ExpectedMedium
from media_pipeline.demo.host import Answer, MediaHost
from media_pipeline.demo.run import MARKER, Demo, DemoFolderError, prepared, where_to_look
from media_pipeline.model import Status
from media_pipeline.settings import load_settings
from media_pipeline.storage.held import DEV_LOCK, held, is_held
from media_pipeline_tests.pages import Page
from media_pipeline_tests.patience import PATIENCE_SECONDS

pytestmark = pytest.mark.slow
"""The demo itself is a part of CI, and ends with an error where its outcome is not the expected one."""


@dataclass(frozen=True)
class FinishedDemo:
    folder: Path
    process: subprocess.CompletedProcess[str]
    rows: list[dict[str, Any]]
    totals: dict[str, Any]

    def row(self, text: str) -> dict[str, Any]:
        """The first medium of the post with this in its text."""
        return next(row for row in self.rows if text in (row["text"] or "") and row["relation"] is None)


def leave_remains(folder: Path) -> None:
    """What an earlier demo left, and something that the user put there."""
    for name in (MARKER, "notes.txt", "page/index.html", "store/catalog.sqlite", "imports/twitter/2026-01-01/old.json"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("old")


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FinishedDemo]:
    working = tmp_path_factory.mktemp("working")
    (working / ".env").write_text("AWS_S3_BUCKET=somebodys-own\nDOWNLOAD_MEDIA=false\nMEDIA_START_DATE=2030-01-01\n")
    folder = working / "demo-data"
    leave_remains(folder)
    command = [sys.executable, "-m", "media_pipeline.cli", "demo", "--folder", str(folder)]
    process = subprocess.run(
        command, cwd=working, capture_output=True, text=True, check=False, timeout=PATIENCE_SECONDS
    )
    settings = load_settings(_env_file=None, media_storage_path=folder / "store")
    with closing(Database.open(settings)) as database, database.read() as connection:
        yield FinishedDemo(folder, process, list(media_reports.listing(connection)), stats.totals(connection))


def test_the_demo_ends_well_whatever_the_users_own_settings_say(demo: FinishedDemo):
    assert demo.process.returncode == 0, demo.process.stderr
    assert "not as it should be" not in demo.process.stderr


def test_the_outcome_is_what_the_sample_is_made_for(demo: FinishedDemo):
    assert demo.totals["status"] == {"gone": 1, "not_media": 1, "stored": 51}
    assert (demo.totals["posts"], demo.totals["media"]) == (40, 53)
    assert (demo.totals["files"], demo.totals["archived"], demo.totals["duplicates"]) == (46, 46, 5)
    assert demo.totals["bytes_saved"] > 100_000
    assert Counter(row["platform"] for row in demo.rows) == {
        "bluesky": 2,
        "facebook": 3,
        "instagram": 4,
        "linkedin": 10,
        "mastodon": 2,
        "reddit": 3,
        "tiktok": 3,
        "twitter": 26,
    }
    assert {row["media_type"] for row in demo.rows} == {"image", "video", "document"}


def test_the_same_photo_on_two_platforms_is_one_file(demo: FinishedDemo):
    original, copy = demo.row("First light"), demo.row("Picture of the week")
    assert (original["platform"], copy["platform"]) == ("twitter", "linkedin")
    assert original["sha256"] == copy["sha256"]
    assert (original["duplicate_of"], copy["duplicate_of"]) == (None, original["media_id"])


def test_a_near_duplicate_is_a_file_of_its_own(demo: FinishedDemo):
    assert demo.row("Found this in my downloads")["sha256"] != demo.row("You asked for the evening")["sha256"]


def test_the_photo_from_a_camera_keeps_its_facts_and_is_shown_upright(demo: FinishedDemo):
    row = demo.row("My new office")
    assert (row["width"], row["height"]) == (1200, 1600)
    assert (row["camera_make"], row["camera_model"]) == ("Sample Optics", "Pier 35")
    assert row["taken_at"].startswith("2026-08-14T20:41:07")
    assert row["latitude"] == pytest.approx(54.1798, abs=1e-4)
    assert row["longitude"] == pytest.approx(12.0868, abs=1e-4)


def test_moving_pictures_and_documents_are_what_they_should_be(demo: FinishedDemo):
    video, gif, pdf = (demo.row(text) for text in ("The camera on the mast", "loading animation", "annual report is"))
    assert (video["mime_type"], round(video["duration"])) == ("video/mp4", 4)
    assert (gif["mime_type"], gif["frames"]) == ("image/gif", 24)
    assert (pdf["mime_type"], pdf["frames"]) == ("application/pdf", 2)


def test_a_post_that_was_also_quoted_counts_as_the_post_itself(demo: FinishedDemo):
    assert [row["relation"] for row in demo.rows if "The camera on the mast" in (row["text"] or "")] == [None]


def test_archived_files_are_the_bytes_of_the_originals(demo: FinishedDemo):
    for row in demo.rows:
        if row["status"] == "stored":
            copy = Path(unquote(row["archive_url"].removeprefix("file://")))
            assert copy.is_relative_to(demo.folder)
            assert copy.read_bytes() == (demo.folder / "store" / row["local_path"]).read_bytes()


def test_the_summary_names_what_failed_and_where_to_look(demo: FinishedDemo):
    printed = demo.process.stdout
    assert re.search(r"posts\s+│\s+40", printed)
    # Each reason with one medium, as names and values: its URL would be broken into pieces in a table.
    for reason in ("gone", "not_media"):
        assert re.search(rf"status +{reason}\nreason +{reason}\nmedia +1\n", printed)
    assert "line 6" in printed
    assert (demo.folder / "page" / "index.html").as_uri() in printed
    assert f"MEDIA_STORAGE_PATH={demo.folder}/store" in printed
    (command,) = re.findall(r"in Dagster +(.*)", printed)
    assert " AWS_S3_BUCKET= DOWNLOAD_MEDIA=True " in command
    assert command.endswith(f"{sys.executable} -m media_pipeline.cli dev")


def test_the_runs_are_in_dagsters_history(demo: FinishedDemo):
    from media_pipeline.defs.runs.launch import open_instance

    with open_instance(load_settings(_env_file=None, media_storage_path=demo.folder / "store")) as instance:
        assert [(run.job_name, run.is_success) for run in instance.get_runs()] == [("media_pipeline", True)] * 8


def test_the_page_shows_a_picture_of_everything_that_is_stored(demo: FinishedDemo):
    page = Page(demo.folder / "page" / "index.html")
    assert len(page.thumbnails) == 51
    cropped = [name for name in page.thumbnails if name.startswith("thumbnails/")]
    assert 20 < len(cropped) < 51, "the only picture of a post is shown whole"
    for thumbnail in cropped:
        with Image.open(page.folder / thumbnail) as image:
            assert image.size == (300, 300)
    assert set(page.thumbnails) <= set(page.local)
    assert all((page.folder / name).is_file() for name in page.local)
    assert page.tags["article"] == 40
    assert page.tags["figure"] == 53
    assert "And with lines? <3 & thanks" in page.words
    assert "No longer at its host" in page.words


def test_a_demo_clears_what_an_earlier_one_left_and_nothing_else(demo: FinishedDemo):
    assert (demo.folder / "notes.txt").read_text() == "old"
    files = [path.name for path in (demo.folder / "imports").rglob("[!.]*") if path.is_file()]
    split = ["author-feed", "company-posts", "feed", "item-list", "listing", "page-feed"]
    expected = [f"{name}{part}.json" for name in split for part in ("", "-2")]
    expected += ["account.js", "statuses.ndjson", "statuses-2.ndjson", "stream.ndjson", "tweets.js", "user-tweets.json"]
    assert sorted(files) == sorted(expected)


def test_every_difference_from_the_expected_outcome_is_named(tmp_path: Path):
    url = "https://pbs.twimg.com/media/Abc?format=jpg&name=orig"
    expected = Expectation(
        posts=1,
        media={("twitter", "1", 0): ExpectedMedium(url, Status.STORED)},
        answers={url: Answer(b"bytes", "image/jpeg")},
        faults={"a.ndjson": 6},
    )
    with closing(Database.open(load_settings(_env_file=None, media_storage_path=tmp_path))) as database:
        differences = expected.differences(database, [], {url: 2, "https://pbs.twimg.com/other.jpg": 1})
    assert "posts is 0, and should be 1" in differences
    assert "medium 0 of twitter post 1 is missing" in differences
    assert f"{url} was asked for 2 time(s), and should be 1" in differences
    assert "https://pbs.twimg.com/other.jpg was asked for 1 time(s), and should be 0" in differences
    assert any("parts that can't be read" in difference for difference in differences)


@pytest.mark.parametrize("name", ["index.html", "store/catalog.sqlite"])
def test_a_folder_of_somebody_elses_is_refused_and_left_alone(tmp_path: Path, name: str):
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text("mine")
    with pytest.raises(DemoFolderError, match="holds something else"), prepared(tmp_path):
        pass
    assert (tmp_path / name).read_text() == "mine"
    assert not (tmp_path / MARKER).exists()


def test_a_demo_whose_library_is_shown_by_dev_is_refused_and_left_alone(tmp_path: Path):
    home = tmp_path / "store" / "dagster"
    home.mkdir(parents=True)
    (tmp_path / MARKER).write_text("")
    with held(home / DEV_LOCK), pytest.raises(DemoFolderError, match="end `media-pipeline dev`"), prepared(tmp_path):
        pass
    assert home.exists()
    assert not is_held(home / DEV_LOCK), "nobody holds it once that has ended"


def test_settings_that_are_set_are_undone_for_dagster_on_the_demo(tmp_path: Path):
    settings = load_settings(_env_file=None)
    places = {"media_storage_path": tmp_path / "a b" / "store", "media_import_path": tmp_path / "imports"}
    with MediaHost({}) as host:
        demo = Demo(tmp_path, settings.model_copy(update=places), [], host, Expectation(0, {}, {}, {}))
        usual = settings.model_copy(update={"aws_s3_bucket": "mine", "media_batch_size": 7, "dagster_home": "/d"})
        command = where_to_look(demo, usual, "make dev")["in Dagster"]
    words = shlex.split(command)
    assert f"MEDIA_STORAGE_PATH={tmp_path}/a b/store" in words
    assert words[3:] == ["AWS_S3_BUCKET=", "DAGSTER_HOME=", "MEDIA_BATCH_SIZE=50", "make", "dev"]
