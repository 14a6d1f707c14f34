"""The command line as a script uses it: what is printed, and the exit code."""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from media_pipeline.cli.program import app
from media_pipeline.model import ImportPartition
from media_pipeline_tests import faulty_host
from media_pipeline_tests.cli.shell import Shell
from media_pipeline_tests.databases import POSTGRES_SLOWLY
from media_pipeline_tests.faulty_host import FaultyHost
from media_pipeline_tests.ids import telling
from media_pipeline_tests.library import DAY, Library, picture, tweet
from media_pipeline_tests.posts.linkedin_shapes import linkedin

pytestmark = [pytest.mark.long, POSTGRES_SLOWLY]


@pytest.fixture
def shell(either_database: str, library: Library) -> Shell:
    return Shell(library)


@pytest.fixture
def posts(host: FaultyHost) -> list[dict[str, Any]]:
    """Four posts of two authors: two pictures alike, one other, one dead link."""
    return [
        tweet(1, host.serve("/1.jpg", picture(1)), author="ann"),
        tweet(2, host.serve("/2.jpg", picture(1)), author="ann"),
        tweet(3, host.serve("/3.jpg", picture(3)), author="bob"),
        tweet(4, host.serve("/4.jpg", fault=faulty_host.status(404)), author="bob"),
    ]


@pytest.fixture
def export(posts: list[dict[str, Any]], tmp_path: Path) -> Path:
    path = tmp_path / "export.json"
    path.write_text(json.dumps(posts))
    return path


@pytest.fixture
def ingested(shell: Shell, posts: list[dict[str, Any]]) -> Shell:
    """In a library that has been through every stage, without the seconds that Dagster takes to start."""
    shell.library.land("export.json", posts)
    shell.library.run()
    return shell


def test_ingest_runs_everything_and_names_what_failed(shell: Shell, export: Path, host: FaultyHost) -> None:
    done = shell.run("ingest", str(export), "--platform", "twitter", "--date", DAY.isoformat())
    assert re.search(r"stored\s+│\s+3", done.stdout)
    assert "gone" in done.stdout
    assert done.stdout.splitlines()[-1] == (
        "posts: 4 new, 0 changed, 0 unchanged; media: 1 failed (0 to be tried again)"
    )
    assert (shell.library.settings.import_path / "twitter/2025-11-01/export.json").exists()
    asked = len(host.requests)
    again = shell.json("ingest", str(export), "--platform", "twitter", "--date", DAY.isoformat())
    assert len(host.requests) == asked, "a second time costs no request"
    assert (again["posts"], again["stored"], again["duplicates"], again["archived"]) == (4, 3, 1, 2)
    assert [again["failures"][0][name] for name in ("status", "reason", "media")] == ["gone", "gone", 1]
    assert [again[name] for name in ("new", "changed", "unchanged")] == [0, 0, 4]
    assert shell.json("stats")["status"] == {"gone": 1, "stored": 3}


def test_list_has_a_row_for_each_medium_that_is_chosen(ingested: Shell) -> None:
    rows = ingested.json("list")
    assert {row["status"] for row in rows} == {"stored", "gone"}
    assert {"media_id", "post_id", "media_url", "sha256", "md5_sum", "file_size", "local_path"} <= rows[0].keys()
    assert [row["native_id"] for row in ingested.json("list", "--user", "@bob")] == ["3", "4"]
    assert [row["native_id"] for row in ingested.json("list", "--status", "gone")] == ["4"]
    assert len(ingested.json("list", "--post-id", "1")) == 1


def test_list_chooses_by_platform_day_words_and_reason(ingested: Shell) -> None:
    rows = ingested.json("list")
    assert ingested.json("list", "--platform", "twitter", "--text", rows[0]["text"][:4].upper()) != []
    assert ingested.json("list", "--platform", "mastodon") == []
    assert ingested.json("list", "--until", "2001-01-01") == []
    assert [row["native_id"] for row in ingested.json("list", "--reason", "gone")] == ["4"]
    assert [row["native_id"] for row in ingested.json("list", "--failed", "--since", "2001-01-01")] == ["4"]
    nothing = ingested.run("list", "--user", "nobody")
    assert (nothing.stdout, nothing.stderr) == ("", "no media that meet this\n")


def test_list_knows_a_post_by_its_address_too(ingested: Shell) -> None:
    (row, *_) = ingested.json("list", "--post-id", "1")
    assert ingested.json("list", "--post-id", row["url"]) == ingested.json("list", "--post-id", row["post_id"]) != []
    assert ingested.json("archive", "--post-id", row["url"])["failed"] == 0
    assert ingested.json("list", "--post-id", "https://x.com/nobody/status/999") == []


def test_list_prints_one_plain_line_a_medium_into_a_pipe_and_csv_where_asked(ingested: Shell) -> None:
    lines = ingested.run("list", COLUMNS="20").stdout.splitlines()
    assert len(lines) == 5
    assert lines[0].split("\t")[:5] == ["platform", "posted_at", "author_handle", "status", "reason"]
    assert [line.split("\t")[3:5] for line in lines[1:]] == [["stored", ""]] * 3 + [["gone", "gone"]]
    rows = list(csv.DictReader(io.StringIO(ingested.run("list", "--csv").stdout)))
    assert [row["media_id"] for row in rows] == [row["media_id"] for row in ingested.json("list")]


def test_why_names_the_reason_and_retry_makes_it_due(ingested: Shell, host: FaultyHost) -> None:
    (gone,) = ingested.json("list", "--failed")
    told = ingested.run("why", gone["media_id"]).stdout
    for said in ("gone", "MEDIA_FETCH_VIA", "http_404", gone["media_url"]):
        assert said in told
    assert "no medium and no post is known by" in ingested.run("why", "med-0", code=1).stderr
    assert ingested.json("retry", "--host", "elsewhere.test")["due"] == 0
    assert ingested.json("retry", "--reason", "gone") == {"due": 1, "partitions": ["2025-11-01|twitter"]}
    host.serve("/4.jpg", picture(4))
    assert "`media-pipeline download` fetches it" in ingested.run("retry", "--status", "pending", code=2).stderr
    assert ingested.json("download")["stored"] == 4


def test_show_prints_a_post_with_its_media_and_versions(ingested: Shell) -> None:
    told = ingested.run("show", "4").stdout
    for said in ("Post", "Media", "gone", "Seen by", "export.json", "<- what the post says now"):
        assert said in told
    assert len(ingested.json("show", "1")["versions"]) == 1
    assert "no import holds a post '999'" in ingested.run("show", "999", code=1).stderr


def test_an_import_in_which_nothing_is_read_exits_with_1(shell: Shell, tmp_path: Path) -> None:
    path = tmp_path / "nothing.json"
    path.write_text(json.dumps([{"hello": "world"}]))
    done = shell.run("ingest", str(path), "--platform", "twitter", code=1)
    assert "no post was read from" in done.stderr
    assert "nothing is proven" in shell.run("extract", str(path), "-p", "twitter", "--coverage", code=1).stderr


def test_stats_counts_the_posts_of_one_author(ingested: Shell) -> None:
    assert ingested.json("stats", "--user", "ann")["posts"] == 2


def test_verify_names_a_damaged_file_until_download_has_replaced_it(ingested: Shell) -> None:
    assert ingested.json("verify") == {"checked": 2, "corrupt": []}
    broken = ingested.library.files()[0]
    broken.write_bytes(b"broken" + broken.read_bytes())
    assert ingested.json("verify", broken.stem, code=1)["corrupt"][0]["md5_sum"] == broken.stem
    ingested.run("download")
    assert ingested.json("verify") == {"checked": 2, "corrupt": []}


def test_dedup_prunes_the_copies_of_the_chosen_author_where_that_is_meant(ingested: Shell) -> None:
    prune = ("--prune", "--tier", "same-bytes", "--no-dry-run")
    assert ingested.json("dedup", "--user", "bob", *prune)["removed"] == 0
    assert ingested.json("dedup", "--user", "ann", *prune[:-1])["removed"] == 0, "unless it is meant"
    assert ingested.json("dedup", "--user", "ann", *prune) == {
        "duplicates": 0,
        "duplicates_same_pixels": 0,
        "pruned": 1,
        "removed": 1,
        "brought_back": 0,
        "bytes_saved": len(picture(1)),
        "bytes_saved_if_pruned_same_pixels": 0,
    }
    stats = ingested.json("stats")
    assert (stats["duplicates"], stats["pruned"], stats["stored"]) == (0, 1, 3)


def test_a_post_still_shows_its_medium_after_its_entry_was_pruned_and_imported_again(
    ingested: Shell, export: Path, tmp_path: Path, host: FaultyHost
) -> None:
    whole = ingested.json("page", "--to", str(tmp_path / "before"))
    ingested.json("dedup", "--prune", "--tier", "same-bytes", "--no-dry-run")
    asked = len(host.requests)
    edited = tmp_path / "again.json"
    edited.write_text(f" {export.read_text()}")
    ingested.json("ingest", str(edited), "-p", "twitter", "--date", "2025-11-02")
    assert len(host.requests) == asked, "nothing is fetched for what is a link"
    (link,) = (row for row in ingested.json("list") if row["pruned_at"])
    assert link["status"] == "stored"
    assert link["local_path"]
    post = link["native_id"]
    said = f"pruned: a link to {link['duplicate_of']}"
    assert said in " ".join(ingested.run("show", post).stdout.split())
    told = ingested.run("why", link["media_id"]).stdout
    assert (link["duplicate_of"] in told, link["local_path"] in told) == (True, True)
    listed = [line for line in ingested.run("list").stdout.splitlines() if link["media_id"] in line]
    assert "pruned: a link" in listed[0]
    again = ingested.json("page", "--to", str(tmp_path / "after"))
    assert again | {"page": ""} == whole | {"page": ""}
    assert ingested.json("dedup", "--unprune")["brought_back"] == 0, "unless it is meant"
    assert ingested.json("dedup", "--unprune", "--no-dry-run")["brought_back"] == 1
    assert ingested.json("stats")["duplicates"] == 1


def test_optimize_and_archive_find_nothing_left_to_do_after_an_ingest(ingested: Shell) -> None:
    assert ingested.json("optimize", "--user", "ann")["files"] == 0
    assert ingested.json("archive", "--all")["failed"] == 0


def test_ingest_takes_a_folder_and_never_overwrites_what_landed(shell: Shell, tmp_path: Path) -> None:
    folder = tmp_path / "exports"
    folder.mkdir()
    (folder / "a.json").write_text(json.dumps([tweet(1)]))
    (folder / "notes.txt").write_text("not an export")
    shell.run("ingest", str(folder), "-p", "twitter", "--date", "2025-11-01")
    (folder / "a.json").write_text(json.dumps([tweet(2)]))
    summary = shell.json("ingest", str(folder), "-p", "twitter", "--date", "2025-11-01")
    assert summary["posts"] == 2
    landed = sorted(path.name for path in (shell.library.settings.import_path / "twitter/2025-11-01").iterdir())
    assert len(landed) == 2


def test_ingest_takes_a_zip_of_two_platforms_apart_and_counts_both(shell: Shell, tmp_path: Path) -> None:
    path = tmp_path / "both.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.json", json.dumps([tweet(1)]))
        archive.writestr("b.json", json.dumps({"requested_url": "https://host.test/1.jpg"}))
        archive.writestr("c.json", "{}")
    done = shell.run("ingest", str(path), "--date", "2025-11-01", DOWNLOAD_MEDIA="false")
    assert "c.json is not recognised" in " ".join(done.stderr.split())
    assert done.stdout.splitlines()[-1].startswith("posts: 2 new, 0 changed, 0 unchanged")
    landed = shell.library.settings.import_path
    assert {file.relative_to(landed).as_posix() for file in landed.rglob("*.zip")} == {
        "twitter/2025-11-01/both.zip",
        "url/2025-11-01/both.zip",
    }


def test_a_run_that_fails_exits_with_1_and_says_why(shell: Shell, export: Path) -> None:
    blocked = shell.library.folder / "no-archive"
    blocked.write_text("a file where the archive's folder should be")
    done = shell.run("ingest", str(export), "-p", "twitter", code=1, MEDIA_ARCHIVE_PATH=str(blocked))
    assert "s3_archive" in done.stderr


@pytest.mark.parametrize(
    "arguments", [["stats"], ["list", "--json"], ["verify"], ["page", "--to", "page"], ["download"]], ids=telling
)
def test_a_command_that_looks_at_a_library_begins_none(library: Library, arguments: list[str]) -> None:
    shell = Shell(library, MEDIA_CATALOG_URL="")
    refused = shell.run(*arguments, code=1)
    assert f"there is no library in {library.storage}" in refused.stderr
    assert not library.storage.exists()
    assert not library.settings.import_path.exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["ingest", "missing.json", "-p", "twitter"], "does not exist"),
        (["ingest", ".", "-p", "myspace"], "known are bluesky"),
        (["ingest", ".", "-p", "twitter", "--date", "yesterday"], "YYYY-MM-DD"),
        (["backfill", "--start-date", "2025-02-01", "--end-date", "2025-01-01"], "before"),
        (["archive"], "--all"),
        (["verify", "0" * 32], "no file has the digest"),
        (["frobnicate"], "No such command"),
    ],
    ids=telling,
)
def test_wrong_usage_exits_with_2_and_says_what_is_right(shell: Shell, arguments: list[str], said: str) -> None:
    shell.run("migrate")
    done = shell.run(*arguments, code=2)
    assert said in " ".join(done.stderr.replace("│", " ").split())


def test_a_wrong_setting_stops_the_start_with_one_clear_line(shell: Shell) -> None:
    done = shell.run("stats", code=2, MEDIA_JPEG_QUALITY="very good")
    (line,) = done.stderr.strip().splitlines()
    assert "MEDIA_JPEG_QUALITY" in line
    assert "very good" in line
    assert "Traceback" not in done.stderr


def test_a_catalogue_that_can_not_be_reached_is_one_clear_line(shell: Shell) -> None:
    done = shell.run("stats", code=1, MEDIA_CATALOG_URL="postgresql://nobody:secret@127.0.0.1:1/none")
    assert "127.0.0.1:1" in done.stderr
    assert "secret" not in done.stderr
    assert "Traceback" not in done.stderr


def test_a_folder_without_exports_is_one_clear_line(shell: Shell, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    said = shell.run("ingest", str(empty), "-p", "twitter", code=1).stderr
    assert "looked for were a zip or tar, JSON, NDJSON" in " ".join(said.split())


def test_extract_prints_a_line_a_post_and_stores_nothing(shell: Shell, export: Path, host: FaultyHost) -> None:
    done = shell.run("extract", str(export), "-p", "twitter", "--json")
    posts = [json.loads(line) for line in done.stdout.splitlines()]
    assert [post["native_id"] for post in posts] == ["1", "2", "3", "4"]
    assert posts[0].keys() == {"platform", "post_id", "native_id", "author", "posted_at", "relation", "media"}
    assert posts[0]["media"][0].keys() == {"type", "role", "url", "candidates", "expires_at"}
    assert host.requests == []
    assert not shell.library.storage.exists()


def test_extract_names_bad_lines_and_exits_with_1_only_when_there_is_no_post(shell: Shell, tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(json.dumps(tweet(1)) + "\nbroken\n")
    done = shell.run("extract", str(path), "-p", "twitter", "--json")
    assert "line 2" in done.stderr
    path.write_text("broken\n")
    shell.run("extract", str(path), "-p", "twitter", "--json", code=1)


def test_extract_tells_the_platform_by_the_shape_and_refuses_another_one(shell: Shell, export: Path) -> None:
    done = shell.run("extract", str(export), "--json")
    assert {json.loads(line)["platform"] for line in done.stdout.splitlines()} == {"twitter"}
    done = shell.run("extract", str(export), "-p", "linkedin", "--json", code=1)
    assert "this is an export of twitter, not of linkedin" in done.stderr


def test_a_folder_of_several_platforms_is_sorted_by_what_is_in_it(shell: Shell, tmp_path: Path) -> None:
    folder = tmp_path / "downloads"
    folder.mkdir()
    (folder / "a.json").write_text(json.dumps([tweet(1)]))
    (folder / "b.json").write_text(json.dumps([linkedin(media=None)]))
    summary = shell.json("ingest", str(folder), "--date", DAY.isoformat())
    assert summary["partitions"] == ["linkedin 2025-11-01", "twitter 2025-11-01"]
    assert summary["posts"] == 2
    (folder / "c.json").write_text('{"a": 1}')
    assert "c.json is not recognised" in " ".join(shell.run("ingest", str(folder)).stderr.split())
    refused = shell.run("ingest", str(folder / "c.json"), code=1).stderr
    assert "name its platform with --platform" in " ".join(refused.split())


def test_coverage_is_proven_or_names_what_was_overlooked(shell: Shell, tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text(json.dumps([tweet(1, "https://pbs.twimg.com/media/A.jpg")]))
    assert shell.json("extract", str(path), "--coverage")["percentage"] == 100
    new = {**tweet(2, "https://pbs.twimg.com/media/B.jpg"), "hologram": ["https://video.twimg.com/1.usdz"]}
    path.write_text(json.dumps([new]))
    found = shell.json("extract", str(path), "--coverage", code=1)
    (unexplained,) = found["unexplained"]
    assert (unexplained["keys"], unexplained["count"]) == ("hologram[]", 1)


def test_a_page_of_the_chosen_posts_is_written(ingested: Shell, tmp_path: Path) -> None:
    chosen = ("--user", "@bob", "--platform", "twitter", "--since", DAY.isoformat())
    written = ingested.json("page", "--to", str(tmp_path / "page"), *chosen)
    assert (written["posts"], written["media"], written["pages"], written["copied"]) == (2, 2, 1, 1), "a lone picture"
    assert Path(written["page"]).is_file()
    assert Path(written["page"]).as_uri() in ingested.run("page", "--to", str(tmp_path / "page"), *chosen).stdout


def test_a_page_in_a_folder_of_something_else_or_since_no_date_is_refused(
    ingested: Shell, export: Path, tmp_path: Path
) -> None:
    refused = ingested.run("page", "--to", str(export.parent), code=1).stderr.strip()
    assert refused.count("\n") == 0
    assert "holds something else; name an empty or new folder" in refused
    ingested.run("page", "--to", str(tmp_path / "page"), "--since", "yesterday", code=2)


def test_provenance_prints_the_very_bytes_that_named_a_medium(ingested: Shell) -> None:
    first = ingested.json("list")[0]
    done = ingested.run("provenance", first["media_id"])
    assert done.stdout == f'"{first["media_url"]}"'
    assert "twitter/2025-11-01/export.json" in done.stderr
    assert done.stdout in ingested.run("provenance", first["media_id"], "--post").stdout


def test_provenance_from_an_export_that_has_changed_asks_for_the_old_one(ingested: Shell) -> None:
    landed = ingested.library.settings.import_path / "twitter/2025-11-01/export.json"
    landed.write_text("[]")
    assert "put it back" in ingested.run("provenance", ingested.json("list")[0]["media_id"], code=1).stderr


def test_backfill_runs_only_partitions_that_hold_imports(shell: Shell, host: FaultyHost) -> None:
    from datetime import timedelta

    from media_pipeline.model import ImportPartition

    for number in (0, 1, 5):
        partition = ImportPartition(DAY + timedelta(days=number), "twitter")
        posts = [tweet(number, host.serve(f"/{number}.jpg", picture(number)))]
        shell.library.land("a.json", posts, partition, age=0)
    summary = shell.json("backfill", "--start-date", "2025-11-01", "--end-date", "2025-11-30")
    assert summary["stored"] == 3
    assert summary["partitions"] == ["twitter 2025-11-01 to 2025-11-02", "twitter 2025-11-06"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--prune", "--tier", "near"), "only look alike"),
        (("--prune",), "--tier same-bytes or --tier same-pixels"),
        (("--prune", "--tier", "everything"), "same-pixels"),
        (("--tier", "same-bytes"), "belongs to --prune"),
        (("--prune", "--unprune", "--tier", "same-bytes"), "either --prune or --unprune"),
    ],
    ids=telling,
)
def test_pruning_wants_its_tier_named_and_refuses_what_is_only_near(arguments: tuple[str, ...], said: str) -> None:
    refused = CliRunner().invoke(app, ["dedup", *arguments])
    assert refused.exit_code == 2
    assert said in " ".join(refused.output.replace("│", " ").split())


def test_help_names_every_command(shell: Shell) -> None:
    said = shell.run("--help").stdout
    for command in [
        "ingest",
        "extract",
        "provenance",
        "list",
        "download",
        "backfill",
        "dedup",
        "optimize",
        "archive",
        "verify",
        "page",
        "stats",
        "migrate",
        "dev",
        "demo",
    ]:
        assert f" {command} " in said


def test_a_dry_backfill_names_the_runs_and_runs_nothing(ingested: Shell, host: FaultyHost) -> None:
    asked = len(host.requests)
    for days in (1, 2, 5):
        ingested.library.land("b.json", [tweet(20 + days)], ImportPartition(DAY + timedelta(days=days), "twitter"))
    posts = ingested.library.rows("SELECT count(*) FROM posts")
    rows = ingested.json("backfill", "--start-date", DAY.isoformat(), "--dry-run")
    assert rows == [
        {"platform": "twitter", "first": "2025-11-01", "last": "2025-11-03"},
        {"platform": "twitter", "first": "2025-11-06", "last": "2025-11-06"},
    ]
    assert "2025-11-06" in ingested.run("backfill", "--start-date", DAY.isoformat(), "--dry-run").stdout
    none = ingested.run("backfill", "--start-date", "2025-12-24", "--end-date", "2025-12-25", "--dry-run")
    assert "nothing would run" in none.stdout
    assert ingested.library.rows("SELECT count(*) FROM posts") == posts
    assert len(host.requests) == asked
    assert not (ingested.library.storage / "dagster").exists()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("MEDIA_COOKIES_FILE", "none.txt"),
        ("MEDIA_CA_FILE", "none.pem"),
        ("MEDIA_ALLOWED_HOSTS", "http://host/"),
        ("MEDIA_HOST_HEADERS", '{"a b": {"X": "1"}}'),
        ("MEDIA_CATALOG_URL", "mysql://host/x"),
        ("MEDIA_START_DATE", "soon"),
    ],
    ids=telling,
)
def test_ingest_under_a_wrong_setting_exits_with_2_and_lands_nothing(
    library: Library, export: Path, name: str, value: str
) -> None:
    shell = Shell(library)
    done = shell.run("ingest", str(export), "-p", "twitter", code=2, **{name: value})
    assert name in done.stderr
    assert "Traceback" not in done.stderr
    assert not library.settings.import_path.exists()


def test_an_export_that_is_handed_over_on_another_day_counts_its_posts_as_unchanged(
    ingested: Shell, tmp_path: Path, posts: list[dict[str, Any]]
) -> None:
    (landed,) = (ingested.library.settings.import_path / "twitter").rglob("export.json")
    done = ingested.run("ingest", str(landed), "-p", "twitter", "--date", "2025-11-07")
    assert done.stdout.splitlines()[-1].startswith("posts: 0 new, 0 changed, 4 unchanged;")
    assert re.search(r"posts\s+│\s+4", done.stdout), "the table counts as the last line does"
    assert "lies on the same disk" not in done.stderr, "that was said when the library was begun"


def test_posts_that_an_export_names_as_deleted_are_told_apart_from_what_could_not_be_read(
    shell: Shell, tmp_path: Path
) -> None:
    tombstone = {"__typename": "TweetTombstone", "rest_id": "77", "tombstone": {"text": {"text": "deleted"}}}
    export = tmp_path / "a.json"
    export.write_text(json.dumps([tweet(1), {"data": {"tweet_results": {"result": tombstone}}}]))
    done = shell.run("ingest", str(export), "-p", "twitter", DOWNLOAD_MEDIA="false")
    assert "lies on the same disk as the store" in " ".join(done.stderr.split())
    assert "no longer shows" in done.stdout
    assert re.search(r"no longer shown\s+│\s+1", done.stdout)
    assert "What could not be read" not in done.stdout
    assert done.stdout.splitlines()[-1].startswith("posts: 1 new, 0 changed, 0 unchanged;")


def test_an_export_of_nothing_but_deleted_posts_is_read_and_its_posts_are_named(shell: Shell, tmp_path: Path) -> None:
    export = tmp_path / "a.jsonl"
    export.write_text("".join(json.dumps({"delete": {"status": {"id_str": str(id_)}}}) + "\n" for id_ in (77, 78)))
    said = json.loads(shell.run("ingest", str(export), "-p", "twitter", "--json", code=0).stdout)
    assert (said["no_longer_shown"], len(said["unavailable"]), said["faults"]) == (2, 2, [])


def test_the_summary_of_a_download_is_not_headed_as_an_import(ingested: Shell) -> None:
    said = ingested.run("retry", "--now").stdout
    assert "Retried twitter 2025-11-01" in said
    assert "Imported" not in said


def test_stats_are_printed_for_people_and_not_as_python_writes_them(ingested: Shell) -> None:
    said = ingested.run("stats").stdout
    assert "gone 1, stored 3" in said
    for word in ("{", "}", "None", "True", "False", "Status."):
        assert word not in said


def test_why_names_what_a_medium_was_before_it_was_made_due_again(ingested: Shell) -> None:
    (gone,) = ingested.json("list", "--failed")
    ingested.run("retry", "--reason", "gone")
    said = ingested.run("why", gone["media_id"]).stdout
    assert re.search(r"was +gone \(http_404\), asked on .* UTC; due again since .* UTC", said)
    assert ingested.json("retry", "--now")["due"] == 0


def test_show_prints_nothing_that_only_the_program_needs(ingested: Shell) -> None:
    said = ingested.run("show", "1").stdout
    for word in ("manifest_version", "content_sha256", "raw_sha256"):
        assert word not in said
        assert word in ingested.json("show", "1")["post"]
