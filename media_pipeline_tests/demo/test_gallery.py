"""The page of any catalogue: what posts say is text, and only web addresses are links."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from media_pipeline.catalog import imports, manifests, posts
from media_pipeline.catalog.database import Database
from media_pipeline.catalog.manifests import Manifest
from media_pipeline.demo.gallery import write_gallery
from media_pipeline.model import Candidate, ImportPartition, Locator, MediaRef, MediaType, Post, Role
from media_pipeline.settings import load_settings

IMPORT_ID = "a" * 64


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    with closing(Database.open(load_settings(_env_file=None, media_storage_path=tmp_path))) as opened:
        with opened.write() as connection:
            partition = ImportPartition(date(2026, 1, 2), "twitter")
            imports.begin(connection, IMPORT_ID, "twitter/2026-01-02/a.json", partition, 1, 1)
        yield opened


def add_post(database: Database, number: int, **facts: Any) -> None:
    post = Post(platform="twitter", native_id=str(number), raw={"id": number}, locator=Locator(line=1), **facts)
    ref = MediaRef(0, MediaType.IMAGE, (Candidate(f"https://pbs.twimg.com/media/{number}.jpg"),), alt_text='"><script>')
    with database.write() as connection:
        posts.upsert(connection, [post], IMPORT_ID, date(2026, 1, 2))
        manifest = Manifest(post.post_id, "twitter", post.native_id, IMPORT_ID, [ref])
        manifests.save(connection, [manifest], [Role.MEDIA])


def page_of(database: Database, folder: Path, **options: int) -> str:
    page = folder / "page.html"
    write_gallery(database, folder, page, "Pictures & <posts>", **options)
    return page.read_text(encoding="utf-8")


def test_markup_in_a_post_is_shown_and_not_obeyed(database: Database, tmp_path: Path):
    hostile = '<img src=x onerror="alert(1)">'
    add_post(database, 1, text=hostile, author_name=hostile, author_handle=hostile)
    page = page_of(database, tmp_path)
    assert "<img src=x" not in page
    assert "&lt;img src=x onerror=&quot;alert(1)&quot;&gt;" in page
    assert "<script>" not in page
    assert "<title>Pictures &amp; &lt;posts&gt;</title>" in page


def test_only_addresses_of_the_web_become_links(database: Database, tmp_path: Path):
    add_post(database, 1, url="javascript:alert(1)")
    add_post(database, 2, url="https://x.com/i/status/2")
    page = page_of(database, tmp_path)
    assert "javascript:" not in page
    assert '<a href="https://x.com/i/status/2">post</a>' in page


def test_media_stand_by_month_and_those_without_a_date_are_shown_too(database: Database, tmp_path: Path):
    add_post(database, 1, posted_at=datetime(2026, 5, 1, tzinfo=UTC), text="one")
    add_post(database, 2, posted_at=datetime(2026, 5, 9, tzinfo=UTC), text="two")
    add_post(database, 3, text="three")
    page = page_of(database, tmp_path)
    assert page.count("<h2>May 2026</h2>") == 1
    assert page.count("<h2>Without a date</h2>") == 1


def test_a_page_shows_no_more_than_it_is_told(database: Database, tmp_path: Path):
    for number in range(5):
        add_post(database, number)
    assert page_of(database, tmp_path, limit=3).count("<figure") == 3


def test_an_empty_catalogue_gives_a_page_too(database: Database, tmp_path: Path):
    assert "<b>0</b>posts" in page_of(database, tmp_path)
