"""Values as people read them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from enum import Enum
from pathlib import PurePosixPath
from types import MappingProxyType
from typing import Any

import pytest

from media_pipeline.model import Status
from media_pipeline.policy.wording import worded


class Colour(Enum):
    RED = "red"


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, ""),
        (True, "yes"),
        (False, "no"),
        (0, "0"),
        (1234567, "1,234,567"),
        (1234.5, "1,234.50"),
        (float("nan"), "nan"),
        ("None", "None"),
        (Status.GONE, "gone"),
        (Colour.RED, "red"),
        (date(2025, 11, 1), "2025-11-01"),
        (datetime(2025, 11, 1, 12, 0, 5, 7, tzinfo=UTC), "2025-11-01 12:00:05 UTC"),
        (datetime(2025, 11, 1, 12, tzinfo=timezone(timedelta(hours=2))), "2025-11-01 10:00:00 UTC"),
        (datetime.fromisoformat("2025-11-01T12:00:00"), "2025-11-01 12:00:00"),
        ([], ""),
        ({}, ""),
        (["a", None, 2000], "a, , 2,000"),
        (("a", ["b", "c"]), "a, b, c"),
        (frozenset({"b", "a"}), "a, b"),
        (MappingProxyType({Status.GONE: 1, Status.STORED: True}), "gone 1, stored yes"),
        ({"reasons": {"gone": 1200}}, "reasons gone 1,200"),
        (PurePosixPath("a/b"), "a/b"),
    ],
    ids=repr,
)
def test_a_value_is_put_into_words_and_not_as_python_writes_it(value: Any, words: str) -> None:
    assert worded(value) == words
