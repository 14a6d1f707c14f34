"""`media-pipeline fetch`: URLs of the command line and of a CSV."""

from __future__ import annotations

import csv
import io
import os
from pathlib import Path

import pytest

from media_pipeline.cli.url_table import UnreadableTable, UrlTable
from media_pipeline_tests.cli.shell import Shell
from media_pipeline_tests.databases import POSTGRES_SLOWLY
from media_pipeline_tests.faulty_host import FaultyHost, status
from media_pipeline_tests.library import Library, picture

pytestmark = [pytest.mark.long, POSTGRES_SLOWLY]


@pytest.fixture
def shell(either_database: str, library: Library) -> Shell:
    return Shell(library)


def rows_of(text: str, delimiter: str = ",") -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter))


def test_fetch_stores_urls_and_exits_with_zero_when_all_are_stored(shell: Shell, host: FaultyHost) -> None:
    urls = [host.serve("/a.jpg", picture(1)), host.serve("/b.jpg", picture(2))]
    dead = host.serve("/gone.jpg", fault=status(404))
    assert "stored" in shell.run("fetch", *urls).stdout
    asked = len(host.requests)
    results = shell.json("fetch", *urls)
    assert len(host.requests) == asked
    assert [(result["url"], result["status"], result["width"]) for result in results] == [
        (url, "stored", 64) for url in urls
    ]
    assert all(Path(result["path"]).is_file() for result in results)
    assert [result["status"] for result in shell.json("fetch", urls[0], dead, code=1)] == ["stored", "gone"]
    assert shell.json("stats")["status"] == {"gone": 1, "stored": 2}


def test_fetch_writes_the_rows_of_a_csv_back_with_what_became_of_their_urls(
    shell: Shell, host: FaultyHost, tmp_path: Path
) -> None:
    good, dead = host.serve("/a,b.jpg", picture(1)), host.serve("/gone.jpg", fault=status(404))
    table, out = tmp_path / "urls.csv", tmp_path / "out.csv"
    content = (
        "\ufeffname;Bild;status\r\n"
        f'"=1+1;""x""";{good};007\r\n'
        f"  caf\u00e9 ;{dead};1.50\r\n"
        f'"two\r\nlines"; {good} ;\r\n'
        "empty;;x\r\n"
        "short\r\n"
        "private;http://127.0.0.1:1/a.jpg;x\r\n"
    )
    table.write_bytes(content.encode())
    shell.run("fetch", "--csv", str(table), "--column", "Bild", "--out", str(out), code=1)
    written = out.read_bytes().decode()
    assert written.startswith("\ufeffname;Bild;status;status_2;reason;path;sha256;archive_address\r\n")
    rows = rows_of(written.removeprefix("\ufeff"), ";")
    before = rows_of(content.removeprefix("\ufeff"), ";")
    assert [[row[name] for name in ("name", "Bild", "status")] for row in rows] == [
        [row[name] or "" for name in ("name", "Bild", "status")] for row in before
    ]
    assert [row["status_2"] for row in rows] == ["stored", "gone", "stored", "no_url", "no_url", "unsafe"]
    assert rows[0]["sha256"] == rows[2]["sha256"] != ""
    assert Path(rows[0]["path"]).read_bytes() == picture(1)
    assert all(row["reason"] for row in rows if row["status_2"] != "stored")
    assert sorted(request.path for request in host.requests) == ["/a,b.jpg", "/gone.jpg"], "each is fetched once"

    again = shell.run("fetch", "--csv", str(out), "--column", "Bild", code=1)
    assert "status_3" in again.stdout
    assert len(host.requests) == 2


def test_fetch_of_a_csv_exits_with_zero_when_every_row_is_stored(
    shell: Shell, host: FaultyHost, tmp_path: Path
) -> None:
    table = tmp_path / "urls.csv"
    table.write_text(f"url\n{host.serve('/a.jpg', picture(1))}\n")
    done = shell.run("fetch", "--csv", str(table))
    assert [row["status"] for row in rows_of(done.stdout)] == ["stored"]
    assert "1 stored" in done.stderr


def test_fetch_refuses_what_it_could_not_write_back_before_the_first_request(
    shell: Shell, host: FaultyHost, tmp_path: Path
) -> None:
    table = tmp_path / "urls.csv"
    good = host.serve("/a.jpg", picture(1))
    table.write_text(f"url,n\n{good},1\n{good},2,3\n")
    assert "line 3: 3 cells under 2 columns" in shell.run("fetch", "--csv", str(table), code=1).stderr
    assert "no column 'link'" in shell.run("fetch", "--csv", str(table), "--column", "link", code=1).stderr
    assert host.requests == []
    assert not shell.library.files("imports")


@pytest.mark.parametrize(
    "arguments",
    ["", "URL --csv TABLE", "URL --out x.csv", "--csv TABLE --out TABLE", "--csv TABLE --json"],
    ids=["neither URLs nor table", "URLs and table", "URLs into a table", "table onto itself", "table as JSON"],
)
def test_fetch_of_arguments_that_do_not_go_together_is_wrong_usage(
    shell: Shell, host: FaultyHost, tmp_path: Path, arguments: str
) -> None:
    table = tmp_path / "urls.csv"
    places = {"URL": host.serve("/a.jpg", picture(1)), "TABLE": str(table)}
    table.write_text(f"url\n{places['URL']}\n")
    shell.run("fetch", *(places.get(word, word) for word in arguments.split()), code=2)
    assert host.requests == []
    assert not shell.library.files("imports")


def test_fetch_replaces_no_device_or_pipe_and_reads_none(shell: Shell, tmp_path: Path) -> None:
    table, pipe = tmp_path / "urls.csv", tmp_path / "pipe"
    table.write_text("url\nhttps://x.test/a.jpg\n")
    os.mkfifo(pipe)
    assert "no regular file" in shell.run("fetch", "--csv", str(pipe), code=2).stderr
    assert "no regular file" in shell.run("fetch", "--csv", str(table), "--out", str(pipe), code=2).stderr
    assert pipe.is_fifo()
    within = str(shell.library.storage / "out.csv")
    assert "name another place" in shell.run("fetch", "--csv", str(table), "--out", within, code=1).stderr
    assert not shell.library.files("imports")


def test_the_rows_of_a_fetch_go_through_a_link_that_stays(shell: Shell, host: FaultyHost, tmp_path: Path) -> None:
    table, real, link = (tmp_path / name for name in ("urls.csv", "real.csv", "link.csv"))
    table.write_text(f"url\n{host.serve('/a.jpg', picture(1))}\n")
    link.symlink_to(real)
    shell.run("fetch", "--csv", str(table), "--out", str(link))
    assert link.is_symlink()
    assert [row["status"] for row in rows_of(real.read_text())] == ["stored"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_table_comes_back_as_it_was_in_every_form(tmp_path: Path, encoding: str, delimiter: str, end: str) -> None:
    rows = [
        ["url", "a b", "\u00e9"],
        ["https://x.test/?a=1,2;3|4", "-1", 'say "hi"'],
        ["", "a\rb\nc", "\u202e\x1b[31m"],
    ]
    lines = (delimiter.join('"' + cell.replace('"', '""') + '"' for cell in row) + end for row in rows)
    path = tmp_path / "a.csv"
    path.write_bytes("".join(lines).encode(encoding))
    table = UrlTable.open(path, "url")
    assert (table.delimiter, table.line_end) == (delimiter, end)
    written = table.header_with(["n"]) + "".join(table.line(row, ["=1"]) for row in table.rows())
    read = list(csv.reader(io.StringIO(written, newline=""), delimiter=delimiter, strict=True))
    assert read == [[*rows[0], "n"], *([*row, "'=1"] for row in rows[1:])]


def test_bytes_of_a_table_that_are_not_utf_8_come_back(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"url,n\nhttps://x.test/,caf\xe9\x00\n")
    table = UrlTable.open(path, "url")
    (row,) = table.rows()
    assert table.line(row, []).encode("utf-8", "surrogateescape") == b"https://x.test/,caf\xe9\x00\n"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "no column"),
        (b'url,n\n"https://x.test/,1\nhttps://y.test/,2\n', "line 3"),
        (b'url,n\n"https://x.test/"x,1\n', "line 2"),
        (b"\xff\xfeu\x00r\x00l\x00\n\x00\x00\xd8\n\x00", "can't be read as CSV"),
        (b'url\n"' + b"x" * (17 * 1024 * 1024) + b'"\n', "field larger than field limit"),
    ],
)
def test_what_is_no_csv_is_refused_with_the_reason(tmp_path: Path, content: bytes, reason: str) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(content)
    with pytest.raises(UnreadableTable, match=reason):
        UrlTable.open(path, "url")


def test_a_column_of_urls_alone_may_hold_commas(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("url\nhttps://x.test/a,b\nhttps://x.test/c\n\n")
    table = UrlTable.open(path, "url")
    assert [table.url_of(row) for row in table.rows()] == ["https://x.test/a,b", "https://x.test/c"]
