"""Reasons: each error of a request means one, and each says what a person can do."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import media_pipeline
from media_pipeline.model import Reason, Status
from media_pipeline.policy.reasons import ADVICE, SETTINGS_OF, reason_of, reason_of_request, was_sent
from media_pipeline.settings import Settings

ROOM = Path(media_pipeline.__file__).parent / "fetch"
_KINDS = re.compile(r'Refusal\(\s*Status\.\w+,\s*"(\w+)"|UnsafeUrlError\(\s*"(\w+)"|kind = (?:[\w.]+, )?"(\w+)"')


def kinds_in_code() -> set[str]:
    found: set[str] = set()
    for path in ROOM.rglob("*.py"):
        found |= {kind for groups in _KINDS.findall(path.read_text()) for kind in groups if kind}
    return found


def test_every_kind_of_error_that_fetching_names_means_a_reason() -> None:
    kinds = kinds_in_code()
    assert len(kinds) > 15
    assert {kind for kind in kinds if reason_of(kind, Status.FAILED) is Reason.UNFORESEEN} == set()


@pytest.mark.parametrize(
    ("kind", "status", "reason"),
    [
        ("http_404", Status.GONE, Reason.GONE),
        ("http_403", Status.EXPIRED, Reason.URL_EXPIRED),
        ("http_403", Status.FORBIDDEN, Reason.REFUSED),
        ("http_429", Status.FAILED, Reason.RATE_LIMITED),
        ("http_503", Status.ABANDONED, Reason.HOST_ERROR),
        ("html", Status.NOT_MEDIA, Reason.NOT_MEDIA),
        ("wrong_type", Status.NOT_MEDIA, Reason.WRONG_TYPE),
        ("placeholder", Status.GONE, Reason.PLACEHOLDER),
        ("drm", Status.FORBIDDEN, Reason.DRM),
        ("private_address", Status.UNSAFE, Reason.UNSAFE_URL),
        ("a word of another version", Status.FAILED, Reason.UNFORESEEN),
        (None, Status.QUARANTINED, Reason.UNREADABLE),
    ],
)
def test_a_reason_follows_from_the_kind_of_error_and_the_verdict(
    kind: str | None, status: Status, reason: Reason
) -> None:
    assert reason_of(kind, status) is reason


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("http_404", Reason.GONE),
        ("http_410", Reason.GONE),
        ("http_403", Reason.REFUSED),
        ("http_429", Reason.RATE_LIMITED),
        ("http_418", Reason.HOST_ERROR),
        ("placeholder", Reason.PLACEHOLDER),
        (None, Reason.UNFORESEEN),
    ],
)
def test_a_request_means_a_reason_when_its_verdict_was_taken_back(kind: str | None, reason: Reason) -> None:
    assert reason_of_request(kind) is reason


@pytest.mark.parametrize(
    ("kind", "http_status", "is_sent"),
    [
        ("private_address", None, False),
        ("scheme", None, False),
        ("dns", None, False),
        # The host was asked, and answered by a redirect without an address.
        ("empty_redirect", 302, True),
        ("timeout", None, True),
        ("http_404", 404, True),
        (None, 200, True),
    ],
)
def test_a_request_was_sent_unless_its_address_was_refused_or_not_found(
    kind: str | None, http_status: int | None, is_sent: bool
) -> None:
    assert was_sent(kind, http_status) is is_sent


def test_every_reason_says_what_a_person_can_do_and_names_settings_that_are() -> None:
    assert ADVICE.keys() == set(Reason)
    named = {name.lower() for text in ADVICE.values() for name in re.findall(r"MEDIA_\w+|CLAMD_URL", text)}
    assert named | {name for names in SETTINGS_OF.values() for name in names} <= set(Settings.model_fields)
