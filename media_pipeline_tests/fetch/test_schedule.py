"""The order of downloads, by a clock of the test's own."""

import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule

from media_pipeline.fetch.dispatch.schedule import LONGEST_PAUSE_SECONDS, Answered, HostLimits, Schedule


def schedule(at_once: int | None = 2, per_second: float = 0, ban_after: int = 3) -> Schedule[str]:
    return Schedule(HostLimits(at_once, per_second, ban_after, ban_seconds=3600))


def taken(schedule: Schedule[str], now: float) -> list[str]:
    """All that may begin now."""
    items: list[str] = []
    while (found := schedule.take(now)) is not None:
        items.append(found[1])
    return items


def test_what_expires_soonest_is_first_whatever_its_host():
    waiting = schedule(at_once=None)
    for item, host, priority in (("never", "a", math.inf), ("late", "b", 20.0), ("soon", "a", 10.0), ("now", "b", 1.0)):
        waiting.add(item, host, priority, now=0)
    assert taken(waiting, 0) == ["now", "soon", "late", "never"]


def test_what_was_added_first_is_first_among_equals():
    waiting = schedule(at_once=None)
    for item in "abcd":
        waiting.add(item, "host", math.inf, now=0)
    assert taken(waiting, 0) == list("abcd")


def test_a_host_is_asked_no_more_often_at_a_time_than_the_limit_and_others_go_on():
    waiting = schedule(at_once=2)
    for number in range(4):
        waiting.add(f"a{number}", "a", 0, now=0)
    waiting.add("b0", "b", 1, now=0)
    assert taken(waiting, 0) == ["a0", "a1", "b0"]
    waiting.finished("a", Answered.SERVES, now=1)
    assert taken(waiting, 1) == ["a2"]


def test_a_rate_spreads_the_requests_to_a_host():
    waiting = schedule(at_once=None, per_second=2)
    for number in range(3):
        waiting.add(f"a{number}", "a", 0, now=0)
    waiting.add("b", "b", 1, now=0)
    assert taken(waiting, 0) == ["a0", "b"]
    assert waiting.next_at() == 0.5
    assert taken(waiting, 0.4) == []
    assert taken(waiting, 0.5) == ["a1"]
    assert taken(waiting, 0.9) == []
    assert taken(waiting, 1.0) == ["a2"]


def test_a_pause_that_a_host_asks_for_holds_for_all_of_the_host():
    waiting = schedule()
    for item in ("a0", "a1"):
        waiting.add(item, "a", 0, now=0)
    assert waiting.take(0) == ("a", "a0")
    waiting.finished("a", Answered.BANS, now=1, pause=30)
    waiting.add("b0", "b", 9, now=1)
    assert taken(waiting, 1) == ["b0"]
    assert waiting.next_at() == 31
    assert taken(waiting, 31) == ["a1"]


def test_a_pause_longer_than_a_run_waits_leaves_the_rest_for_later():
    waiting = schedule()
    for number in range(3):
        waiting.add(f"a{number}", "a", 0, now=0)
    waiting.add("retry", "a", 0, now=0, delay=5)
    assert waiting.take(0) == ("a", "a0")
    waiting.finished("a", Answered.NOTHING, now=1, pause=LONGEST_PAUSE_SECONDS + 1)
    assert waiting.left() == [("a", "a1"), ("a", "a2"), ("a", "retry")]
    assert waiting.left() == []
    assert waiting.closed_for("a", 2) == LONGEST_PAUSE_SECONDS
    waiting.add("late", "a", 0, now=2)
    assert waiting.left() == [("a", "late")]
    waiting.add("after", "a", 0, now=100)
    assert taken(waiting, 100) == ["after"]


def test_a_run_of_bans_closes_the_host_and_an_answer_in_between_does_not():
    waiting = schedule(at_once=None, ban_after=3)
    for number in range(9):
        waiting.add(f"a{number}", "a", 0, now=0)
    for answered in (Answered.BANS, Answered.BANS, Answered.SERVES, Answered.BANS, Answered.BANS):
        assert waiting.take(0)
        waiting.finished("a", answered, now=0)
    assert waiting.left() == []
    assert waiting.bans("a") == 2
    assert waiting.take(0)
    waiting.finished("a", Answered.BANS, now=0)
    assert [item for _, item in waiting.left()] == ["a6", "a7", "a8"]
    assert waiting.closed_for("a", 0) == 3600


def test_a_delayed_item_waits_for_its_time():
    waiting = schedule()
    waiting.add("again", "a", 0, now=0, delay=2)
    assert taken(waiting, 1.9) == []
    assert not waiting.is_quiet("a")
    assert taken(waiting, 2) == ["again"]
    waiting.finished("a", Answered.SERVES, now=3)
    assert waiting.is_quiet("a")


def test_what_waits_can_be_taken_back_whole():
    waiting = schedule(at_once=1)
    for item in ("a", "b", "c"):
        waiting.add(item, "host", 0, now=0)
    waiting.add("d", "host", 0, now=0, delay=1)
    assert waiting.take(0) == ("host", "a")
    assert sorted(waiting.clear()) == ["b", "c", "d"]
    assert len(waiting) == 0
    assert waiting.next_at() is None


@given(
    at_once=st.one_of(st.none(), st.integers(1, 3)),
    per_second=st.sampled_from([0.0, 0.5, 10.0]),
    ban_after=st.integers(1, 4),
)
def test_limits_of_any_size_let_everything_through_in_the_end(at_once, per_second, ban_after):
    waiting = schedule(at_once, per_second, ban_after)
    items = {f"{host}{number}" for host in "abc" for number in range(4)}
    for item in items:
        waiting.add(item, item[0], 0, now=0, delay=int(item[1]))
    now, done = 0.0, set()
    while len(done) < len(items):
        found = waiting.take(now)
        if found is None:
            later = waiting.next_at()
            assert later is not None
            assert later > now
            now = later
        else:
            done.add(found[1])
            waiting.finished(found[0], Answered.SERVES, now)
    assert done == items
    assert len(waiting) == 0


class Politeness(RuleBasedStateMachine):
    """Whatever happens in whatever order: nothing is lost, nothing comes twice, no limit is passed."""

    under_way = Bundle("under_way")

    def __init__(self) -> None:
        super().__init__()
        self.limits = HostLimits(at_once=2, per_second=4, ban_after=3, ban_seconds=50)
        self.schedule: Schedule[int] = Schedule(self.limits)
        self.now = 0.0
        self.added = 0
        self.ended: list[int] = []
        self.running: dict[int, str] = {}
        self.begun: dict[str, list[float]] = {"a": [], "b": []}
        self.rests: dict[str, float] = {"a": 0.0, "b": 0.0}

    @rule(host=st.sampled_from("ab"), priority=st.sampled_from([1.0, 2.0, math.inf]), delay=st.sampled_from([0, 0, 3]))
    def add(self, host: str, priority: float, delay: float) -> None:
        self.schedule.add(self.added, host, priority, self.now, delay)
        self.added += 1

    @rule(seconds=st.sampled_from([0.1, 0.25, 1, 40]))
    def wait(self, seconds: float) -> None:
        self.now += seconds

    @rule(target=under_way)
    def take(self) -> int | None:
        found = self.schedule.take(self.now)
        if found is None:
            return None
        host, item = found
        assert self.now >= self.rests[host]
        self.begun[host].append(self.now)
        self.running[item] = host
        return item

    @rule(
        item=consumes(under_way),
        answered=st.sampled_from(Answered),
        pause=st.sampled_from([None, None, 0.0, 5.0, 500.0]),
    )
    def finish(self, item: int | None, answered: Answered, pause: float | None) -> None:
        if item is None:
            return
        host = self.running.pop(item)
        self.schedule.finished(host, answered, self.now, pause)
        self.rests[host] = max(self.rests[host], self.now + (pause or 0.0))
        self.ended.append(item)

    @rule()
    def leave(self) -> None:
        for host, item in self.schedule.left():
            assert self.schedule.closed_for(host, self.now - 1000) > 0
            self.ended.append(item)

    @invariant()
    def nothing_is_lost_or_doubled(self) -> None:
        assert len(self.ended) == len(set(self.ended))
        assert len(self.schedule) + len(self.running) + len(self.ended) == self.added

    @invariant()
    def no_limit_is_passed(self) -> None:
        for host in "ab":
            assert list(self.running.values()).count(host) <= 2
            begun = self.begun[host]
            assert all(later - sooner >= 0.25 for sooner, later in itertools.pairwise(begun))

    def teardown(self) -> None:
        """Whatever came before, the rest has its turn: no item is forgotten in a heap."""
        for item, host in list(self.running.items()):
            self.finish_now(item, host)
        while len(self.schedule):
            self.leave()
            found = self.schedule.take(self.now)
            if found is not None:
                self.finish_now(found[1], found[0])
            elif len(self.schedule):
                later = self.schedule.next_at()
                assert later is not None, "something waits, and nothing will wake it"
                self.now = max(self.now, later)
        self.leave()
        self.nothing_is_lost_or_doubled()

    def finish_now(self, item: int, host: str) -> None:
        self.running.pop(item, None)
        self.schedule.finished(host, Answered.SERVES, self.now)
        self.ended.append(item)


TestPoliteness = Politeness.TestCase


@pytest.mark.parametrize("host", ["", "never-seen"])
def test_an_unknown_host_is_quiet_and_open(host):
    waiting = schedule()
    assert waiting.is_quiet(host)
    assert waiting.bans(host) == 0
    assert waiting.closed_for(host, 0) == 0
