"""What is asked of hosts for a reference: its URLs in order, and what is held of it already.

What belongs here: a pure function of the reference, the settings and the time. What does not: asking (``fetch``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from media_pipeline.catalog.media_due import PendingMedia
from media_pipeline.fetch.dispatch.journey import Wanted
from media_pipeline.model import Candidate, Status
from media_pipeline.policy.expiry import end_of, is_over
from media_pipeline.policy.final_answers import FinalAnswer, counts
from media_pipeline.policy.retry import is_last_try, wait_after
from media_pipeline.policy.templates import addresses_of
from media_pipeline.posts.expiry import expires_at
from media_pipeline.settings import Settings


def wanted_of(
    settings: Settings, url: str, reference: PendingMedia, answers: Mapping[str, FinalAnswer], now: datetime
) -> Wanted:
    """What is fetched for a reference, the chosen URL first. ``answers``: final ones that were given before."""
    chosen = Candidate(url, expires_at=reference.expires_at)
    others: list[Candidate] = []
    for candidate in reference.candidates:
        if candidate.url == url:
            chosen = replace(candidate, expires_at=reference.expires_at)
        else:
            others.append(replace(candidate, expires_at=end_of(expires_at(candidate.url), candidate.expires_at)))
    candidates = (chosen, *others)
    if reference.is_held and reference.status is Status.PENDING:
        candidates = _no_worse_than_held(settings, reference, candidates)
    is_last = is_last_try(reference.attempts, settings.media_max_attempts)
    expires_first = is_over(reference.expires_at, now + wait_after(reference.attempts + 1))
    return Wanted(
        candidates,
        known=reference.validators if reference.is_held else None,
        known_url=reference.fetched_url,
        is_last_chance=is_last or expires_first,
        declared_type=reference.declared_type,
        held_type=reference.held_type if reference.is_held else None,
        answered={
            address: answer for address, answer in answers.items() if counts(answer, settings.media_recheck_days, now)
        },
    )


def _no_worse_than_held(
    settings: Settings, reference: PendingMedia, candidates: tuple[Candidate, ...]
) -> tuple[Candidate, ...]:
    """What is asked again may only be replaced by what is as good: up to the candidate that brought what is held.

    Where none did (it was signed anew since, or came along with its export), that is the best one alone.
    """
    urls = [addresses_of(candidate.url, settings.media_fetch_via) for candidate in candidates]
    place = next((place for place, found in enumerate(urls) if reference.fetched_url in found), 0)
    return candidates[: place + 1]
