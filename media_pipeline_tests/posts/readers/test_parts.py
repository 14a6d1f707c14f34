"""Exports in several archives, by their names."""

from __future__ import annotations

import pytest

from media_pipeline.posts.readers.parts import family_of


@pytest.mark.parametrize(
    ("one", "other", "are_parts"),
    [
        ("instagram-ann-2026-11-01-AbCd-1.zip", "instagram-ann-2026-11-01-AbCd-2.zip", True),
        ("mydata~1700000000.zip", "mydata~1700000000-2.zip", True),
        ("takeout-20260101T000000Z-001.zip", "takeout-20260101T000000Z-002.tgz", True),
        ("facebook-ann_part1.zip", "facebook-ann_part12.zip", True),
        ("Facebook-ann 1 of 3.ZIP", "facebook-ann 3 of 3.zip", True),
        ("a.tar.gz", "a-2.tar.xz", True),
        ("instagram-ann-2026-11-01.zip", "instagram-ann-2026-11-02.zip", False),
        ("instagram-ann-2026-11-01-AbCd.zip", "instagram-bob-2026-11-01-AbCd.zip", False),
        ("takeout-20260101T000000Z-001.zip", "takeout-20260201T000000Z-002.zip", False),
        ("1.zip", "2.zip", False),
    ],
)
def test_the_archives_of_one_export_have_their_names_in_common(one: str, other: str, are_parts: bool):
    assert (family_of(one) == family_of(other)) is are_parts
    assert family_of(f"instagram/2026-11-01/{one}") == family_of(one)


def test_only_archives_are_parts():
    assert [family_of(name) for name in ("posts_1.json", "posts_2.json", "zip", "a.zip.part", "")] == [None] * 5
