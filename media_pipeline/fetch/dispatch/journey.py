"""What is asked next for one medium, given what came of the last request.

What belongs here: redirects, tries, candidates and templates, as decisions. Pure: nothing here asks or waits. What
does not: when a request may begin (:mod:`media_pipeline.fetch.dispatch.schedule`), and making it
(:mod:`media_pipeline.fetch.dispatch.requester`).

A journey is made of legs: one URL each, with its redirects and tries.

| a leg ends with | next |
|---|---|
| the medium | the journey has ended |
| a placeholder, or a medium of another kind than was declared or is held | the next candidate |
| what is final for this URL (gone, forbidden, expired, not media, too large, unsafe) | the next candidate |
| what the host takes for a mistake (any other 4xx) | the next candidate, and another time the best again |
| what may pass (failed) | the next template; the next candidate only if there is no later time to try the best |
| nothing left to ask | the journey fails with what may pass, else with what the best candidate met |

A URL whose host has given its final answer before is left out, and counts as if that had come now.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from media_pipeline.fetch.dispatch.request import Answer, Moved, Received, ReceivedPlaylist, ReceivedSegment, Unchanged
from media_pipeline.fetch.dispatch.schedule import LONGEST_PAUSE_SECONDS
from media_pipeline.fetch.outcome import Refusal
from media_pipeline.fetch.sniff import SniffedType
from media_pipeline.model import (
    Candidate,
    FetchAttempt,
    FetchedFile,
    FetchFailure,
    FetchUnchanged,
    MediaType,
    Reason,
    Status,
    Validators,
)
from media_pipeline.policy.declared_types import is_as_declared
from media_pipeline.policy.expiry import is_over
from media_pipeline.policy.final_answers import FinalAnswer
from media_pipeline.policy.placeholders import Placeholders
from media_pipeline.policy.reasons import reason_of
from media_pipeline.policy.templates import ITSELF, expanded

TRIES = 3
"""Requests in all for one URL when the trouble looks like it passes."""

MOST_REDIRECTS = 5

Ended = Received | ReceivedPlaylist | ReceivedSegment | Unchanged | Refusal
"""What a leg may end with."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A medium to fetch, and what is known of it."""

    candidates: tuple[Candidate, ...]
    """Best first; their own ``expires_at`` counts."""
    known: Validators | None = None
    """Of the version that is held: only another one is wanted."""
    known_url: str | None = None
    """What brought that version."""
    is_last_chance: bool = False
    """There is no later time to try: a lesser candidate is better than none."""
    declared_type: MediaType | None = None
    """What the export says that it is; None: it says nothing."""
    held_type: MediaType | None = None
    """What is held is of this kind, and only replaced by its like."""
    answered: Mapping[str, FinalAnswer] = field(default_factory=dict[str, FinalAnswer])
    """URLs, as templates make them, that are not asked since their hosts have answered for good."""


@dataclass(frozen=True, slots=True)
class Again:
    """The leg goes on: ask this, after so many seconds."""

    url: str
    delay: float


class Leg:
    """One URL on its way through redirects and tries."""

    def __init__(self, url: str, backoff_seconds: float) -> None:
        self.first_url = url
        self.attempts: list[FetchAttempt] = []
        self._backoff_seconds = backoff_seconds
        self._redirects = 0
        self._tries = 1

    def after(self, answer: Answer) -> Again | Ended:
        """What to do after an answer."""
        self.attempts.append(answer.attempt)
        result = answer.result
        if isinstance(result, Moved):
            return self._follow(result)
        self._note_end(answer.attempt.url)
        if isinstance(result, Refusal) and result.passing and self._tries < TRIES:
            return self._try_again(result)
        return result

    @property
    def final_url(self) -> str:
        """Where the redirects have led."""
        return self.attempts[-1].url

    def mark(self, error_kind: str) -> None:
        """What the last answer turned out to be."""
        self.attempts[-1] = replace(self.attempts[-1], error_kind=error_kind)

    def _note_end(self, url: str) -> None:
        """Write where they led into the requests that were redirected, and into the one that was not."""
        if self._redirects:
            first = len(self.attempts) - self._redirects - 1
            self.attempts[first:] = [replace(attempt, final_url=url) for attempt in self.attempts[first:]]

    def _follow(self, moved: Moved) -> Again | Refusal:
        self._redirects += 1
        if self._redirects <= MOST_REDIRECTS:
            return Again(moved.url, 0.0)
        self.mark("too_many_redirects")
        return Refusal(Status.FAILED, "too_many_redirects", f"more than {MOST_REDIRECTS} redirects")

    def _try_again(self, refusal: Refusal) -> Again | Refusal:
        """As late as the host asks, else after exponential backoff with full jitter."""
        wait = refusal.retry_after_seconds
        if wait is None:
            wait = random.uniform(0, self._backoff_seconds * 2**self._tries)
        elif wait > LONGEST_PAUSE_SECONDS:
            return refusal
        self._tries += 1
        self._redirects = 0
        return Again(self.first_url, wait)


class Journey:
    """A medium on its way through templates and candidates. Begin with :meth:`start`."""

    def __init__(
        self, wanted: Wanted, templates: Sequence[str], backoff_seconds: float, placeholders: Placeholders
    ) -> None:
        self._wanted = wanted
        self._placeholders = placeholders
        self._templates = templates
        self._backoff_seconds = backoff_seconds
        self._ways_by_template: list[list[int]] = []
        self._ways: list[int] = []
        """The candidates that are asked, by their place among all."""
        self._template = 0
        self._way = 0
        self._legs: list[Leg] = []
        """All of them, with those for the segments of streams."""
        self._leg_place = 0
        self._refusals: dict[tuple[int, int], Refusal] = {}
        """By the places of the template and of the candidate."""
        self._lost: str | None = None
        """What the best candidate met."""

    @property
    def candidate(self) -> Candidate:
        """The one that is under way."""
        return self._wanted.candidates[self._ways[self._way]]

    @property
    def known(self) -> Validators | None:
        """To ask only for another version, where the leg's URL brought the one that is held."""
        return self._wanted.known if self._url == self._wanted.known_url else None

    @property
    def attempts(self) -> tuple[FetchAttempt, ...]:
        """All requests so far."""
        return tuple(attempt for leg in self._legs for attempt in leg.attempts)

    def start(self, now: datetime, *, try_expired: bool) -> Leg | FetchFailure:
        """The first leg, or that nothing is asked since every URL has expired by its own word or is answered already.

        A template that leads elsewhere is asked all the same: a copy doesn't die with a signature.
        """
        candidates = self._wanted.candidates
        everything = list(range(len(candidates)))
        alive = [place for place in everything if try_expired or not is_over(candidates[place].expires_at, now)]
        ways = [alive if template == ITSELF else everything for template in self._templates]
        self._ways_by_template = [self._unanswered(template, found) for template, found in enumerate(ways)]
        if 0 not in self._ways_by_template[0]:
            self._lost = str(self._refusals.get((0, 0), "its URL has expired"))
        if self._begin_template(0):
            return self._next_leg()
        if self._refusals:
            return self._failure()
        when = f"{candidates[0].expires_at:%Y-%m-%d %H:%M} UTC"
        return FetchFailure(
            Status.EXPIRED, f"expired at {when}; not asked (see MEDIA_TRY_EXPIRED)", (), reason=Reason.URL_EXPIRED
        )

    def _unanswered(self, template: int, ways: Sequence[int]) -> list[int]:
        """Those of the candidates that the template has yet to be asked for; what was answered is noted."""
        left: list[int] = []
        for place in ways:
            url = expanded(self._templates[template], self._wanted.candidates[place].url)
            answer = self._wanted.answered.get(url)
            if answer is None:
                left.append(place)
            else:
                self._refusals[template, place] = _refusal_of(answer)
        return left

    def _begin_template(self, number: int) -> bool:
        """Go on with the first template from this one on by which something can be asked, if there is any."""
        for template in range(number, len(self._templates)):
            if self._ways_by_template[template]:
                self._template, self._ways, self._way = template, self._ways_by_template[template], 0
                return True
        return False

    def ended(self, result: Received | Unchanged | Refusal) -> Leg | FetchedFile | FetchUnchanged | FetchFailure:
        """The leg ended: what comes next, or what has come of it all."""
        if isinstance(result, Received):
            result = self._refused(result) or result
        if isinstance(result, Refusal):
            return self._after(result)
        _drop_evidence(self._refusals.values())
        if isinstance(result, Unchanged):
            return FetchUnchanged(self.attempts)
        return self._fetched(result)

    def _refused(self, received: Received) -> Refusal | None:
        """The refusal of a body that is not the medium. The body itself is the evidence."""
        body, leg = received.body, self._leg
        placeholder = self._placeholders.reason(leg.first_url, leg.final_url, (body.sha256, body.md5_sum))
        if placeholder:
            status, kind = Status.GONE, "placeholder"
            message = f"the host has a placeholder in its place, {leg.final_url}: {placeholder}"
        elif wrong_type := self._wrong_type(body.type):
            status, kind, message = Status.NOT_MEDIA, "wrong_type", wrong_type
        else:
            return None
        leg.mark(kind)
        headers = leg.attempts[-1].headers
        return Refusal(status, kind, message, evidence=body.path, headers=headers)

    def _wrong_type(self, found: SniffedType) -> str | None:
        declared, held = self._wanted.declared_type, self._wanted.held_type
        if declared and not is_as_declared(declared, self.candidate.url, found.media_type, found.mime_type):
            return f"the host sent {found.mime_type} where the export declares a medium of the type {declared}"
        if held and found.media_type is not held:
            return f"the host sent {found.mime_type} in the place of what is held, of the type {held}"
        return None

    def side_leg(self, url: str) -> Leg:
        """For a segment of the stream that the present leg has led to."""
        leg = Leg(url, self._backoff_seconds)
        self._legs.append(leg)
        return leg

    @property
    def _url(self) -> str:
        return expanded(self._templates[self._template], self.candidate.url)

    @property
    def _leg(self) -> Leg:
        """The one that is under way, or ended last; not those for segments."""
        return self._legs[self._leg_place]

    def _next_leg(self) -> Leg:
        self._leg_place = len(self._legs)
        return self.side_leg(self._url)

    def _after(self, refusal: Refusal) -> Leg | FetchFailure:
        self._refusals[self._template, self._ways[self._way]] = refusal
        self._lost = self._lost or str(refusal)
        may_pass = refusal.status is Status.FAILED and not refusal.is_of_the_url
        if self._way + 1 < len(self._ways) and (not may_pass or self._wanted.is_last_chance):
            self._way += 1
            return self._next_leg()
        if self._begin_template(self._template + 1):
            return self._next_leg()
        return self._failure()

    def _failure(self) -> FetchFailure:
        refusals = [self._refusals[place] for place in sorted(self._refusals)]
        reported = next((one for one in refusals if one.status is Status.FAILED), refusals[0])
        _drop_evidence(refusal for refusal in refusals if refusal is not reported)
        return FetchFailure(
            reported.status,
            str(reported),
            self.attempts,
            reported.retry_after_seconds,
            reported.evidence,
            reported.headers,
            reason=reason_of(reported.kind, reported.status),
        )

    def _fetched(self, received: Received) -> FetchedFile:
        body, place = received.body, self._ways[self._way]
        return FetchedFile(
            path=body.path,
            url=self._url,
            final_url=None if self._leg.final_url == self._url else self._leg.final_url,
            sha256=body.sha256,
            md5_sum=body.md5_sum,
            file_size=body.size,
            mime_type=body.type.mime_type,
            extension=body.type.extension,
            media_type=body.type.media_type,
            etag=received.validators.etag,
            last_modified=received.validators.last_modified,
            attempts=self.attempts,
            declared_width=self.candidate.width,
            declared_height=self.candidate.height,
            downgrade=self._downgrade(place) if place else None,
        )

    def _downgrade(self, place: int) -> str:
        what = f" ({self.candidate.rule})" if self.candidate.rule else ""
        return f"candidate {place + 1} of {len(self._wanted.candidates)}{what}, as the best failed: {self._lost}"


def _refusal_of(answer: FinalAnswer) -> Refusal:
    when = f"{answer.asked_at:%Y-%m-%d %H:%M} UTC"
    return Refusal(answer.status, answer.kind, f"not asked again, as the answer of {when} was final ({answer.kind})")


def _drop_evidence(refusals: Iterable[Refusal]) -> None:
    for refusal in refusals:
        if refusal.evidence is not None:
            refusal.evidence.unlink(missing_ok=True)
