"""When a run counts as dead: a rule over times of one clock, which may jump."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media_pipeline.policy.liveness import START_SECONDS, Verdict, verdict

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
LEASE = 60.0
NEVER = None
TEN_YEARS = 10 * 365 * 86400.0


def ago(seconds: float | None) -> datetime | None:
    return None if seconds is None else NOW - timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("began", "renewed", "suspected", "expected"),
    [
        (5, NEVER, NEVER, Verdict.LIVES),
        (START_SECONDS, NEVER, NEVER, Verdict.LIVES),
        (START_SECONDS + 1, NEVER, NEVER, Verdict.SILENT),
        (START_SECONDS + 40, NEVER, 30, Verdict.DEAD),
        (9000, 0, NEVER, Verdict.LIVES),
        (9000, LEASE, NEVER, Verdict.LIVES),
        (9000, LEASE + 1, NEVER, Verdict.SILENT),
        (9000, LEASE + 11, 10, Verdict.SUSPECTED),
        (9000, LEASE + 31, 30, Verdict.DEAD),
        # The clock was set back: what is written down lies in the future.
        (9000, -TEN_YEARS, NEVER, Verdict.SILENT),
        (9000, -TEN_YEARS, -TEN_YEARS, Verdict.SILENT),
        (9000, -TEN_YEARS, 30, Verdict.DEAD),
        (-TEN_YEARS, NEVER, NEVER, Verdict.SILENT),
        # The clock was set forward, or the database was away: everyone is silent, and is given time.
        (TEN_YEARS, TEN_YEARS, NEVER, Verdict.SILENT),
        (TEN_YEARS, 3, NEVER, Verdict.LIVES),
    ],
)
def test_a_run_is_dead_when_it_is_silent_for_a_lease_and_still_is_at_a_later_look(
    began: float, renewed: float | None, suspected: float | None, expected: Verdict
) -> None:
    began_at = ago(began)
    assert began_at is not None
    assert verdict(began_at, ago(renewed), ago(suspected), NOW, LEASE) is expected


@given(
    renewed=st.floats(-1e9, 1e9),
    lease=st.floats(3, 3600),
    suspected=st.none() | st.floats(-1e9, 1e9),
)
def test_no_run_is_dead_that_renewed_within_its_lease_or_was_not_suspected_before(
    renewed: float, lease: float, suspected: float | None
) -> None:
    found = verdict(NOW - timedelta(days=90), ago(renewed), ago(suspected), NOW, lease)
    if 0 <= renewed <= lease:
        assert found is Verdict.LIVES
    if suspected is None or suspected < 0:
        assert found is not Verdict.DEAD
