"""How far work is: what stages say of it, and the lines and bars that are made of that."""

from __future__ import annotations

import io
from collections.abc import Iterator

import pytest

from media_pipeline.cli import terminal
from media_pipeline.stages.progress import LineProgress, Progress, describe
from media_pipeline_tests.faulty_host import FaultyHost
from media_pipeline_tests.library import STAGES, TWITTER, Library, picture, tweet

PICTURES = 4


class Listening(Progress):
    """Keeps what it hears: work, how many are done, and of how many."""

    def __init__(self) -> None:
        super().__init__()
        self.heard: dict[str, list[tuple[int, int | None]]] = {}

    def show(self, what: str, done: int, total: int | None, seconds: float, ended: bool = False) -> None:
        if not ended:
            self.heard.setdefault(what, []).append((done, total))


class Clock:
    """A monotonic clock that goes on when it is told to."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 100.0
        monkeypatch.setattr("media_pipeline.stages.progress.time.monotonic", lambda: self.now)


@pytest.mark.parametrize("what", ["downloads", "facts", "near duplicates", "renditions", "archive"])
def test_every_stage_says_of_each_file_that_it_is_done_and_how_many_there_are(
    said_by_the_stages: dict[str, list[tuple[int, int | None]]], what: str
) -> None:
    said = said_by_the_stages[what]
    steps = [done for done, _ in said]
    assert steps == sorted(steps)
    assert said[-1] == (PICTURES, PICTURES)
    if what not in ("near duplicates", "downloads"):
        assert set(range(PICTURES)) <= set(steps), "no step from nothing to the end"


@pytest.fixture(scope="module")
def said_by_the_stages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, list[tuple[int, int | None]]]]:
    with FaultyHost() as host:
        library = Library(tmp_path_factory.mktemp("progress"), media_allowed_hosts=(host.address,))
        urls = [host.serve(f"/{n}.jpg", picture(n, 200 + n, 150)) for n in range(PICTURES)]
        library.land("a.json", [tweet(n, url) for n, url in enumerate(urls)])
        listening = Listening()
        with library.open(progress=listening) as context:
            for stage in STAGES:
                stage(context, (TWITTER,))
        yield listening.heard


def test_lines_come_every_few_seconds_however_many_steps_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, lines = Clock(monkeypatch), list[str]()
    progress = LineProgress(lines.append, every_seconds=5)
    with progress.of("facts", 10_000):
        for _ in range(1000):
            clock.now += 0.25
            progress.advance(10)
    assert lines[0] == "facts: 200/10000, 40.0/s, 245 s left"
    assert lines[-1] == "facts: 10000/10000, 40.0/s"
    assert len(lines) == 51


@pytest.mark.parametrize(("also_short", "number"), [(True, 1), (False, 0)])
def test_work_that_was_short_is_said_to_have_ended_where_that_is_wanted(
    monkeypatch: pytest.MonkeyPatch, also_short: bool, number: int
) -> None:
    clock, lines = Clock(monkeypatch), list[str]()
    progress = LineProgress(lines.append, also_short=also_short)
    with progress.of("posts"):
        clock.now += 1
        progress.advance(3)
    assert lines == ["posts: 3, 3.0/s"][:number]


def test_the_total_grows_with_each_page_of_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    progress = Listening()
    with progress.of("archive"):
        for page in ("ab", "c"):
            progress.expect(len(page))
            list(progress.each(page))
    assert progress.heard["archive"] == [(0, None), (0, 2), (1, 2), (2, 2), (2, 3), (3, 3)]


def test_a_line_without_a_total_has_no_time_left() -> None:
    assert describe("posts", 500, None, 10.0) == "posts: 500, 50.0/s"


def test_a_terminal_shows_one_bar_for_each_kind_of_work_with_its_rate(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = io.StringIO()
    console = terminal._Plain(file=shown, force_terminal=True, force_interactive=True, width=120, highlight=False)
    monkeypatch.setattr(terminal, "err", console)
    clock = Clock(monkeypatch)
    with terminal.progress() as progress:
        for _ in range(2):
            with progress.of("facts", 4):
                for _ in range(3):
                    clock.now += 1
                    progress.advance()
    last = shown.getvalue().rpartition("facts")[2]
    assert "3/3" in last
    assert "1.0/s" in last
    assert shown.getvalue().splitlines()[-1].count("facts") <= 1


def test_where_no_terminal_is_short_work_prints_nothing_and_long_work_a_few_lines(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shown = io.StringIO()
    monkeypatch.setattr(terminal, "err", terminal._Plain(file=shown, width=80))
    clock = Clock(monkeypatch)
    with terminal.progress() as progress:
        with progress.of("posts"):
            clock.now += 20
            progress.advance()
        assert shown.getvalue() == ""
        with progress.of("facts", 100):
            for _ in range(100):
                clock.now += 1
                progress.advance()
    lines = shown.getvalue().splitlines()
    assert lines == [
        "facts: 30/100, 1.0/s, 70 s left",
        "facts: 60/100, 1.0/s, 40 s left",
        "facts: 90/100, 1.0/s, 10 s left",
        "facts: 100/100, 1.0/s",
    ]
