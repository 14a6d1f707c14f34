"""When a reference is tried again, and when it is given up."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from media_pipeline.model import Status
from media_pipeline.policy.retry import (
    LONGEST_ASKED_WAIT,
    LONGEST_OWN_WAIT,
    is_last_try,
    next_time,
    status_after,
    wait_after,
)

NOW = datetime(2025, 11, 1, tzinfo=UTC)


def test_the_wait_of_a_reference_doubles_from_an_hour_to_a_week() -> None:
    assert [wait_after(attempts) / timedelta(hours=1) for attempts in range(10)] == [
        1,
        1,
        2,
        4,
        8,
        16,
        32,
        64,
        128,
        168,
    ]
    assert wait_after(10**6) == LONGEST_OWN_WAIT


@pytest.mark.parametrize(
    ("asked", "waits"),
    [(None, timedelta(hours=2)), (60, timedelta(hours=2)), (86_400, timedelta(1)), (1e12, LONGEST_ASKED_WAIT)],
)
def test_a_host_may_ask_for_a_longer_wait_than_ours_and_for_a_month_at_most(
    asked: float | None, waits: timedelta
) -> None:
    assert next_time(2, asked, NOW) == NOW + waits


def test_only_a_transient_failure_is_abandoned_and_only_when_its_tries_are_spent() -> None:
    assert [is_last_try(attempts, 3) for attempts in range(4)] == [False, False, True, True]
    assert [status_after(Status.FAILED, attempts, 3) for attempts in (2, 3, 4)] == [
        Status.FAILED,
        Status.ABANDONED,
        Status.ABANDONED,
    ]
    assert status_after(Status.GONE, 9, 3) is Status.GONE
