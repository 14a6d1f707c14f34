"""What is asked next for a medium, decided without a network: redirects, tries, candidates and templates."""

import random
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media_pipeline.fetch.body import ReceivedBody
from media_pipeline.fetch.dispatch.journey import MOST_REDIRECTS, TRIES, Again, Journey, Leg, Wanted
from media_pipeline.fetch.dispatch.request import Answer, Moved, Received, RequestResult, Unchanged
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
    Status,
    Validators,
)
from media_pipeline.policy.placeholders import Placeholders

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
BACKOFF = 0.5
PLACEHOLDERS = Placeholders()
BEST, MIDDLE, LEAST = (f"https://host/{name}.jpg" for name in ("best", "middle", "least"))
DIRECT = ("{url}",)
MIRROR = "https://mirror/{url}"
FINAL = (
    Status.GONE,
    Status.FORBIDDEN,
    Status.EXPIRED,
    Status.NOT_MEDIA,
    Status.TOO_LARGE,
    Status.UNSAFE,
)


def candidates(*urls: str) -> tuple[Candidate, ...]:
    return tuple(Candidate(url, 1000 - n, 500 - n, rule=f"rule {n + 1}") for n, url in enumerate(urls))


def medium(etag: str | None = '"v1"') -> Received:
    kind = SniffedType("image/jpeg", "jpg", MediaType.IMAGE)
    return Received(ReceivedBody(Path("fetched"), "5" * 64, "a" * 32, 10, kind), Validators(etag, None))


def final(status: Status = Status.GONE, **facts: Any) -> Refusal:
    return Refusal(status, status.value, f"it is {status.value}", **facts)


def passing(**facts: Any) -> Refusal:
    return Refusal(Status.FAILED, "http_503", "the host answered 503", passing=True, **facts)


LASTING = Refusal(Status.FAILED, "tls", "no trustworthy TLS connection")
"""May pass one day, and not in this run."""


def answered(url: str, result: RequestResult, number: int = 0) -> Answer:
    kind = result.kind if isinstance(result, Refusal) else None
    return Answer(result, FetchAttempt(url, NOW + timedelta(seconds=number), 0.1, 200, kind))


class Walk:
    """A journey through answers by URL, as the downloader leads it; ``asked`` is what it was led to ask."""

    def __init__(self, wanted: Wanted, templates: tuple[str, ...] = DIRECT, *, try_expired: bool = False) -> None:
        self.journey = Journey(wanted, templates, BACKOFF, PLACEHOLDERS)
        self.try_expired = try_expired
        self.asked: list[str] = []
        self.known: dict[str, Validators | None] = {}

    def through(self, answers: dict[str, RequestResult]) -> FetchedFile | FetchUnchanged | FetchFailure:
        step = self.journey.start(NOW, try_expired=self.try_expired)
        while isinstance(step, Leg):
            leg = step
            self.known[leg.first_url] = self.journey.known
            after: Any = Again(leg.first_url, 0)
            while isinstance(after, Again):
                self.asked.append(after.url)
                after = leg.after(answered(after.url, answers[after.url], len(self.asked)))
            step = self.journey.ended(after)
        return step


# What a leg ends with.


def test_a_medium_ends_the_journey():
    walk = Walk(Wanted(candidates(BEST, MIDDLE)))
    fetched = walk.through({BEST: medium()})
    assert isinstance(fetched, FetchedFile)
    assert walk.asked == [BEST]
    assert (fetched.url, fetched.etag, fetched.downgrade) == (BEST, '"v1"', None)
    assert (fetched.declared_width, fetched.declared_height) == (1000, 500)


def test_the_version_that_is_held_ends_the_journey():
    walk = Walk(Wanted(candidates(BEST, MIDDLE), Validators('"v1"', None), BEST))
    unchanged = walk.through({BEST: Unchanged()})
    assert isinstance(unchanged, FetchUnchanged)
    assert len(unchanged.attempts) == 1


@pytest.mark.parametrize("status", FINAL)
def test_what_is_final_for_a_url_leads_to_the_next_candidate(status):
    walk = Walk(Wanted(candidates(BEST, MIDDLE, LEAST)))
    fetched = walk.through({BEST: final(status), MIDDLE: medium()})
    assert isinstance(fetched, FetchedFile)
    assert walk.asked == [BEST, MIDDLE]
    assert fetched.url == MIDDLE
    assert fetched.downgrade == f"candidate 2 of 3 (rule 2), as the best failed: it is {status.value}"
    assert (fetched.declared_width, fetched.declared_height) == (999, 499), "those of the one that came"


def test_a_downgrade_names_what_the_best_met_and_not_what_came_last():
    walk = Walk(Wanted(candidates(BEST, MIDDLE, LEAST)))
    fetched = walk.through({BEST: final(Status.GONE), MIDDLE: final(Status.FORBIDDEN), LEAST: medium()})
    assert isinstance(fetched, FetchedFile)
    assert fetched.downgrade == "candidate 3 of 3 (rule 3), as the best failed: it is gone"


def test_a_downgrade_without_a_rule_names_none():
    walk = Walk(Wanted((Candidate(BEST), Candidate(MIDDLE))))
    fetched = walk.through({BEST: final(), MIDDLE: medium()})
    assert isinstance(fetched, FetchedFile)
    assert fetched.downgrade == "candidate 2 of 2, as the best failed: it is gone"


@pytest.mark.parametrize("refusal", [passing(), LASTING])
def test_what_may_pass_keeps_the_best_for_a_later_run(refusal):
    walk = Walk(Wanted(candidates(BEST, MIDDLE)))
    failure = walk.through({BEST: refusal, MIDDLE: medium()})
    assert isinstance(failure, FetchFailure)
    assert (failure.status, failure.error) == (Status.FAILED, str(refusal))
    assert set(walk.asked) == {BEST}


@pytest.mark.parametrize("refusal", [passing(), LASTING])
def test_a_last_chance_takes_a_lesser_candidate_rather_than_none(refusal):
    walk = Walk(Wanted(candidates(BEST, MIDDLE), is_last_chance=True))
    fetched = walk.through({BEST: refusal, MIDDLE: medium()})
    assert isinstance(fetched, FetchedFile)
    assert fetched.downgrade == f"candidate 2 of 2 (rule 2), as the best failed: {refusal}"


def test_what_may_pass_leads_to_the_next_template_from_the_best_on():
    walk = Walk(Wanted(candidates(BEST, MIDDLE)), (MIRROR, "{url}"))
    fetched = walk.through({f"https://mirror/{BEST}": LASTING, BEST: medium()})
    assert isinstance(fetched, FetchedFile)
    assert walk.asked == [f"https://mirror/{BEST}", BEST]
    assert (fetched.url, fetched.downgrade) == (BEST, None), "the best one, whatever brought it"


def test_every_candidate_comes_before_the_next_template():
    walk = Walk(Wanted(candidates(BEST, MIDDLE)), (MIRROR, "{url}"))
    failure = walk.through(
        {
            f"https://mirror/{BEST}": final(),
            f"https://mirror/{MIDDLE}": final(),
            BEST: final(Status.FORBIDDEN),
            MIDDLE: final(),
        }
    )
    assert isinstance(failure, FetchFailure)
    assert walk.asked == [f"https://mirror/{BEST}", f"https://mirror/{MIDDLE}", BEST, MIDDLE]


def test_a_url_stands_in_a_template_as_it_is():
    odd = "https://host/{url}?a=1%2F2&b=ü#x"
    walk = Walk(Wanted((Candidate(odd),)), ("https://mirror/?of={url}",))
    walk.through({f"https://mirror/?of={odd}": final()})
    assert walk.asked == [f"https://mirror/?of={odd}"]


@pytest.mark.parametrize(
    ("best", "middle", "status", "error"),
    [
        (final(Status.FORBIDDEN), final(Status.GONE), Status.FORBIDDEN, "it is forbidden"),
        (final(Status.GONE), LASTING, Status.FAILED, str(LASTING)),
        (final(Status.NOT_MEDIA), passing(), Status.FAILED, "the host answered 503"),
    ],
)
def test_a_failure_is_what_may_pass_else_what_the_best_met(best, middle, status, error):
    failure = Walk(Wanted(candidates(BEST, MIDDLE))).through({BEST: best, MIDDLE: middle})
    assert isinstance(failure, FetchFailure)
    assert (failure.status, failure.error) == (status, error)


def test_what_the_host_asked_for_stands_in_the_failure():
    failure = Walk(Wanted(candidates(BEST))).through({BEST: passing(retry_after_seconds=3600.0)})
    assert isinstance(failure, FetchFailure)
    assert failure.retry_after_seconds == 3600
    assert len(failure.attempts) == 1


# What has expired.


def expiring(*days: int | None) -> tuple[Candidate, ...]:
    urls = (BEST, MIDDLE, LEAST)
    return tuple(
        Candidate(url, expires_at=None if day is None else NOW + timedelta(days=day))
        for url, day in zip(urls, days, strict=False)
    )


def test_expired_candidates_are_not_asked():
    walk = Walk(Wanted(expiring(-1, 0, 1)))
    fetched = walk.through({LEAST: medium()})
    assert isinstance(fetched, FetchedFile)
    assert walk.asked == [LEAST]
    assert fetched.downgrade == "candidate 3 of 3, as the best failed: its URL has expired"


def test_a_candidate_after_an_expired_one_keeps_its_place_among_all():
    walk = Walk(Wanted(expiring(None, -1, None)))
    fetched = walk.through({BEST: final(), LEAST: medium()})
    assert isinstance(fetched, FetchedFile)
    assert walk.asked == [BEST, LEAST]
    assert fetched.downgrade == "candidate 3 of 3, as the best failed: it is gone"


def test_a_medium_whose_every_url_has_expired_is_not_asked_for():
    walk = Walk(Wanted(expiring(-1, -2)))
    failure = walk.through({})
    assert isinstance(failure, FetchFailure)
    assert (failure.status, failure.attempts) == (Status.EXPIRED, ())
    assert "2026-11-19 12:00 UTC" in failure.error
    assert "MEDIA_TRY_EXPIRED" in failure.error


def test_a_copy_elsewhere_does_not_die_with_a_signature():
    walk = Walk(Wanted(expiring(-1, 1)), ("{url}", "https://mirror/{url}"))
    fetched = walk.through({MIDDLE: final(), f"https://mirror/{BEST}": medium()})
    assert isinstance(fetched, FetchedFile)
    assert walk.asked == [MIDDLE, f"https://mirror/{BEST}"]
    assert fetched.downgrade is None


def test_a_setting_has_expired_urls_asked_all_the_same():
    walk = Walk(Wanted(expiring(-1, None)), try_expired=True)
    fetched = walk.through({BEST: medium()})
    assert isinstance(fetched, FetchedFile)
    assert fetched.downgrade is None


# What is held already.


def test_validators_are_sent_only_to_the_url_that_brought_the_version():
    held = Validators('"v1"', "Wed, 21 Oct 2015 07:28:00 GMT")
    walk = Walk(Wanted(candidates(BEST, MIDDLE, LEAST), held, MIDDLE))
    assert isinstance(walk.through({BEST: final(), MIDDLE: Unchanged()}), FetchUnchanged)
    assert walk.known == {BEST: None, MIDDLE: held}


def test_validators_that_a_mirror_gave_are_not_sent_to_the_host():
    held = Validators('"v1"', None)
    walk = Walk(Wanted(candidates(BEST), held, f"https://mirror/{BEST}"), ("{url}", MIRROR))
    walk.through({BEST: final(), f"https://mirror/{BEST}": Unchanged()})
    assert walk.known == {BEST: None, f"https://mirror/{BEST}": held}


def test_a_url_that_nobody_fetched_has_no_known_version():
    walk = Walk(Wanted(candidates(BEST)))
    walk.through({BEST: medium()})
    assert walk.known == {BEST: None}


# Tries and redirects.


def leg_after(*results: RequestResult, backoff: float = BACKOFF) -> tuple[Leg, object]:
    """A leg, and what it says after these answers."""
    leg, after = Leg(BEST, backoff), None
    for number, result in enumerate(results):
        after = leg.after(answered(BEST, result, number))
    return leg, after


@pytest.mark.parametrize("try_", range(1, TRIES))
def test_the_wait_before_a_try_is_drawn_from_all_of_a_growing_span(try_):
    random.seed(1)
    waits: list[float] = []
    for _ in range(400):
        _, after = leg_after(*[passing()] * try_)
        assert isinstance(after, Again)
        waits.append(after.delay)
    longest = BACKOFF * 2**try_
    assert all(0 <= wait <= longest for wait in waits)
    assert min(waits) < longest / 10
    assert max(waits) > longest * 9 / 10
    assert sum(waits) / len(waits) == pytest.approx(longest / 2, rel=0.15), "the setting's mean, doubled each time"


def test_a_long_backoff_is_waited_for_like_any_other():
    """Only what a host asks for may be longer than a run waits."""
    for _ in range(50):
        assert isinstance(leg_after(passing(), backoff=10 * LONGEST_PAUSE_SECONDS)[1], Again)


@pytest.mark.parametrize("seconds", [0.0, 7.0, LONGEST_PAUSE_SECONDS])
def test_what_the_host_asks_for_is_waited_for_instead_of_the_backoff(seconds):
    _, after = leg_after(passing(retry_after_seconds=seconds))
    assert after == Again(BEST, seconds)


def test_a_longer_pause_than_a_run_waits_ends_the_leg():
    refusal = passing(retry_after_seconds=LONGEST_PAUSE_SECONDS + 1)
    assert leg_after(refusal)[1] is refusal


def test_a_url_is_tried_so_many_times_and_no_more():
    leg, after = leg_after(*[passing()] * TRIES)
    assert isinstance(after, Refusal)
    assert len(leg.attempts) == TRIES


def test_what_does_not_pass_in_a_moment_is_not_tried_again():
    assert leg_after(LASTING)[1] is LASTING


def test_a_try_begins_where_the_redirects_began():
    leg = Leg(BEST, BACKOFF)
    assert leg.after(answered(BEST, Moved(MIDDLE))) == Again(MIDDLE, 0)
    after = leg.after(answered(MIDDLE, passing(retry_after_seconds=1.0)))
    assert after == Again(BEST, 1)


def test_redirects_are_followed_so_far_and_counted_anew_for_each_try():
    leg = Leg(BEST, BACKOFF)
    for _ in range(2):
        for number in range(MOST_REDIRECTS):
            assert leg.after(answered(BEST, Moved(f"{BEST}?{number}"))) == Again(f"{BEST}?{number}", 0)
        assert isinstance(leg.after(answered(BEST, passing(retry_after_seconds=0.0))), Again)
    for _ in range(MOST_REDIRECTS):
        leg.after(answered(BEST, Moved(MIDDLE)))
    refusal = leg.after(answered(BEST, Moved(MIDDLE)))
    assert isinstance(refusal, Refusal)
    assert (refusal.status, refusal.kind, refusal.passing) == (Status.FAILED, "too_many_redirects", False)
    assert leg.attempts[-1].error_kind == "too_many_redirects"


# What is left of it.


def test_evidence_of_what_did_not_matter_is_removed(tmp_path):
    page = tmp_path / "page"
    page.write_bytes(b"<html>")
    walk = Walk(Wanted(candidates(BEST, MIDDLE)))
    fetched = walk.through({BEST: final(Status.NOT_MEDIA, evidence=page), MIDDLE: medium()})
    assert isinstance(fetched, FetchedFile)
    assert not page.exists()


def test_evidence_of_what_is_reported_is_handed_on_with_its_headers(tmp_path):
    pages = [tmp_path / name for name in ("best", "middle")]
    for page in pages:
        page.write_bytes(b"<html>")
    refusals = [final(Status.NOT_MEDIA, evidence=page, headers={"X-Of": page.name}) for page in pages]
    failure = Walk(Wanted(candidates(BEST, MIDDLE))).through(dict(zip((BEST, MIDDLE), refusals, strict=True)))
    assert isinstance(failure, FetchFailure)
    assert (failure.evidence, failure.evidence_headers) == (pages[0], {"X-Of": "best"})
    assert list(tmp_path.iterdir()) == [pages[0]]


KINDS = ("medium", "unchanged", "moved", "passing", "asks for a pause", "asks for a long pause", "lasting", *FINAL)


@given(
    kinds=st.lists(st.sampled_from(KINDS), min_size=60, max_size=60),
    count=st.integers(1, 4),
    templates=st.integers(1, 3),
    dead=st.sets(st.integers(0, 3)),
    is_last_chance=st.booleans(),
)
def test_whatever_hosts_answer_a_journey_ends_and_tells_every_request(
    tmp_path_factory, kinds, count, templates, dead, is_last_chance
):
    folder = tmp_path_factory.mktemp("evidence")
    vias = ("{url}", *(f"https://via{n}/{{url}}" for n in range(1, templates)))
    given_ = tuple(Candidate(f"c{n}", expires_at=NOW - timedelta(days=1) if n in dead else None) for n in range(count))
    journey = Journey(Wanted(given_, is_last_chance=is_last_chance), vias, BACKOFF, PLACEHOLDERS)
    made: list[FetchAttempt] = []
    legs: list[str] = []
    step = journey.start(NOW, try_expired=False)
    while isinstance(step, Leg):
        legs.append(step.first_url)
        after: Any = Again(step.first_url, 0)
        while isinstance(after, Again):
            answer = answered(after.url, drawn(kinds[len(made) % len(kinds)], folder, len(made)), len(made))
            made.append(answer.attempt)
            after = step.after(answer)
        step = journey.ended(after)
    assert [attempt.started_at for attempt in step.attempts] == [attempt.started_at for attempt in made]
    assert [attempt.url for attempt in step.attempts] == [attempt.url for attempt in made]
    assert len(legs) == len(set(legs)), "no URL is asked for in two legs"
    assert not {f"c{n}" for n in dead} & set(legs)
    kept = [step.evidence] if isinstance(step, FetchFailure) and step.evidence else []
    assert list(folder.iterdir()) == kept
    if isinstance(step, FetchFailure) and made:
        assert step.status in {Status.FAILED, *FINAL}


def drawn(kind: str | Status, folder: Path, number: int) -> RequestResult:
    if isinstance(kind, Status):
        page = folder / str(number)
        page.write_bytes(b"<html>")
        return final(kind, evidence=page)
    results: dict[str, RequestResult] = {
        "medium": medium(),
        "unchanged": Unchanged(),
        "moved": Moved(f"https://elsewhere/{number}"),
        "passing": passing(),
        "asks for a pause": passing(retry_after_seconds=1.0),
        "asks for a long pause": passing(retry_after_seconds=1000.0),
        "lasting": LASTING,
    }
    return results[kind]


@pytest.mark.parametrize("kind", ["http_400", "http_405", "http_422"])
def test_what_the_host_takes_for_a_mistake_leads_to_the_next_candidate(kind: str) -> None:
    walk = Walk(Wanted(candidates(BEST, MIDDLE)))
    fetched = walk.through({BEST: Refusal(Status.FAILED, kind, "a mistake"), MIDDLE: medium()})
    assert isinstance(fetched, FetchedFile)
    assert walk.asked == [BEST, MIDDLE]
    failure = Walk(Wanted(candidates(BEST))).through({BEST: Refusal(Status.FAILED, kind, "a mistake")})
    assert isinstance(failure, FetchFailure)
    assert failure.status is Status.FAILED


@pytest.mark.parametrize("kind", ["http_408", "http_425", "http_429"])
def test_what_passes_by_itself_keeps_the_best_for_a_later_run(kind: str) -> None:
    walk = Walk(Wanted(candidates(BEST, MIDDLE)))
    failure = walk.through({BEST: Refusal(Status.FAILED, kind, "later", passing=True), MIDDLE: medium()})
    assert isinstance(failure, FetchFailure)
    assert MIDDLE not in walk.asked
