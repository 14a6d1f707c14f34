"""When a URL counts as expired."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from media_pipeline.policy.expiry import end_of, is_over
from media_pipeline.policy.templates import addresses_of

NOW = datetime(2025, 11, 1, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)


@pytest.mark.parametrize(
    ("url_says", "export_says", "end"),
    [(NOW, LATER, NOW), (LATER, NOW, LATER), (None, LATER, LATER), (NOW, None, NOW), (None, None, None)],
)
def test_the_signature_of_a_url_wins_over_what_its_export_says(
    url_says: datetime | None, export_says: datetime | None, end: datetime | None
) -> None:
    assert end_of(url_says, export_says) == end


@pytest.mark.parametrize(("end", "over"), [(NOW, True), (NOW - timedelta(1), True), (LATER, False), (None, False)])
def test_a_url_is_expired_from_the_moment_that_it_names(end: datetime | None, over: bool) -> None:
    assert is_over(end, NOW) is over


def test_a_url_is_asked_for_under_every_template_in_order() -> None:
    templates = ("http://mirror/{url}", "{url}")
    assert addresses_of("http://a/1?x={url}", templates) == ["http://mirror/http://a/1?x={url}", "http://a/1?x={url}"]
