"""Small exports of single URLs."""

from __future__ import annotations

from typing import Any

from media_pipeline.posts.platforms.url import record_of

ALL: list[Any] = [record_of("https://x.test/a.jpg"), record_of("ftp://x.test/b")]
