"""Which answers are final for a URL, how long they count, and for which references."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from media_pipeline.model import Status
from media_pipeline.policy.decided import ANSWERS_COUNT, DIGITS, do_answers_count, verdict_part, word_of
from media_pipeline.policy.final_answers import FINAL_KINDS, SETTINGS, FinalAnswer, counts
from media_pipeline.policy.reasons import SETTINGS_OF, reason_of

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def test_no_answer_is_final_that_may_be_of_the_moment() -> None:
    assert {kind for kind in FINAL_KINDS if kind.startswith("http_")} == {"http_404", "http_410"}


def test_a_final_answer_hangs_on_every_setting_that_its_verdict_hangs_on() -> None:
    for kind, status in FINAL_KINDS.items():
        assert set(SETTINGS_OF[reason_of(kind, status)]) <= set(SETTINGS), kind


@pytest.mark.parametrize(
    ("age", "recheck_days", "does_count"),
    [(0, 90, True), (89, 90, True), (90, 90, False), (9000, 0, True), (-1, 90, False), (-1, 0, False)],
)
def test_an_answer_counts_until_its_days_have_passed(age: int, recheck_days: float, does_count: bool) -> None:
    answer = FinalAnswer("http_404", NOW - timedelta(days=age))
    assert counts(answer, recheck_days, NOW) is does_count


@pytest.mark.parametrize("status", list(Status))
def test_answers_count_where_only_a_url_is_new_and_the_settings_are_the_same(status: Status) -> None:
    then, now, changed = word_of("a" * 64, "b" * 64), word_of("c" * 64, "b" * 64), word_of("a" * 64, "d" * 64)
    assert do_answers_count(status, then, now) is (status in ANSWERS_COUNT)
    assert not do_answers_count(status, then, changed)
    assert not do_answers_count(status, None, now)
    assert (verdict_part(then), len(then)) == ("a" * DIGITS, 2 * DIGITS)
