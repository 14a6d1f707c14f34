"""CSV is records too: a row each, whatever tool has written it, and what is broken costs its row."""

from __future__ import annotations

import csv
import gzip
import io
import zipfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media_pipeline.model import Fault, Locator, Record
from media_pipeline.posts.readers import read_export
from media_pipeline.posts.readers.csv_rows import read_rows
from media_pipeline.posts.readers.source_text import NothingThere, record_at

TABLE = 'id,text,url\n1,"a ""b"", c\nd",https://h.example/1\n2,日本🙂,\n'
ROWS = [{"id": "1", "text": 'a "b", c\nd', "url": "https://h.example/1"}, {"id": "2", "text": "日本🙂", "url": ""}]


def read(folder: Path, content: bytes | str, name: str = "a.csv") -> list[Record | Fault]:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return list(read_export(path))


def values(parts: list[Record | Fault]) -> list[Any]:
    return [part.value for part in parts if isinstance(part, Record)]


def faults(parts: list[Record | Fault]) -> list[str]:
    return [str(part) for part in parts if isinstance(part, Fault)]


@pytest.mark.parametrize(
    "content",
    [
        TABLE.encode(),
        TABLE.encode("utf-8-sig"),
        TABLE.encode("utf-16"),
        TABLE.encode("utf-16-le"),
        TABLE.replace("c\nd", "c\x00d").replace("\n", "\r\n").replace("\x00", "\n").encode(),
        ("\n \n" + TABLE + "\n\n").encode(),
        TABLE.rstrip("\n").encode(),
        gzip.compress(TABLE.encode()),
        b"sep=,\n" + TABLE.encode(),
    ],
    ids=["plain", "mark", "utf-16", "utf-16-le", "CRLF", "blank lines", "no last newline", "gzip", "sep"],
)
@pytest.mark.parametrize("name", ["a.csv", "a.json", "a.jsonl", "a", "a.txt"])
def test_a_table_is_a_record_a_row_whatever_its_name_and_writing(tmp_path: Path, content: bytes, name: str) -> None:
    if name != "a.csv" and content.startswith(b"sep="):
        name = "b.csv"
    parts = read(tmp_path, content, name)
    assert values(parts) == ROWS
    assert not faults(parts)


@pytest.mark.parametrize("delimiter", [";", "\t", "|"])
def test_the_delimiter_is_told_by_the_first_row(tmp_path: Path, delimiter: str) -> None:
    target = io.StringIO()
    csv.writer(target, delimiter=delimiter).writerows([list(ROWS[0]), *(list(row.values()) for row in ROWS)])
    assert values(read(tmp_path, target.getvalue())) == ROWS


def test_a_row_is_located_by_the_line_on_which_it_begins_and_shown_whole(tmp_path: Path) -> None:
    parts = read(tmp_path, TABLE)
    assert [part.locator for part in parts] == [Locator(line=2), Locator(line=4)]
    assert record_at(tmp_path / "a.csv", Locator(line=2)) == (b'1,"a ""b"", c\nd",https://h.example/1', "")
    assert record_at(tmp_path / "a.csv", Locator(line=4))[0] == "2,日本🙂,".encode()
    with pytest.raises(NothingThere, match="no row at line 3"):
        record_at(tmp_path / "a.csv", Locator(line=3))


def test_columns_without_or_with_the_same_name_keep_their_values_apart(tmp_path: Path) -> None:
    (value,) = values(read(tmp_path, "id,a,a,,\n1,2,3,4,5,6,7\n"))
    assert value == {"id": "1", "a": "2", "a (3)": "3", "(4)": "4", "(5)": "5", "(6)": "6", "(7)": "7"}


def test_a_short_row_is_data_unless_the_file_ends_within_it(tmp_path: Path) -> None:
    assert values(read(tmp_path, "id,a,b\n1,2\n")) == [{"id": "1", "a": "2"}]
    parts = read(tmp_path, "id,a,b\n1,2,3\n4,5")
    assert values(parts) == [{"id": "1", "a": "2", "b": "3"}]
    assert faults(parts) == ["line 3#: the file ends within this row"]


def test_a_file_that_ends_inside_a_quote_says_so_and_keeps_the_rows_before(tmp_path: Path) -> None:
    parts = read(tmp_path, 'id,a\n1,2\n3,"4\n5,6\n')
    assert values(parts) == [{"id": "1", "a": "2"}]
    assert faults(parts) == ["line 3#: the file ends inside a quote that begins in this row"]


def test_a_quote_that_is_no_field_s_beginning_is_text(tmp_path: Path) -> None:
    assert values(read(tmp_path, 'id,a\n1,5" disk\n2,x\n')) == [{"id": "1", "a": '5" disk'}, {"id": "2", "a": "x"}]


def test_a_field_may_be_longer_than_python_s_own_limit_and_hold_nul(tmp_path: Path) -> None:
    long = "x" * 300_000 + "\x00"
    assert values(read(tmp_path, f"id,a\n1,{long}\n")) == [{"id": "1", "a": long}]


def test_a_row_beyond_the_limit_costs_itself() -> None:
    table = b"id,a\n1," + b"x" * 500 + b"\n2,y\n" + b'3,"' + b"z\n" * 120 + b"4,y\n"
    parts = list(read_rows(iter([table[at : at + 50] for at in range(0, len(table), 50)]), max_bytes=100))
    assert {"id": "2", "a": "y"} in values(parts)
    assert {"id": "4", "a": "y"} in values(parts)
    assert "longer than 100 bytes" in faults(parts)[0]
    assert faults(parts)[0].startswith("line 2#")


def test_a_row_that_is_no_utf_8_costs_itself(tmp_path: Path) -> None:
    parts = read(tmp_path, b"id,a\n1,gr\xfc\xdfe\n2,b\n")
    assert values(parts) == [{"id": "2", "a": "b"}]
    assert "line 2#: the row is no UTF-8" in faults(parts)[0]


def test_a_carriage_return_alone_costs_its_row(tmp_path: Path) -> None:
    parts = read(tmp_path, b"id,a\n1,b\rc,d\n2,b\n")
    assert values(parts)[-1] == {"id": "2", "a": "b"}
    assert len(faults(parts)) == 1


def test_what_was_unpacked_before_the_damage_is_kept(tmp_path: Path) -> None:
    table = "id,noise\n" + "".join(f"{n},{hash((n, 'noise'))}\n" for n in range(60_000))
    parts = read(tmp_path, gzip.compress(table.encode())[:-2000])
    assert [row["id"] for row in values(parts)] == [str(n) for n in range(len(values(parts)))]
    assert len(values(parts)) > 50_000
    assert any("compressed data is damaged" in fault for fault in faults(parts))


@pytest.mark.parametrize(
    "text",
    ["plain words\n", "Hello, world\n", "Hello, world\nand more\n", "1,2\n3,4\n", "<a, b>\n1,2\n", "x{, y\n1,2\n"],
)
def test_words_with_commas_are_no_table(tmp_path: Path, text: str) -> None:
    (fault,) = faults(read(tmp_path, text, "a.json"))
    assert "none of what is read" in fault


def test_a_table_without_rows_says_so_unless_it_is_an_official_export_s(tmp_path: Path) -> None:
    assert faults(read(tmp_path, "id,a\n")) == ["line 1#: the table holds no row below the names of its columns"]
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("posts.csv", "id,title,subreddit\n")
        archive.writestr("comments.csv", "id,body\n1,x\n")
    assert len(list(read_export(tmp_path / "a.zip"))) == 1


CELLS = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\x1e"), max_size=12)


@given(rows=st.lists(st.lists(CELLS, min_size=3, max_size=3), max_size=6), size=st.integers(1, 9))
def test_every_table_that_csv_writes_is_read_back(rows: list[list[str]], size: int) -> None:
    target = io.StringIO()
    csv.writer(target, quoting=csv.QUOTE_ALL).writerows([["a", "b", "c"], *rows])
    content = target.getvalue().encode()
    parts = list(read_rows(content[at : at + size] for at in range(0, len(content), size)))
    assert values(parts) == [dict(zip("abc", row, strict=True)) for row in rows if any(row)]


@given(content=st.binary(max_size=200))
def test_no_bytes_make_a_table_s_reading_raise(content: bytes) -> None:
    assert all(part.locator.line for part in read_rows(iter([b"a,b\n" + content])))


def test_a_table_names_the_owner_of_the_tables_beside_it_in_an_archive(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("posts.csv", "id,title,subreddit\n1,x,pics\n")
        archive.writestr("saved_posts.csv", "id,permalink\n9,/r/x\n")
        archive.writestr("statistics.csv", "statistic,value\naccount name,anna\n")
    (record,) = read_export(tmp_path / "a.zip")
    assert isinstance(record, Record)
    assert record.owner == {"rows": [{"statistic": "account name", "value": "anna"}]}
    assert str(record.locator) == "posts.csv: line 2#"
