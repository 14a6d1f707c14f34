"""Worker processes: what a bad file costs, how workers start, and that none outlives its parent."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from PIL import Image

from media_pipeline.imaging.workers import FactsTask, FailureKind, RenditionTask, Workers, WorkFailure
from media_pipeline.model import FileFacts
from media_pipeline.settings import Settings
from media_pipeline_tests.imaging import misbehaviour, pools, samples
from media_pipeline_tests.patience import PATIENCE_SECONDS, wait_for

REPOSITORY = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def workers() -> Iterator[Workers]:
    with Workers(Settings(media_image_workers=2, media_image_timeout_seconds=PATIENCE_SECONDS)) as running:
        yield running


def pictures(folder: Path, count: int) -> list[FactsTask]:
    tasks = []
    for number in range(count):
        path = folder / f"{number}.png"
        Image.new("RGB", (10 + number, 10)).save(path)
        tasks.append(FactsTask(f"key-{number}", path, "image/png"))
    return tasks


def run(workers: Workers, function: Callable[..., Any], count: int = 1) -> list[Any]:
    """Any function in the place of read_facts, through the same scheduling."""
    tasks = [FactsTask(str(number), Path("unused"), "image/png") for number in range(count)]
    return [result for _, result in workers.map(function, tasks, lambda task: (task.path, task.mime_type))]


def is_running(pid: int) -> bool:
    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE


def test_every_task_comes_back_once_with_its_facts(workers: Workers, tmp_path: Path) -> None:
    tasks = pictures(tmp_path, 30)
    results = dict(workers.map_facts(iter(tasks)))
    assert set(results) == set(tasks)
    for number, task in enumerate(tasks):
        facts = results[task]
        assert isinstance(facts, FileFacts)
        assert facts.width == 10 + number


def test_renditions_come_back_as_files(workers: Workers, tmp_path: Path) -> None:
    path = samples.save_jpeg(tmp_path / "a.jpg", samples.corner_picture())
    task = RenditionTask("key", path, "image/jpeg", samples.RECIPES, tmp_path)
    [(returned, files)] = workers.map_renditions([task])
    assert returned is task
    assert isinstance(files, list)
    assert [file.kind for file in files] == ["optimized", "thumbnail"]
    assert all(file.path.is_file() for file in files)


def test_an_unreadable_file_is_a_value(workers: Workers, tmp_path: Path) -> None:
    good, bad = pictures(tmp_path, 2)
    bad.path.write_bytes(b"not a PNG" + bad.path.read_bytes()[9:])
    results = dict(workers.map_facts([good, bad]))
    failure = results[bad]
    assert isinstance(failure, WorkFailure)
    assert failure.kind is FailureKind.UNREADABLE
    assert failure.blames_file
    assert isinstance(results[good], FileFacts)


def test_a_missing_file_is_not_blamed(workers: Workers, tmp_path: Path) -> None:
    [(_, failure)] = workers.map_facts([FactsTask("key", tmp_path / "absent.png", "image/png")])
    assert isinstance(failure, WorkFailure)
    assert failure.kind is FailureKind.ERROR
    assert not failure.blames_file


def test_a_killed_worker_costs_one_file(workers: Workers, tmp_path: Path) -> None:
    [failure] = run(workers, misbehaviour.kill_own_worker)
    assert isinstance(failure, WorkFailure)
    assert failure.kind is FailureKind.CRASH
    assert "SIGKILL" in failure.error
    assert all(isinstance(facts, FileFacts) for _, facts in workers.map_facts(pictures(tmp_path, 5)))


def test_a_file_whose_worker_died_gets_another(workers: Workers, tmp_path: Path) -> None:
    task = FactsTask("key", tmp_path / "marker", "image/png")
    assert list(workers.map(misbehaviour.kill_own_worker_once, [task], lambda task: (task.path,))) == [(task, "done")]


def test_files_in_flight_when_all_workers_died_are_not_to_blame(workers: Workers, tmp_path: Path) -> None:
    tasks = [FactsTask(str(n), tmp_path / f"marker-{n}", "image/png") for n in range(6)]
    results = workers.map(misbehaviour.kill_own_worker_once, tasks, lambda task: (task.path,))
    assert [result for _, result in results] == ["done"] * 6


def test_a_file_that_takes_too_much_memory_is_refused_and_its_worker_goes_on(tmp_path: Path) -> None:
    with Workers(Settings(media_image_workers=1, media_image_memory_mb=700)) as workers:
        sizes = [FactsTask(size, Path("unused"), size) for size in ("100", "2000", "100")]
        results = dict(workers.map(misbehaviour.ask_for_memory, sizes, lambda task: (task.path, task.mime_type)))
        refused = results.pop(sizes[1])
        assert isinstance(refused, WorkFailure)
        assert (refused.kind, refused.blames_file) == (FailureKind.UNREADABLE, True)
        assert "MEDIA_IMAGE_MEMORY_MB" in refused.error
        assert set(results.values()) == {100_000_000}


def test_an_unforeseen_exception_is_a_value_and_belongs_to_its_file(workers: Workers) -> None:
    [failure] = run(workers, misbehaviour.raise_an_error)
    assert failure == WorkFailure(FailureKind.UNFORESEEN, "unforeseen RuntimeError: a fault of ours")
    assert failure.blames_file


def test_a_file_that_takes_too_long_is_given_up(tmp_path: Path) -> None:
    with Workers(Settings(media_image_workers=1, media_image_timeout_seconds=0.3)) as workers:
        [failure] = run(workers, misbehaviour.sleep_for_an_hour)
        assert isinstance(failure, WorkFailure)
        assert failure.kind is FailureKind.TIMEOUT
        assert "0.3 s" in failure.error


def test_a_worker_killed_while_idle_costs_at_most_what_was_in_flight(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = pools.remembered(monkeypatch)
    with Workers(Settings(media_image_workers=1)) as workers:
        list(workers.map_facts(pictures(tmp_path, 1)))
        before = {child.pid for child in psutil.Process().children(recursive=True)}
        for pid in pools.process_ids(made[0]):
            assert pid in before
            os.kill(pid, signal.SIGKILL)
        wait_for(lambda: not made[0].active)
        assert all(isinstance(facts, FileFacts) for _, facts in workers.map_facts(pictures(tmp_path, 3)))


def test_tasks_are_taken_only_as_needed(workers: Workers, tmp_path: Path) -> None:
    taken = 0

    def endless() -> Iterator[FactsTask]:
        nonlocal taken
        [task] = pictures(tmp_path, 1)
        while True:
            taken += 1
            yield task

    results: Any = workers.map_facts(endless())
    for _ in range(5):
        next(results)
    results.close()
    assert taken < 5 + 2 * 4 + 1


def test_workers_import_nothing_heavy(workers: Workers) -> None:
    assert run(workers, misbehaviour.heavy_modules) == [[]]


def test_workers_serve_a_thread(workers: Workers, tmp_path: Path) -> None:
    found: list[object] = []
    thread = threading.Thread(target=lambda: found.extend(r for _, r in workers.map_facts(pictures(tmp_path, 3))))
    thread.start()
    thread.join(PATIENCE_SECONDS)
    assert len(found) == 3


SCRIPT = """
import os, sys
from pathlib import Path
with open({log!r}, "a") as log:
    log.write(f"main imported by {{os.getpid()}}\\n")
from media_pipeline.imaging.workers import FactsTask, Workers
from media_pipeline.settings import Settings
from media_pipeline_tests.imaging import misbehaviour

def main():
    with Workers(Settings(media_image_workers=2)) as workers:
        {body}

{start}
"""
READ = """
        tasks = [FactsTask(str(n), Path({picture!r}), "image/png") for n in range(6)]
        print(sum(facts.width for _, facts in workers.map_facts(tasks)), flush=True)
"""
HANG = """
        tasks = [FactsTask(str(n), Path({folder!r}), "image/png") for n in range(2)]
        list(workers.map(misbehaviour.name_own_process, tasks, lambda task: (task.path,)))
"""


def write_script(folder: Path, body: str, start: str = "main()") -> list[str]:
    script = folder / "expensive_main.py"
    log = folder / "log.txt"
    script.write_text(SCRIPT.format(log=str(log), body=textwrap.dedent(body).replace("\n", "\n        "), start=start))
    return [sys.executable, str(script)]


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(REPOSITORY)}


@pytest.mark.parametrize(
    "start",
    [
        "main()",
        "import threading; thread = threading.Thread(target=main); thread.start(); thread.join()",
        "import multiprocessing\nif __name__ == '__main__':\n"
        "    child = multiprocessing.get_context('spawn').Process(target=main); child.start(); child.join()",
    ],
    ids=["main thread", "other thread", "spawned child, as the gRPC server of dagster dev starts a run"],
)
def test_workers_do_not_run_the_main_module_again(tmp_path: Path, start: str) -> None:
    [task] = pictures(tmp_path, 1)
    command = write_script(tmp_path, READ.format(picture=str(task.path)), start)
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=PATIENCE_SECONDS, env=environment(), cwd=tmp_path
    )
    assert done.stdout.split() == ["60"], done.stderr
    # The spawned child itself imports the main module again, as spawn does; its workers must not.
    assert len((tmp_path / "log.txt").read_text().splitlines()) == (2 if "spawn" in start else 1)


def test_no_process_starts_before_the_first_file(tmp_path: Path) -> None:
    # In a process of its own: workers of another test may be replaced by new ones in the middle of this one.
    command = write_script(tmp_path, "import psutil; print(psutil.Process().children(recursive=True))")
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=PATIENCE_SECONDS, env=environment(), cwd=tmp_path
    )
    assert done.stdout.strip() == "[]", done.stderr


def start_hanging_workers(folder: Path) -> tuple[subprocess.Popen[bytes], set[int]]:
    """A parent in a session of its own, and every process that it started, its workers busy."""
    names = folder / "workers"
    names.mkdir()
    command = write_script(folder, HANG.format(folder=str(names)))
    parent = subprocess.Popen(command, env=environment(), cwd=folder, start_new_session=True, stderr=subprocess.DEVNULL)
    wait_for(lambda: len(list(names.iterdir())) == 2)
    started = {child.pid for child in psutil.Process(parent.pid).children(recursive=True)}
    assert {int(name.name) for name in names.iterdir()} <= started
    return parent, started


@pytest.mark.parametrize("ending", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
def test_nothing_survives_the_parent(tmp_path: Path, ending: signal.Signals) -> None:
    parent, started = start_hanging_workers(tmp_path)
    try:
        parent.send_signal(ending)
        parent.wait(PATIENCE_SECONDS)
        wait_for(lambda: not any(is_running(pid) for pid in started))
    finally:
        for pid in filter(psutil.pid_exists, started):
            os.kill(pid, signal.SIGKILL)


def test_control_c_for_the_whole_group_ends_everything(tmp_path: Path) -> None:
    parent, started = start_hanging_workers(tmp_path)
    os.killpg(parent.pid, signal.SIGINT)
    parent.wait(PATIENCE_SECONDS)
    wait_for(lambda: not any(is_running(pid) for pid in started))
