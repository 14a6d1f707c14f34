"""Any file format in, the same records out; whatever is broken is named and costs as little as possible."""

from __future__ import annotations

import gzip
import json
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from media_pipeline.model import Fault, Locator, Record
from media_pipeline.posts.readers import is_export_file, read_export
from media_pipeline.posts.readers.document import read_array, read_object
from media_pipeline.posts.readers.ndjson import read_lines

ROWS = [{"id": 1, "t": 'a "quoted" [bracket]} \\'}, {"id": 2, "n": {"x": [1.5, None, True]}}, {"id": 3, "e": "日本🙂"}]
LINES = "\n".join(json.dumps(row, ensure_ascii=False) for row in ROWS).encode()
ARRAY = json.dumps(ROWS, ensure_ascii=False).encode()
PRETTY = json.dumps(ROWS, indent=2).encode()
SCRIPT = b"window.YTD.tweets.part0 = " + PRETTY


def read(folder: Path, name: str, content: bytes) -> list[Record | Fault]:
    path = folder / name
    path.write_bytes(content)
    return list(read_export(path))


def values(parts: list[Record | Fault]) -> list[Any]:
    return [part.value for part in parts if isinstance(part, Record)]


def faults(parts: list[Record | Fault]) -> list[Fault]:
    return [part for part in parts if isinstance(part, Fault)]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.json", ARRAY),
        ("a.json", PRETTY),
        ("a.json", LINES),
        ("a.jsonl", LINES),
        ("a.ndjson", LINES.replace(b"\n", b"\r\n\r\n")),
        ("a.jsonl", PRETTY),
        ("a.jsonl", ARRAY),
        ("tweets.js", SCRIPT),
        ("A.JSON", ARRAY),
    ],
    ids=[
        "array",
        "pretty",
        "lines",
        "jsonl",
        "ndjson with CRLF",
        "jsonl with pretty",
        "jsonl with an array",
        "script",
        "capitals",
    ],
)
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("compressed", [False, True])
def test_every_format_gives_the_same_records(
    tmp_path: Path, name: str, content: bytes, mark: bytes, compressed: bool
) -> None:
    content = mark + content
    parts = read(tmp_path, name + ".gz", gzip.compress(content)) if compressed else read(tmp_path, name, content)
    assert values(parts) == ROWS
    assert not faults(parts)


def test_lines_are_located_by_their_number_and_blank_lines_are_nothing(tmp_path: Path) -> None:
    parts = read(tmp_path, "a.jsonl", b'\n{"a":1}\n  \r\n\n{"a":2}\n')
    assert [part.locator for part in parts] == [Locator(line=2), Locator(line=5)]


def test_items_of_an_array_are_located_by_pointer(tmp_path: Path) -> None:
    assert [str(part.locator) for part in read(tmp_path, "a.json", ARRAY)] == [
        "offset 0#/0",
        "offset 0#/1",
        "offset 0#/2",
    ]


def test_the_offset_of_a_script_is_where_its_array_begins(tmp_path: Path) -> None:
    parts = read(tmp_path, "tweets.js", SCRIPT)
    assert parts[1].locator == Locator(offset=len("window.YTD.tweets.part0 = "), pointer="/1")


@pytest.mark.parametrize("content", [b'{"a": {"b": 1}}\n', b'{\n "a": {\n  "b": 1\n }\n}'])
def test_an_object_is_one_record(tmp_path: Path, content: bytes) -> None:
    assert read(tmp_path, "a.json", content) == [Record({"a": {"b": 1}}, Locator(offset=0))]


@pytest.mark.parametrize(("name", "template"), [("a.json", b"[%s]"), ("a.jsonl", b"%s"), ("b.json", b"%s")])
def test_large_integers_keep_every_digit_and_fractions_are_floats(tmp_path: Path, name: str, template: bytes) -> None:
    parts = read(tmp_path, name, template % b'{"id": 123456789012345678901234567890, "x": -1.25}')
    (value,) = values(parts)
    assert value == {"id": 123456789012345678901234567890, "x": -1.25}
    assert type(value["x"]) is float


def test_a_bad_line_costs_only_itself(tmp_path: Path) -> None:
    parts = read(tmp_path, "a.jsonl", b'{"a":1}\n{"a":\nnot json\n{"a":NaN}\n{"a":"\xff"}\n{"a":2}')
    assert values(parts) == [{"a": 1}, {"a": 2}]
    assert [fault.locator.line for fault in faults(parts)] == [2, 3, 4, 5]
    assert all("not valid JSON" in fault.reason for fault in faults(parts))


def test_an_ndjson_file_named_json_may_begin_with_a_bad_line(tmp_path: Path) -> None:
    parts = read(tmp_path, "a.json", b'{"a":\n{"a":2}\n')
    assert values(parts) == [{"a": 2}]
    assert [fault.locator.line for fault in faults(parts)] == [1]


def test_a_log_line_before_the_first_record_costs_only_itself(tmp_path: Path) -> None:
    parts = read(tmp_path, "a.jsonl", b'[INFO] starting\n{"a":1}\n')
    assert values(parts) == [{"a": 1}]


def test_an_ndjson_file_named_json_may_begin_with_several_lines_of_a_log(tmp_path: Path) -> None:
    parts = read(tmp_path, "a.json", b'starting\n2025-11-01 INFO go\nready\n{"a":1}\n{"a":2}\n')
    assert values(parts) == [{"a": 1}, {"a": 2}]
    assert [fault.locator.line for fault in faults(parts)] == [1, 2, 3]


@given(bad=st.lists(st.binary(max_size=12).map(lambda line: line.replace(b"\n", b"")), max_size=3))
@example(bad=[b"\xff\xfe{"])
@example(bad=[b"\xfe\xff", b"{"])
@example(bad=[b"{\0", b"\0{"])
@example(bad=[b"{"])
@example(bad=[b"{", b"\0"])
@example(bad=[b"a = ["])
@example(bad=[b"PK\x03\x04"])
@example(bad=[b"PK\x03\x04", b""])
@example(bad=[b"\x1f\x8b\x08"])
@example(bad=[b"\xfd7zXZ\0"])
@example(bad=[b"[" * 3000])
def test_bad_first_lines_of_an_ndjson_file_cost_only_themselves(
    tmp_path_factory: pytest.TempPathFactory, bad: list[bytes]
) -> None:
    bad = [line for line in bad if line.strip() != b"["]  # opens an array of several lines
    shown = [line.strip() for line in bad if line.strip()]
    assume(
        shown[:1] != [b"{"] or not shown[1:2] or not shown[1].startswith((b'"', b"}"))
    )  # a document of several lines
    records = [{"id": number} for number in range(3)]
    content = b"\n".join([*bad, *(json.dumps(record).encode() for record in records)])
    parts = read(tmp_path_factory.mktemp("export"), "a.ndjson", content)
    assert [value for value in values(parts) if isinstance(value, dict)][-3:] == records


def test_a_bad_item_costs_only_itself(tmp_path: Path) -> None:
    parts = read(tmp_path, "a.json", b'[{"a":1}, {"a":NaN}, NaN, {"a":"\\ud800"}, "x,y", {"a":2}]')
    assert values(parts) == [{"a": 1}, {"a": "\ud800"}, "x,y", {"a": 2}]
    assert [fault.locator.pointer for fault in faults(parts)] == ["/1", "/2"]
    assert parts[-1].locator.pointer == "/5"


@pytest.mark.parametrize("cut", [1, 5, 30])
def test_a_truncated_array_keeps_all_items_before_the_break(tmp_path: Path, cut: int) -> None:
    whole = b'[{"a":1},{"a":2},{"a":"' + b"x" * 40 + b'"}]'
    parts = read(tmp_path, "a.json", whole[:-cut])
    assert values(parts)[:2] == [{"a": 1}, {"a": 2}]
    (fault,) = faults(parts)
    assert fault is parts[-1]
    assert fault.locator.pointer == f"/{len(parts) - 1}"
    assert f"ends at byte {len(whole) - cut}" in fault.reason


@pytest.mark.parametrize("content", [b'[{"a":1}] [{"a":2}]', b'[{"a":1}}, {"a":2}]'])
def test_what_follows_a_broken_array_is_named_not_read(tmp_path: Path, content: bytes) -> None:
    parts = read(tmp_path, "a.json", content)
    assert values(parts) == [{"a": 1}]
    assert "not read" in faults(parts)[0].reason


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("a.json", b"", "empty"),
        ("a.jsonl", b" \n\n", "empty"),
        ("a.json", b"\xef\xbb\xbf", "empty"),
        ("a.json.gz", b"", "empty"),
        ("a.json", b"<html><body>", "none of what is read"),
        ("a.js", b"alert('x')", "none of what is read"),
        ("a.json", b'{"a": [1, 2', "not valid JSON"),
        ("a.json.gz", b"no gzip", "none of what is read"),
        ("a.json", b"[" * 100_000, "closing bracket"),
        ("a.json", b"[" * 100_000 + b"]" * 100_000, "depth"),
        ("a.json", b'{"a":' * 100_000, "not valid JSON"),
        ("a.json", b'{"a":' * 250 + b"1" + b"}" * 250, "deeper than 200"),
        ("a.jsonl", b'{"a":' * 5000 + b"1" + b"}" * 5000, "depth"),
        ("a.jsonl", b'{"a":' + b"9" * 6000 + b"}", "not valid JSON"),
        ("a.json", b'{"a": 1e999}', "not valid JSON"),
    ],
)
def test_unusable_files_are_one_fault_with_a_reason(tmp_path: Path, name: str, content: bytes, reason: str) -> None:
    (part,) = read(tmp_path, name, content)
    assert isinstance(part, Fault)
    assert reason in part.reason


@pytest.mark.parametrize("name", ["a.jsonl.gz", "a.json.gz"])
def test_what_was_decompressed_before_the_damage_is_kept(tmp_path: Path, name: str) -> None:
    rows = [json.dumps({"id": number, "noise": str(hash((number, "noise")))}) for number in range(60_000)]
    text = "\n".join(rows) if "jsonl" in name else "[" + ",".join(rows) + "]"
    parts = read(tmp_path, name, gzip.compress(text.encode())[:-2000])
    kept = values(parts)
    assert [row["id"] for row in kept] == list(range(len(kept)))
    assert len(kept) > 50_000
    assert "the compressed data is damaged" in faults(parts)[-1].reason


def test_chunks_may_end_anywhere() -> None:
    for size in (1, 2, 3, 7):
        chunks = [ARRAY[at : at + size] for at in range(0, len(ARRAY), size)]
        assert values(list(read_array(iter(chunks)))) == ROWS
        chunks = [LINES[at : at + size] for at in range(0, len(LINES), size)]
        assert values(list(read_lines(iter(chunks)))) == ROWS


def test_records_beyond_the_limit_are_faults() -> None:
    long = b'{"a":"' + b"x" * 5000 + b'"}'
    chunked = [(long + b'\n{"a":1}\n' + long)[at : at + 700] for at in range(0, 10_100, 700)]
    parts = list(read_lines(iter(chunked), max_bytes=1000))
    assert [type(part) for part in parts] == [Fault, Record, Fault]
    assert [part.locator.line for part in parts] == [1, 2, 3]
    assert "longer than 1000" in faults(list(read_object(iter([long]), max_bytes=1000)))[0].reason
    array = iter([b'[{"a":1},', long[:2000], long[2000:]])
    assert [type(part) for part in read_array(array, max_bytes=1000)] == [Record, Fault]


@pytest.mark.parametrize("name", ["a.json", "a.jsonl"])
def test_memory_does_not_grow_with_the_file(tmp_path: Path, name: str) -> None:
    def peak(count: int) -> int:
        rows = (json.dumps({"id": number, "text": "x" * 400}) for number in range(count))
        text = "\n".join(rows) if name == "a.jsonl" else "[" + ",".join(rows) + "]"
        (tmp_path / name).write_text(text)
        del text
        tracemalloc.start()
        assert sum(1 for _ in read_export(tmp_path / name)) == count
        _, highest = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return highest

    assert peak(20_000) < 1.5 * peak(4_000)


def test_a_file_that_is_not_there_is_the_callers_error(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="absent"):
        list(read_export(tmp_path / "absent.json"))


@pytest.mark.parametrize(
    "name",
    [
        *("a.csv", "a.json", "a.JSON", "a.jsonl.gz", "a.ndjson", "tweets.js", "b.json.GZ", "c.json.xz"),
        *("a.zip", "b.tar", "c.TAR.gz", "c.tar.xz", "d.tgz", "d.txz"),
    ],
)
def test_export_files_are_known_by_name(name: str) -> None:
    assert is_export_file(Path(name))


@pytest.mark.parametrize("name", ["a.jpg", "a.gz", "a.json.part", "json", "a.zip.gz", "a.tgz.gz"])
def test_other_files_are_not_exports(name: str) -> None:
    assert not is_export_file(Path(name))
