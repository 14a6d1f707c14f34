"""Which answers of hosts are final for a URL, so that the URL is not asked again when its medium gets another one.

What belongs here: which kinds of answers, and for how long they count. What does not: looking them up
(:mod:`media_pipeline.catalog.final_answers`), and leaving out what is answered
(:mod:`media_pipeline.fetch.dispatch.journey`).

A signature is a part of the URL: a host may answer 404 to one that has ended, so one that is new is asked.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from media_pipeline.model import Status

FINAL_KINDS: Mapping[str, Status] = {
    "http_404": Status.GONE,
    "http_410": Status.GONE,
    "placeholder": Status.GONE,
    "wrong_type": Status.NOT_MEDIA,
}
"""The kinds of errors of ``fetch_attempts`` after which only time, settings or a person have a URL asked again.

A refusal (401, 403) may be of the moment, and a page may be a log-in or a captcha: neither is final.
"""

SETTINGS = ("media_fetch_via", "media_cookies_file", "media_host_headers", "media_placeholder_digests")
"""The settings that these answers hang on."""


@dataclass(frozen=True, slots=True)
class FinalAnswer:
    """What a host has answered to a URL when it was last asked."""

    kind: str
    asked_at: datetime

    @property
    def status(self) -> Status:
        """What a medium takes from it."""
        return FINAL_KINDS[self.kind]


def counts(answer: FinalAnswer, recheck_days: float, now: datetime) -> bool:
    """Whether the answer is not so old that it is to be looked at again (``MEDIA_RECHECK_DAYS``; 0: never).

    One from the future was dated by a clock that was wrong, and counts for nothing.
    """
    age = now - answer.asked_at
    return age >= timedelta(0) and (recheck_days <= 0 or age < timedelta(days=recheck_days))
