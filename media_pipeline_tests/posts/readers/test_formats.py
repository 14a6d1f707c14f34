"""Formats are told by their bytes: tars, gzip and xz, under any name, sound, damaged and hostile."""

from __future__ import annotations

import contextlib
import gzip
import io
import json
import lzma
import tarfile
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from media_pipeline.model import Fault, Record
from media_pipeline.posts.local_media import media_beside
from media_pipeline.posts.readers import compression, read_export
from media_pipeline.posts.readers.archive import UNREADABLE
from media_pipeline.posts.readers.archive_parts import copy_members, labels_in_archive
from media_pipeline.posts.readers.archives import open_archive, suffix_of, text_of_member
from media_pipeline.posts.readers.compression import DamagedExport

ROWS = [{"id": 1, "t": "a"}, {"id": 2, "e": "日本🙂"}]
TEXT = json.dumps(ROWS, ensure_ascii=False).encode()
PACKINGS: Mapping[str, Callable[[bytes], bytes]] = {"plain": bytes, "gzip": gzip.compress, "xz": lzma.compress}


def tarred(*members: tuple[str | tarfile.TarInfo, bytes], form: int = tarfile.PAX_FORMAT) -> bytes:
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w", format=form) as tar:
        for member, content in members:
            info = tarfile.TarInfo(member) if isinstance(member, str) else member
            info.size = len(content) if info.isreg() else 0
            tar.addfile(info, io.BytesIO(content))
    return target.getvalue()


def zipped(**members: bytes) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return target.getvalue()


def special(name: str, kind: bytes, leads_to: str = "") -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, leads_to
    return info


def read(folder: Path, content: bytes, name: str = "export") -> list[Record | Fault]:
    path = folder / name
    path.write_bytes(content)
    return list(read_export(path))


def values(parts: list[Record | Fault]) -> list[Any]:
    return [part.value for part in parts if isinstance(part, Record)]


def faults(parts: list[Record | Fault]) -> list[str]:
    return [str(part) for part in parts if isinstance(part, Fault)]


@pytest.mark.parametrize("name", ["export", "export.json", "export.zip", "export.tar", "export.json.gz", "export.jpg"])
@pytest.mark.parametrize(
    ("packing", "format_name"),
    [*((packing, form) for packing in PACKINGS for form in ("json", "tar")), ("plain", "zip")],
)
def test_a_format_is_told_by_its_bytes_whatever_the_name(
    tmp_path: Path, name: str, packing: str, format_name: str
) -> None:
    content = {"json": TEXT, "tar": tarred(("a.json", TEXT)), "zip": zipped(**{"a.json": TEXT})}[format_name]
    parts = read(tmp_path, PACKINGS[packing](content), name)
    assert values(parts) == ROWS
    assert {part.locator.member for part in parts} == {None if format_name == "json" else "a.json"}


@pytest.mark.parametrize("form", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
@pytest.mark.parametrize("packing", PACKINGS)
def test_files_of_a_tar_of_any_kind_are_found_by_name_and_read_in_any_order(
    tmp_path: Path, form: int, packing: str
) -> None:
    long_name = f"./{'deep/' * 17}b.json"
    members = [("./a.json", TEXT), (long_name, TEXT), ("c.json.xz", lzma.compress(TEXT)), ("c.txt", b"x")]
    path = tmp_path / "a"
    path.write_bytes(PACKINGS[packing](tarred(*members, form=form)))
    parts = list(read_export(path))
    assert values(parts) == ROWS * 3
    assert not faults(parts)
    labels = [part.locator.member or "" for part in parts[::2]]
    assert labels == ["a.json", long_name.removeprefix("./"), "c.json.xz"]
    with open_archive(path) as archive:
        assert archive
        for label in (*labels[:2], "c.txt", *labels[:2]):
            assert archive.open(label).read() == (b"x" if label == "c.txt" else TEXT)
    assert b"".join(text_of_member(path, labels[1])) == TEXT


def test_the_posts_of_an_official_export_are_read_from_a_tar_with_their_owner(tmp_path: Path) -> None:
    actor = json.dumps({"id": "https://m.example/users/ida", "preferredUsername": "ida"}).encode()
    content = tarred(("x/outbox.json", TEXT), ("x/likes.json", TEXT), ("x/actor.json", actor))
    parts = read(tmp_path, gzip.compress(content))
    assert values(parts) == ROWS
    assert [part.owner for part in parts if isinstance(part, Record)] == [json.loads(actor)] * 2


@pytest.mark.parametrize(
    ("member", "why"),
    [
        (special("a.json", tarfile.SYMTYPE, "/etc/passwd"), "it is a link"),
        (special("a.json", tarfile.LNKTYPE, "good.json"), "it is a link"),
        (special("a.json", tarfile.CHRTYPE), "it is no plain file"),
        (special("a.json", tarfile.FIFOTYPE), "it is no plain file"),
        (tarfile.TarInfo("/etc/a.json"), "its path leads out"),
        (tarfile.TarInfo("../../a.json"), "its path leads out"),
    ],
)
def test_what_is_no_plain_file_inside_a_tar_is_never_opened_and_costs_itself(
    tmp_path: Path, member: tarfile.TarInfo, why: str
) -> None:
    parts = read(tmp_path, tarred((member, b"[]"), ("good.json", TEXT)))
    assert values(parts) == ROWS
    (fault,) = faults(parts)
    assert why in fault
    assert labels_in_archive(tmp_path / "export") == ["good.json"]


def test_two_files_of_one_name_in_a_tar_are_both_read_and_told_apart(tmp_path: Path) -> None:
    parts = read(tmp_path, tarred(("a.json", TEXT), ("a.json", TEXT)))
    assert values(parts) == ROWS * 2
    assert {part.locator.member for part in parts} == {"a.json", "a.json (2)"}


@pytest.mark.parametrize("packing", PACKINGS)
@pytest.mark.parametrize("at", ["in the second file", "in its header", "before the end mark"])
def test_a_tar_that_breaks_off_keeps_what_came_before_and_says_so(tmp_path: Path, packing: str, at: str) -> None:
    whole = tarred(("a.json", TEXT), ("b.json", TEXT), form=tarfile.USTAR_FORMAT)
    end = {"in the second file": 1550, "in its header": 1100, "before the end mark": 2048}[at]
    packed = PACKINGS[packing](whole[:end])
    parts = read(tmp_path, packed)
    assert values(parts)[:2] == ROWS
    assert any("breaks off" in fault for fault in faults(parts))


@pytest.mark.parametrize("packing", ["gzip", "xz"])
def test_a_compressed_tar_whose_end_is_missing_keeps_its_first_files(tmp_path: Path, packing: str) -> None:
    noise = bytes(hash((n, "noise")) % 256 for n in range(400_000))
    packed = PACKINGS[packing](tarred(("a.json", TEXT), ("b.jpg", noise), ("c.json", TEXT)))
    parts = read(tmp_path, packed[: len(packed) // 2])
    if packing == "gzip":
        assert values(parts) == ROWS
    assert any("ended before" in fault or "ends before" in fault for fault in faults(parts))


def test_a_broken_header_inside_a_tar_is_named_and_not_taken_for_its_end(tmp_path: Path) -> None:
    content = bytearray(tarred(("a.json", TEXT), ("b.json", TEXT), form=tarfile.USTAR_FORMAT))
    content[1024 + 20] ^= 1
    parts = read(tmp_path, bytes(content))
    assert values(parts) == ROWS
    assert any("no end mark where its files end" in fault for fault in faults(parts))


def test_a_tar_without_an_export_says_so(tmp_path: Path) -> None:
    (fault,) = faults(read(tmp_path, tarred(("a.txt", b"x"), ("._a.json", b"x"))))
    assert "the tar holds no export" in fault


def _pax(body: bytes) -> bytes:
    header = special("x", tarfile.XHDTYPE)
    header.size = len(body)
    block = header.tobuf(tarfile.USTAR_FORMAT)
    return block + body + b"\0" * (-len(body) % 512) + tarred(("a.json", TEXT), form=tarfile.USTAR_FORMAT)


@pytest.mark.parametrize(
    "content",
    [
        _pax(b"9" * (1 << 19)),
        _pax(b"20 path=" + b"x" * (2 << 20)),
        _pax(b"19 size=-99999999\n"),
        _pax(b"11 size=-1\n"),
        _pax(b"33 size=9999999999999999999999999\n"),
        _pax(b"13 mtime=nan\n"),
        _pax(b"28 GNU.sparse.size=99999999\n" + b"22 GNU.sparse.major=1\n22 GNU.sparse.minor=0\n"),
        b"".join(special("././@LongLink", tarfile.GNUTYPE_LONGNAME).tobuf() for _ in range(3000)),
    ],
    ids=["digits", "long", "backwards", "minus one", "endless", "no time", "sparse", "nested"],
)
def test_a_hostile_header_costs_its_tar_and_no_more(tmp_path: Path, content: bytes) -> None:
    parts = read(tmp_path, gzip.compress(content))
    assert values(parts) == ROWS or faults(parts)


@given(data=st.data())
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_damage_makes_a_tar_s_reading_raise(tmp_path: Path, data: st.DataObject) -> None:
    content = bytearray(tarred(("a.json", TEXT), ("deep/" * 40 + "b.json", TEXT), ("m/a.jpg", b"x" * 600)))
    for _ in range(data.draw(st.integers(1, 6))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    if data.draw(st.booleans()):
        # With right sums the damage counts.
        for at in range(0, len(content), 512):
            if bytes(content[at + 257 : at + 262]) == b"ustar":
                content[at + 148 : at + 156] = b" " * 8
                content[at + 148 : at + 156] = b"%06o\0 " % sum(content[at : at + 512])
    packed = PACKINGS[data.draw(st.sampled_from(sorted(PACKINGS)))](bytes(content))
    assert all(isinstance(part, Record | Fault) for part in read(tmp_path, packed))
    with media_beside(tmp_path / "export") as beside:
        for paths in beside.names.values():
            for path in beside.in_order(paths):
                with contextlib.suppress(*UNREADABLE), beside.open(path) as file:
                    file.read()


@pytest.mark.parametrize("packing", ["gzip", "xz"])
@pytest.mark.parametrize("inside", ["text", "tar"])
def test_a_bomb_of_any_packing_is_not_read_to_its_end(
    tmp_path: Path, packing: str, inside: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compression, "EXPANSION_LOOKED_AT_FROM", 1 << 20)
    bomb = b'{"id": 1}\n' + b"0" * (40 << 20) + b'\n{"id": 2}\n'
    content = bomb if inside == "text" else tarred(("a.ndjson", b'{"id": 1}\n'), ("b.ndjson", bomb))
    parts = read(tmp_path, PACKINGS[packing](content), "a.ndjson")
    assert {"id": 1} in values(parts)
    assert {"id": 2} not in values(parts)
    assert any("grew to more than" in fault for fault in faults(parts))


def test_an_xz_file_may_have_several_streams_and_padding(tmp_path: Path) -> None:
    content = lzma.compress(TEXT[:10]) + b"\0" * 8 + lzma.compress(TEXT[10:]) + b"\0" * 4
    assert values(read(tmp_path, content)) == ROWS


def test_an_xz_file_that_wants_gigabytes_of_memory_is_not_unpacked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compression, "MOST_XZ_MEMORY", 1 << 16)
    (fault,) = faults(read(tmp_path, lzma.compress(TEXT)))
    assert "damaged after 0 bytes" in fault


@pytest.mark.parametrize("cut", [5, 20, 1000])
def test_what_xz_gave_before_its_damage_is_kept(tmp_path: Path, cut: int) -> None:
    lines = b"".join(b'{"id": %d, "n": "%d"}\n' % (n, hash((n, "noise"))) for n in range(40_000))
    parts = read(tmp_path, lzma.compress(lines)[:-cut], "a.ndjson")
    assert [row["id"] for row in values(parts)] == list(range(len(values(parts))))
    assert faults(parts)


@pytest.mark.parametrize("packing", PACKINGS)
def test_files_of_a_tar_are_taken_into_a_zip_of_their_own(tmp_path: Path, packing: str) -> None:
    path, target = tmp_path / "all.tar.gz", io.BytesIO()
    content = tarred(("a.json", TEXT), (special("l.json", tarfile.SYMTYPE, "a.json"), b""), ("m/a.jpg", b"picture"))
    path.write_bytes(PACKINGS[packing](content))
    copy_members(path, labels_in_archive(path), target)
    with zipfile.ZipFile(target) as part:
        assert {name: part.read(name) for name in part.namelist()} == {"a.json": TEXT, "m/a.jpg": b"picture"}
        assert part.comment.startswith(b"taken from all.tar.gz, SHA-256 ")


@pytest.mark.parametrize(
    ("content", "suffix"),
    [
        (TEXT, ".json"),
        (b"\xef\xbb\xbf \n" + TEXT, ".json"),
        (gzip.compress(TEXT), ".json"),
        (tarred(("a", b"")), ".tar"),
        (lzma.compress(tarred(("a", b""))), ".tar"),
        (zipped(a=b""), ".zip"),
        (b"\xff\xd8\xff picture", None),
        (b"plain words", None),
        (b"", None),
    ],
    ids=["json", "json with a mark", "gzip", "tar", "tar in xz", "zip", "jpeg", "words", "nothing"],
)
def test_the_suffix_of_a_nameless_file_is_told_by_its_bytes(tmp_path: Path, content: bytes, suffix: str | None) -> None:
    path = tmp_path / "a"
    path.write_bytes(content)
    assert suffix_of(path) == suffix


def test_a_member_that_is_not_there_is_damage(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(TEXT)
    with pytest.raises(DamagedExport, match=r"holds no b\.json"):
        next(text_of_member(path, "b.json"))
