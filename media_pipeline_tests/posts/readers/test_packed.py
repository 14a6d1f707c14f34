"""Exports in zips, in UTF-16 and in Zeeschuimer's wrapping, sound, damaged and hostile."""

from __future__ import annotations

import gzip
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from media_pipeline.model import Fault, Locator, Record
from media_pipeline.posts.readers import compression, read_export

ROWS = [{"id": 1, "t": "a"}, {"id": 2, "e": "日本🙂"}]
TEXT = json.dumps(ROWS, ensure_ascii=False)
LINES = "\n".join(json.dumps(row, ensure_ascii=False) for row in ROWS)


def zipped(path: Path, **members: str | bytes) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def read(path: Path, content: bytes | None = None) -> list[Record | Fault]:
    if content is not None:
        path.write_bytes(content)
    return list(read_export(path))


def values(parts: list[Record | Fault]) -> list[Any]:
    return [part.value for part in parts if isinstance(part, Record)]


def faults(parts: list[Record | Fault]) -> list[Fault]:
    return [part for part in parts if isinstance(part, Fault)]


def test_every_export_in_a_zip_is_read_and_located_by_its_name(tmp_path: Path) -> None:
    members = {"a/one.json": TEXT, "two.ndjson": LINES, "three.json.gz": gzip.compress(TEXT.encode()), "notes.txt": "x"}
    parts = read(zipped(tmp_path / "all.zip", **members))
    assert values(parts) == ROWS * 3
    assert [str(part.locator) for part in parts[:3]] == [
        "a/one.json: offset 0#/0",
        "a/one.json: offset 0#/1",
        "two.ndjson: line 1#",
    ]
    assert not faults(parts)


def test_of_an_x_archive_only_the_posts_are_read(tmp_path: Path) -> None:
    members = {
        "data/account.js": 'window.YTD.account.part0 = [{"account": {"username": "ida"}}]',
        "data/like.js": 'window.YTD.like.part0 = [{"like": {}}]',
        "data/tweets.js": f"window.YTD.tweets.part0 = {TEXT}",
        "data/tweets-part1.js": f"window.YTD.tweets.part1 = {TEXT}",
        "data/tweets_media/1-a.jpg": "bytes",
    }
    parts = read(zipped(tmp_path / "twitter.zip", **members))
    assert values(parts) == ROWS * 2
    assert {str(part.owner) for part in parts if isinstance(part, Record)} == {"{'username': 'ida'}"}


def test_a_zip_without_an_export_says_so(tmp_path: Path) -> None:
    (fault,) = read(zipped(tmp_path / "a.zip", **{"a.txt": "x", "__MACOSX/._a.json": "x"}))
    assert isinstance(fault, Fault)
    assert "holds no export" in fault.reason


@pytest.mark.parametrize("name", ["a.zip", "a.tar", "a.json", "a"])
def test_what_is_no_format_is_a_fault_that_says_what_was_looked_for(tmp_path: Path, name: str) -> None:
    (fault,) = read(tmp_path / name, b"nothing of the kind")
    assert isinstance(fault, Fault)
    assert "begins with 'nothing of the kind', which is none of what is read: a zip or tar, JSON" in fault.reason


def test_one_damaged_file_of_a_zip_costs_only_itself(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("bad.json", TEXT)
        archive.writestr("good.json", TEXT)
    content = (tmp_path / "a.zip").read_bytes()
    parts = read(tmp_path / "a.zip", content.replace(b'"t": "a"', b'"t": "X"', 1))
    assert [fault.locator.member for fault in faults(parts)] == ["bad.json"]
    assert values(parts)[-2:] == ROWS


def test_an_encrypted_file_is_named(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", **{"a.json": TEXT})
    content = bytearray(path.read_bytes())
    for signature, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.find(signature) + flags] |= 1
    (fault,) = read(path, bytes(content))
    assert isinstance(fault, Fault)
    assert "encrypted" in fault.reason


@pytest.mark.parametrize("name", ["bomb.zip", "bomb.ndjson.gz"])
def test_a_bomb_is_not_read_to_its_end_and_what_came_before_is_kept(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compression, "EXPANSION_LOOKED_AT_FROM", 1 << 20)
    bomb = b'{"id": 1}\n' + b"0" * (40 << 20) + b'\n{"id": 2}\n'
    path = tmp_path / name
    if name.endswith(".zip"):
        zipped(path, **{"bomb.ndjson": bomb})
    else:
        path.write_bytes(gzip.compress(bomb))
    parts = read(path)
    assert values(parts) == [{"id": 1}]
    assert "grew to more than" in faults(parts)[-1].reason


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize(("name", "text"), [("a.json", TEXT), ("a.ndjson", LINES), ("t.js", f"window.a.b = {TEXT}")])
def test_utf_16_is_read_with_and_without_its_mark(tmp_path: Path, name: str, text: str, encoding: str) -> None:
    parts = read(tmp_path / name, text.encode(encoding))
    assert values(parts) == ROWS
    assert not faults(parts)


def test_half_an_emoji_costs_nothing(tmp_path: Path) -> None:
    text = '{"id": 1}\n{"t": "\ud800"}\n{"id": 3}\n'
    parts = read(tmp_path / "a.ndjson", b"\xff\xfe" + text.encode("utf-16-le", "surrogatepass"))
    assert values(parts) == [{"id": 1}, {"t": "\ud800"}, {"id": 3}]
    assert not faults(parts)


def test_zeeschuimers_wrapping_is_taken_off_and_names_the_platform(tmp_path: Path) -> None:
    line = {"item_id": "1", "source_platform": "tiktok.com", "timestamp_collected": 1, "data": {"id": "1"}, "nav": 0}
    (record,) = read(tmp_path / "a.ndjson", json.dumps(line).encode())
    assert record == Record({"id": "1"}, Locator(line=1, pointer="/data"), "tiktok.com", collected_at=1)
