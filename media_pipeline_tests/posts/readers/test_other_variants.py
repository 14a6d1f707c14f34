"""HTML and TXT variants of official exports are told what to ask for instead."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest

from media_pipeline.model import Fault, Record
from media_pipeline.posts.readers import read_export

META = b"<html><head><title>Posts</title></head><body class='_5vb_'><div class='pam _3-95 _a6-g'>"
TXT = b"Date: 2026-04-02 08:01:00 UTC\nLink: https://video-my.tiktokv.com/storage/v1/x\nLike(s): 3\n\n"


def said(path: Path) -> str:
    (fault,) = read_export(path)
    assert isinstance(fault, Fault)
    return fault.reason


@pytest.mark.parametrize(
    ("member", "named", "ticked"),
    [
        ("ig/your_instagram_activity/media/posts_1.html", "Instagram's export as HTML", "JSON as the format"),
        ("content/stories.html", "Instagram's export as HTML", "JSON as the format"),
        ("your_facebook_activity/posts/your_posts_1.html", "Facebook's", "JSON as the format"),
        ("fb/posts/album/0.html", "Facebook's", "JSON as the format"),
        ("ChatExport_2026-01-01/messages.html", "Telegram Desktop's export as HTML", "Machine-readable JSON"),
        ("Takeout/YouTube and YouTube Music/history/watch-history.html", "Google Takeout as HTML", "as JSON"),
        ("TikTok/Posts/Posts.txt", "TikTok's export as TXT", "JSON as the file format"),
        ("Video Browsing History.txt", "TikTok's export as TXT", "JSON as the file format"),
    ],
)
def test_an_archive_of_another_variant_is_answered_with_what_to_tick(
    tmp_path: Path, member: str, named: str, ticked: str
) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr(member, "x")
        archive.writestr("media/posts/1.jpg", "x")
    assert named in said(tmp_path / "a.zip")
    assert ticked in said(tmp_path / "a.zip")


@pytest.mark.parametrize(
    ("name", "content", "named"),
    [
        ("posts_1.html", META + b"<a href='https://www.instagram.com/x'>", "Instagram's export as HTML"),
        ("posts_1.json", META, "Facebook's (or Instagram's) export as HTML"),
        ("content/posts_1.html", b"<!DOCTYPE html><html>", "Instagram's export as HTML"),
        ("a", b"<!DOCTYPE html>\n<html><head><title>Exported Data</title>", "Telegram Desktop's"),
        ("b", b"<html><body><div class='outer-cell mdl-cell'>", "Google Takeout"),
        ("user_data.json", TXT, "TikTok's export as TXT"),
        ("a.html", b"<html><body>hello", "which is none of what is read: a zip or tar"),
        ("a.html", b"<html><body>hello", "HTML or as JSON, choose JSON"),
    ],
)
def test_a_text_of_another_variant_is_told_by_its_bytes_and_path(
    tmp_path: Path, name: str, content: bytes, named: str
) -> None:
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)
    assert named in said(path)


def test_pages_beside_posts_that_are_read_are_nothing_to_speak_of(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("your_instagram_activity/media/posts_1.json", json.dumps([{"id": 1}]))
        archive.writestr("your_instagram_activity/media/posts_1.html", "x")
    assert all(isinstance(part, Record) for part in read_export(tmp_path / "a.zip"))


def test_another_variant_beside_other_exports_is_named_after_them(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("scraped.json", json.dumps([{"id": 1}]))
        archive.writestr("your_instagram_activity/media/posts_1.html", "x")
    record, fault = read_export(tmp_path / "a.zip")
    assert isinstance(record, Record)
    assert "Instagram's export as HTML" in str(fault)
