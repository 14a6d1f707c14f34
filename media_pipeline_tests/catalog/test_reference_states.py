"""The life of media references in any order of events: a small model says where each stands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, TypeVar

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from media_pipeline.catalog import file_facts, files, media, media_due, missing
from media_pipeline.catalog.database import Database
from media_pipeline.catalog.media import FailedMedia, StoredMedia
from media_pipeline.catalog.tables import media_files, media_versions, metadata, post_media
from media_pipeline.model import Candidate, FileFacts, MediaRef, MediaType, Reason, Role, Status
from media_pipeline.policy.media_keys import native
from media_pipeline.settings import Settings
from media_pipeline_tests.catalog.filling import (
    FIRST,
    a_file,
    a_media_id,
    a_post,
    add_post,
    digest,
    fail,
    path_of,
    row,
    rows,
    save_manifest,
    store,
    update,
    upsert,
)

MAX_ATTEMPTS = 3
SETTINGS = Settings(media_max_attempts=MAX_ATTEMPTS, media_recheck_days=0)
POSTS = ("1", "2", "3")
CONTENTS = ("one", "two")
URL, SIGNED_ANEW = "https://host/first.jpg", "https://host/signed-anew.jpg"
FINAL = (
    Status.GONE,
    Status.EXPIRED,
    Status.FORBIDDEN,
    Status.TOO_LARGE,
    Status.NOT_MEDIA,
    Status.UNSAFE,
    Status.QUARANTINED,
    Status.ABANDONED,
)
ENDED = tuple(status for status in FINAL if status is not Status.QUARANTINED)
WAITING = (Status.FAILED, Status.MISSING)
NOT_FETCHED_YET = (Status.PENDING, Status.FAILED, Status.SKIPPED)
MAY_HOLD = tuple(one for one in Status if one not in (Status.SKIPPED, Status.QUARANTINED, Status.MISSING))
HOUR = timedelta(hours=1)
PICK = st.integers(0, 5)
Choice = TypeVar("Choice")
LONGEST_BACKOFF, LONGEST_ASKED = timedelta(days=7), timedelta(days=30)


@dataclass
class Due:
    """When a reference is tried again: between the two, since a clock runs while it is written."""

    earliest: datetime
    latest: datetime

    def pass_by(self, time: timedelta) -> None:
        self.earliest -= time
        self.latest -= time


@dataclass
class Expected:
    """Where a reference should stand."""

    media_id: str
    status: Status
    url: str | None
    role: Role
    attempts: int = 0
    due: Due | None = None
    sha256: str | None = None
    urls: dict[str, Role] = field(default_factory=dict)
    """Every URL that an export gave for it, the newest first."""
    versions: list[str] = field(default_factory=list)
    """What it held before."""
    times_lost: int = 0
    """How often its file was: a reference that was stored once begins anew then."""

    def is_due(self) -> bool:
        is_late = self.due is not None and self.due.latest <= datetime.now(UTC)
        is_at_once = self.status is Status.MISSING and self.due is None
        return self.status is Status.PENDING or is_at_once or (self.status in WAITING and is_late)

    def becomes(self, status: Status, due: Due | None = None) -> None:
        self.status, self.due = status, due


@dataclass
class ExpectedFile:
    is_there: bool = True
    is_readable: bool = True
    is_truncated: bool = False
    has_facts: bool = False


class References(RuleBasedStateMachine):
    """Imports, runs, lost files and the passing of time, in any order."""

    def __init__(self, database: Database) -> None:
        super().__init__()
        self.database = database
        self.references: dict[str, Expected] = {}
        self.files: dict[str, ExpectedFile] = {}

    @initialize()
    def begin(self) -> None:
        with self.database.write() as connection:
            for table in reversed(metadata.sorted_tables):
                connection.execute(sa.delete(table))
        for number in POSTS:
            self.import_(number, URL, Role.MEDIA)

    # What exports say.

    @rule(number=st.sampled_from(POSTS), url=st.sampled_from([URL, SIGNED_ANEW, None]))
    def import_again(self, number: str, url: str | None) -> None:
        self.import_(number, url, Role.MEDIA)

    @rule(number=st.sampled_from(POSTS))
    def import_as_a_poster(self, number: str) -> None:
        self.import_(number, URL, Role.POSTER)

    def import_(self, number: str, url: str | None, role: Role) -> None:
        upsert(self.database, a_post(number))
        candidates = (Candidate(url, role=role), Candidate("https://host/other.jpg", role=Role.COVER)) if url else ()
        save_manifest(self.database, number, MediaRef(0, MediaType.IMAGE, candidates, native("0"), role))
        known = self.references.get(number)
        if known is None:
            status = Status.PENDING if url is not None and role is Role.MEDIA else Status.SKIPPED
            self.references[number] = Expected(a_media_id(number), status, url, role, urls={url: role} if url else {})
            return
        is_new = url is not None and url not in known.urls
        known.urls = {url: role} | {one: its for one, its in known.urls.items() if one != url} if url else known.urls
        url = next((one for one, its_role in known.urls.items() if its_role is role), None)
        if known.status is Status.STORED and None not in (url, known.url):
            # The bytes stay beside the URL that is theirs; another one is a candidate.
            url = known.url
        is_wanted = url is not None and role is Role.MEDIA
        is_open = known.status not in (Status.PENDING, Status.STORED)
        if known.status is Status.MISSING:
            if is_new or url != known.url:
                self._begin_anew(known, Status.MISSING)
        elif not is_wanted and known.status in NOT_FETCHED_YET:
            self._begin_anew(known, Status.SKIPPED)
        elif is_wanted and is_open and (known.status is Status.SKIPPED or is_new or known.url != url):
            self._begin_anew(known, Status.PENDING)
        known.url, known.role = url, role

    @precondition(lambda self: self._in(Status.SKIPPED))
    @rule()
    def want_posters_too(self) -> None:
        with self.database.write() as connection:
            media.unskip(connection, [FIRST], [Role.MEDIA, Role.POSTER])
        for reference in self.references.values():
            if reference.status is Status.SKIPPED and reference.url:
                reference.becomes(Status.PENDING)

    # What a run does with what is due.

    @precondition(lambda self: self._all_due())
    @rule(pick=PICK, content=st.sampled_from(CONTENTS))
    def fetch(self, pick: int, content: str) -> None:
        self.fetch_one(one_of(self._all_due(), pick), content)

    def fetch_one(self, reference: Expected, content: str) -> None:
        file = a_file(content)
        with self.database.write() as connection:
            files.save(connection, [(file, path_of(file))])
            media.mark_stored(connection, [StoredMedia(reference.media_id, file.sha256, '"1"', None, _now())])
        known = self.files.setdefault(file.sha256, ExpectedFile())
        known.has_facts = known.has_facts and known.is_readable
        known.is_there = known.is_readable = True
        if reference.sha256 not in (None, file.sha256):
            reference.versions.append(reference.sha256)
        reference.sha256 = file.sha256
        reference.attempts += 1
        reference.becomes(Status.STORED)

    @precondition(lambda self: self._all_due())
    @rule(content=st.sampled_from(CONTENTS))
    def fetch_all(self, content: str) -> None:
        for number in range(len(self._all_due())):
            self.fetch_one(self._all_due()[0], content if number else "one")

    @precondition(lambda self: self._all_due())
    @rule(pick=PICK, status=st.sampled_from(FINAL))
    def fail_for_good(self, pick: int, status: Status) -> None:
        self._fail(one_of(self._all_due(), pick), status, was_asked=True, retry_after=None)

    @precondition(lambda self: self._all_due())
    @rule(
        pick=PICK,
        was_asked=st.sampled_from([True, True, True, False]),
        retry_after=st.sampled_from([None, None, 30.0, 7200.0, 10.0**9]),
    )
    def fail(self, pick: int, was_asked: bool, retry_after: float | None) -> None:
        self._fail(one_of(self._all_due(), pick), Status.FAILED, was_asked, retry_after)

    @precondition(lambda self: self._all_due())
    @rule(pick=PICK, times=st.integers(1, MAX_ATTEMPTS))
    def fail_night_after_night(self, pick: int, times: int) -> None:
        reference = one_of(self._all_due(), pick)
        for _ in range(times):
            if reference.is_due():
                self._fail(reference, Status.FAILED, was_asked=True, retry_after=None)
                self.each_reference_stands_where_it_should()
                self.time_goes_by(24 * HOUR)

    def _fail(self, reference: Expected, status: Status, was_asked: bool, retry_after: float | None) -> None:
        attempts = reference.attempts + was_asked
        failure = FailedMedia(reference.media_id, status, "no answer", attempts, retry_after, reason=Reason.HOST_ERROR)
        begun = _now()
        with self.database.write() as connection:
            media.mark_failed(connection, [failure], SETTINGS)
        reference.attempts = attempts
        self._failed(reference, status, begun, retry_after)

    @precondition(lambda self: any(map(self._holds, self._all_due())))
    @rule(pick=PICK, why=st.sampled_from([None, "the host no longer has it"]))
    def keep(self, pick: int, why: str | None) -> None:
        reference = one_of([one for one in self._all_due() if self._holds(one)], pick)
        with self.database.write() as connection:
            media.mark_kept(connection, {reference.media_id: why})
        reference.becomes(Status.STORED)
        assert row(self.database, "post_media", media_id=reference.media_id)["error"] == why

    @precondition(lambda self: self._in(Status.STORED))
    @rule()
    def ask_again(self) -> None:
        stored = [one for one in self.references.values() if one.status is Status.STORED and one.url]
        with self.database.write() as connection:
            assert media.ask_again(connection, [FIRST]) == len(stored)
        for reference in stored:
            self._begin_anew(reference, Status.PENDING)

    # What is found out about files.

    @precondition(lambda self: self._without_facts())
    @rule(pick=PICK, is_truncated=st.booleans())
    def read_facts(self, pick: int, is_truncated: bool) -> None:
        sha256 = one_of(self._without_facts(), pick)
        file, holders = self.files[sha256], self._holders(sha256)
        facts = FileFacts(width=4, truncated="its end is missing" if is_truncated else None)
        again = [one for one in holders if one.url and one.attempts < MAX_ATTEMPTS]
        again = again if is_truncated and not file.is_truncated else []
        begun = _now()
        with self.database.write() as connection:
            if is_truncated:
                assert media.mark_truncated(connection, {sha256: "cut"}, SETTINGS) == len(again)
            file_facts.save_facts(connection, {sha256: facts})
        for reference in again:
            self._failed(reference, Status.FAILED, begun, None)
        file.has_facts, file.is_truncated = True, is_truncated

    @precondition(lambda self: self._in(Status.STORED))
    @rule(pick=PICK, is_unreadable=st.booleans())
    def lose_file(self, pick: int, is_unreadable: bool) -> None:
        """It is missing or corrupt, or can't be read."""
        sha256 = one_of(self._in(Status.STORED), pick).sha256 or ""
        file, holders = self.files[sha256], self._holders(sha256)
        status = Status.QUARANTINED if is_unreadable else Status.MISSING
        if not is_unreadable:
            holders = [one for one in self.references.values() if one.sha256 == sha256 and one.status in MAY_HOLD]
        with self.database.write() as connection:
            if is_unreadable:
                files.mark_quarantined(connection, sha256, f"quarantine/{sha256}", "no picture")
                media.mark_quarantined(connection, sha256, "no picture")
            else:
                missing.mark_lost(connection, sha256, "no picture")
        file.is_there, file.is_readable = is_unreadable, file.is_readable and not is_unreadable
        file.has_facts = file.has_facts or is_unreadable
        for reference in holders:
            reference.becomes(status)
            reference.times_lost += 1
            found = row(self.database, "post_media", media_id=reference.media_id)["attempts"]
            assert found in (reference.attempts, 0)
            reference.attempts = found

    @precondition(lambda self: self._in(Status.MISSING))
    @rule(pick=PICK)
    def find_file_again(self, pick: int) -> None:
        """The mount is back, or the archive had it."""
        sha256 = one_of(self._in(Status.MISSING), pick).sha256 or ""
        found = [one for one in self._in(Status.MISSING) if one.sha256 == sha256]
        with self.database.write() as connection:
            assert missing.mark_found(connection, sha256, path_of(a_file("one"))) == len(found)
        self.files[sha256].is_there = True
        for reference in found:
            reference.becomes(Status.STORED)

    @precondition(lambda self: self._in(Status.FAILED))
    @rule(hours=st.sampled_from([0.5, 1, 2, 24 * 30]))
    def time_passes(self, hours: float) -> None:
        self.time_goes_by(hours * HOUR)

    def time_goes_by(self, time: timedelta) -> None:
        for found in rows(self.database, "post_media"):
            if found["next_attempt_at"] is not None:
                earlier = found["next_attempt_at"] - time
                update(self.database, "post_media", {"media_id": found["media_id"]}, next_attempt_at=earlier)
        for reference in self.references.values():
            if reference.due:
                reference.due.pass_by(time)

    # What must hold whatever happened.

    @invariant()
    def each_reference_stands_where_it_should(self) -> None:
        found = {one["media_id"]: one for one in rows(self.database, "post_media")}
        assert found.keys() == {reference.media_id for reference in self.references.values()}
        for expected in self.references.values():
            one = found[expected.media_id]
            assert Status(one["status"]) is expected.status
            assert (one["sha256"], one["attempts"]) == (expected.sha256, expected.attempts)
            assert one["version"] == len(expected.versions) + 1
            assert (one["next_attempt_at"] is not None) == (expected.due is not None)
            assert (expected.status is Status.FAILED) <= (expected.due is not None)
            if expected.due:
                assert expected.due.earliest <= one["next_attempt_at"] <= expected.due.latest
            assert one["status"] != Status.FAILED or one["attempts"] < MAX_ATTEMPTS
            assert one["status"] == Status.MISSING or one["attempts"] <= MAX_ATTEMPTS + 8 * expected.times_lost
            assert one["status"] not in ENDED or expected.sha256 is None or not self._is_lost(expected)

    @invariant()
    def what_is_due_is_found_and_nothing_else(self) -> None:
        with self.database.read() as connection:
            due = media_due.pending(connection, [FIRST], 100)
            assert media_due.count_due(connection, [FIRST]) == len(due)
        assert {one.media_id for one in due} == {one.media_id for one in self.references.values() if one.is_due()}
        by_id = {one.media_id: one for one in self.references.values()}
        for one in due:
            assert one.status in (Status.PENDING, Status.FAILED, Status.MISSING)
            assert one.is_held == self._holds(by_id[one.media_id])
            assert one.url == by_id[one.media_id].url

    @invariant()
    def what_is_stored_has_its_file_and_what_was_is_remembered(self) -> None:
        with self.database.read() as connection:
            lost = connection.execute(
                sa.select(post_media.c.media_id)
                .outerjoin(media_files, media_files.c.sha256 == post_media.c.sha256)
                .where(post_media.c.status == Status.STORED, media_files.c.local_path.is_(None))
            ).all()
            assert lost == []
            kept = connection.execute(sa.select(media_versions).order_by(media_versions.c.version)).all()
        for expected in self.references.values():
            own = [(one.version, one.sha256) for one in kept if one.media_id == expected.media_id]
            assert own == list(enumerate(expected.versions, 1))

    def _begin_anew(self, reference: Expected, status: Status) -> None:
        reference.becomes(status)
        reference.attempts = 0

    def _failed(self, reference: Expected, status: Status, begun: datetime, retry_after: float | None) -> None:
        before = reference.status
        is_final = status is not Status.FAILED or reference.attempts >= MAX_ATTEMPTS
        if self._holds(reference) and (is_final or before in (Status.PENDING, Status.MISSING)):
            reference.becomes(Status.STORED)
        elif self._is_lost(reference):
            wait = self._wait(reference, retry_after)
            reference.becomes(Status.MISSING, Due(begun + wait, _now() + wait))
        elif status is not Status.FAILED:
            reference.becomes(status)
        elif reference.attempts >= MAX_ATTEMPTS:
            reference.becomes(Status.ABANDONED)
        else:
            wait = self._wait(reference, retry_after)
            reference.becomes(Status.FAILED, Due(begun + wait, _now() + wait))

    @staticmethod
    def _wait(reference: Expected, retry_after: float | None) -> timedelta:
        backoff = min(HOUR * 2 ** max(reference.attempts - 1, 0), LONGEST_BACKOFF)
        return max(backoff, min(timedelta(seconds=retry_after or 0), LONGEST_ASKED))

    def _is_lost(self, reference: Expected) -> bool:
        file = self.files.get(reference.sha256 or "")
        return file is not None and not file.is_there and file.is_readable

    def _in(self, status: Status) -> list[Expected]:
        return [one for one in self.references.values() if one.status is status]

    def _all_due(self) -> list[Expected]:
        return [one for one in self.references.values() if one.is_due()]

    def _without_facts(self) -> list[str]:
        """Files that a run would read."""
        return [
            sha256
            for sha256, file in self.files.items()
            if file.is_there and not file.has_facts and self._holders(sha256)
        ]

    def _holds(self, reference: Expected) -> bool:
        file = self.files.get(reference.sha256 or "")
        return file is not None and file.is_there and file.is_readable

    def _holders(self, sha256: str) -> list[Expected]:
        return [one for one in self.references.values() if one.sha256 == sha256 and one.status is Status.STORED]


def one_of(choices: Sequence[Choice], pick: int) -> Choice:
    return choices[pick % len(choices)]


def _now() -> datetime:
    return datetime.now(UTC)


EXAMPLES = {"sqlite": 30, "postgresql": 10}


def test_references_stand_where_they_should_whatever_happens(database: Database, backend: str) -> None:
    factory: Any = partial(References, database)
    every: Any = list(HealthCheck)
    run_state_machine_as_test(
        factory,
        settings=settings(
            max_examples=EXAMPLES[backend],
            stateful_step_count=30,
            deadline=None,
            suppress_health_check=every,
        ),
    )


def test_a_reference_whose_file_was_lost_has_all_its_tries_again(database: Database) -> None:
    """One night on which the host is down must not be the end of it."""
    (media_id,) = add_post(database, "1", URL)
    fail(database, media_id, attempts=MAX_ATTEMPTS - 1)
    sha256 = store(database, "one", media_id)
    with database.write() as connection:
        missing.mark_lost(connection, sha256, "the stored file was missing or corrupt")
        (due,) = media_due.pending(connection, [FIRST], 10)
        failure = FailedMedia(media_id, Status.FAILED, "no answer", due.attempts + 1, reason=Reason.HOST_ERROR)
        media.mark_failed(connection, [failure], SETTINGS)
    assert row(database, "post_media", media_id=media_id)["status"] == Status.MISSING


@pytest.mark.parametrize("answer", FINAL)
def test_what_was_stored_is_at_worst_missing_whatever_its_host_answers(database: Database, answer: Status) -> None:
    """With the store replaced by an empty folder and hosts answering 404, everything ended as gone."""
    (media_id,) = add_post(database, "1", URL)
    sha256 = store(database, "one", media_id)
    with database.write() as connection:
        missing.mark_lost(connection, sha256, "the stored file was missing or corrupt")
    for attempts in range(1, 2 * MAX_ATTEMPTS):
        fail(database, media_id, attempts, answer)
        found = row(database, "post_media", media_id=media_id)
        assert (found["status"], found["sha256"]) == (Status.MISSING, sha256)
        assert found["next_attempt_at"] is not None, "it stays due"


def test_a_reference_that_schema_0013_pruned_comes_back_and_goes_on_with_its_versions(database: Database) -> None:
    """Its `dedup --prune` removed rows, and a platform module that reads the post anew brings them back."""
    (media_id,) = add_post(database, "1", URL)
    for content in ("one", "two"):
        store(database, content, media_id)
    with database.write() as connection:
        connection.execute(sa.delete(post_media).where(post_media.c.media_id == media_id))
    add_post(database, "1", URL)
    for content in ("three", "four"):
        store(database, content, media_id)
    kept = sorted((one["version"], one["sha256"]) for one in rows(database, "media_versions", media_id=media_id))
    assert [version for version, _ in kept] == sorted({version for version, _ in kept})
    assert {digest("one"), digest("three")} <= {sha256 for _, sha256 in kept}
    assert row(database, "post_media", media_id=media_id)["version"] > kept[-1][0]
