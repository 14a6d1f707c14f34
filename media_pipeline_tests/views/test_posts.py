"""The words for what is known of posts and their media."""

from __future__ import annotations

import pytest

from media_pipeline.views.posts import bytes_text


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1 kB"),
        (312_400, "312 kB"),
        (999_499, "999 kB"),
        (999_500, "1.0 MB"),
        (12_345_678, "12.3 MB"),
        (999_960_000, "1.0 GB"),
        (5e12, "5.0 TB"),
        (5e15, "5,000.0 TB"),
    ],
)
def test_bytes_are_read_in_the_unit_that_leaves_the_fewest_digits(count: float, text: str) -> None:
    assert bytes_text(count) == text
