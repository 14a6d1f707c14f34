"""What times are worth that a wrong clock may have written: rules over values, and the same over columns."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media_pipeline.policy import clocks
from media_pipeline.policy.clocks import CLOCKS_APART
from media_pipeline.policy.retry import LONGEST_WAIT

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
DAY = timedelta(days=1)
TEN_YEARS = 3650 * DAY
TIMES = st.timedeltas(-10 * TEN_YEARS, 10 * TEN_YEARS).map(lambda ago: NOW - ago)


@pytest.mark.parametrize(
    ("until", "written", "is_over"),
    [
        (-DAY, -2 * DAY, True),
        (timedelta(), -DAY, True),
        (DAY, -DAY, False),
        (LONGEST_WAIT, timedelta(), False),
        (LONGEST_WAIT + timedelta(seconds=1), timedelta(), True),
        (TEN_YEARS + DAY, TEN_YEARS, True),
        # A clock that was a day ahead: no wait that is too long, yet written tomorrow.
        (DAY + DAY / 2, DAY, True),
        (DAY, CLOCKS_APART, False),
    ],
)
def test_a_wait_is_over_when_its_time_has_come_or_no_right_clock_can_have_set_it(
    until: timedelta, written: timedelta, is_over: bool
) -> None:
    assert clocks.is_waited_out(NOW + until, NOW + written, NOW, LONGEST_WAIT) is is_over


@pytest.mark.parametrize(
    ("expires", "attempts", "written", "is_too_soon"),
    [
        (-DAY, 0, -DAY, False),
        (DAY, 0, -DAY, True),
        (DAY, 1, -DAY, False),
        (DAY, 1, TEN_YEARS, True),
        (-DAY, 0, TEN_YEARS, True),
    ],
)
def test_a_url_is_called_expired_too_soon_when_it_lives_and_was_not_asked_or_a_wrong_clock_said_so(
    expires: timedelta, attempts: int, written: timedelta, is_too_soon: bool
) -> None:
    assert clocks.is_expired_too_soon(NOW + expires, attempts, NOW + written, NOW) is is_too_soon


@pytest.mark.parametrize(
    ("modified", "verified", "is_changed"),
    [
        (-2 * DAY, -DAY, False),
        (-DAY, -2 * DAY, True),
        (-2 * DAY, TEN_YEARS, True),
        (TEN_YEARS, -DAY, False),
        (TEN_YEARS, 2 * TEN_YEARS, True),
    ],
)
def test_a_file_is_looked_at_when_it_was_changed_since_or_its_proof_is_of_the_future(
    modified: timedelta, verified: timedelta, is_changed: bool
) -> None:
    assert clocks.is_changed_since(NOW + modified, NOW + verified, NOW) is is_changed


@pytest.mark.parametrize(
    ("age", "is_too_old"), [(DAY / 2, False), (2 * DAY, True), (-TEN_YEARS, True), (-CLOCKS_APART, False)]
)
def test_what_is_kept_for_a_day_goes_after_it_and_when_it_is_of_the_future(age: timedelta, is_too_old: bool) -> None:
    assert clocks.is_too_old(NOW - age, NOW, DAY) is is_too_old


@given(until=TIMES, written=TIMES)
def test_nothing_waits_longer_than_the_longest_wait_whatever_the_clock_was(until: datetime, written: datetime) -> None:
    assert clocks.is_waited_out(until, written, NOW, LONGEST_WAIT) or clocks.is_waited_out(
        until, written, NOW + LONGEST_WAIT, LONGEST_WAIT
    )


@given(modified=TIMES, verified=TIMES)
def test_a_file_that_was_verified_now_is_not_looked_at_again_whatever_its_time(
    modified: datetime, verified: datetime
) -> None:
    if clocks.is_changed_since(modified, verified, NOW):
        assert not clocks.is_changed_since(min(modified, NOW), NOW, NOW)
        assert not clocks.is_changed_since(NOW + TEN_YEARS, NOW, NOW)
