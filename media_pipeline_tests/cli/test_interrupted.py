"""Ctrl-C in the middle of a command, on both databases."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from media_pipeline.cli import session
from media_pipeline.cli.interruption import INTERRUPTED
from media_pipeline.defs.naming import PLAIN
from media_pipeline.defs.partitions import ranges_of
from media_pipeline.defs.runs.launch import open_instance
from media_pipeline.model import ImportPartition
from media_pipeline_tests.cli.shell import Shell
from media_pipeline_tests.faulty_host import Exchange, FaultyHost, Gate
from media_pipeline_tests.library import DAY, Library, picture, tweet
from media_pipeline_tests.patience import PATIENCE_SECONDS, wait_for

MEDIA = 40
SECONDS_TO_NOTICE = 5
AT_ONCE = 10
"""How many pictures the host gives without a wait."""


@pytest.mark.usefixtures("either_database")
def test_ctrl_c_in_mid_run_and_again_ends_the_same(library: Library, host: FaultyHost, tmp_path: Path) -> None:
    with Gate() as gate:
        turns = itertools.count()

        def first_at_once(exchange: Exchange) -> None:
            exchange.serve() if next(turns) < AT_ONCE else gate(exchange)

        urls = [host.serve(f"/{n}.jpg", picture(n), fault=first_at_once) for n in range(MEDIA)]
        path = tmp_path / "slow.json"
        path.write_text(json.dumps([tweet(n, url) for n, url in enumerate(urls)]))
        shell = Shell(library, MEDIA_TIMEOUT_SECONDS=str(PATIENCE_SECONDS))
        with (tmp_path / "printed").open("w+") as printed:
            # A terminal sends the signal to the whole group: processes that Dagster starts are in it, or are not.
            process = subprocess.Popen(
                [sys.executable, "-m", "media_pipeline.cli", "ingest", str(path), "-p", "twitter"],
                env=shell.environment,
                cwd=library.folder,
                stdout=printed,
                stderr=printed,
                process_group=0,
                preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler) and None,
            )
            # By then at least so many have come, and others are under way.
            wait_for(lambda: process.poll() is not None or len(host.requests) > AT_ONCE)
            os.killpg(process.pid, signal.SIGINT)
            # What is under way is awaited. Should the signal take its time, others come, and are let in later.
            while process.poll() is None:
                gate.let_in()
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(SECONDS_TO_NOTICE)
            said = (tmp_path / "printed").read_text()
            assert process.returncode == INTERRUPTED, said
            assert "interrupted: what has come is kept" in said
            assert "Traceback" not in said
        asked = [request.path for request in host.requests]
        assert len(asked) < MEDIA
    summary = shell.json("ingest", str(path), "-p", "twitter")
    assert summary["stored"] == MEDIA
    assert sorted(request.path for request in host.requests) == sorted(f"/{n}.jpg" for n in range(MEDIA)), (
        "what had come before was written down, and nothing was fetched twice"
    )


def test_after_ctrl_c_no_further_range_is_begun(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    """Dagster makes a failed run of it; the ranges that were to follow were run all the same."""

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    days = [ImportPartition(DAY, "twitter"), ImportPartition(DAY + timedelta(days=5), "twitter")]
    for day in days:
        library.land("a.json", [tweet(1)], day)
    monkeypatch.setattr("media_pipeline.defs.assets.read_posts", interrupted)
    with pytest.raises(session.WorkInterrupted):
        session.run(library.settings, PLAIN.whole, ranges_of(days), verbose=False)
    with open_instance(library.settings) as instance:
        (run,) = instance.get_runs()
    assert run.status is dg.DagsterRunStatus.FAILURE


def ended(program: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """How a program ends that interrupts itself."""
    return subprocess.run(
        [sys.executable, "-c", program],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE_SECONDS,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler) and None,
    )


@pytest.mark.parametrize("imported", [1, 100, 400, 800])
def test_ctrl_c_while_a_command_is_being_loaded_is_one_line(tmp_path: Path, imported: int) -> None:
    """Interrupted where imports take their time, whichever import that is."""
    program = (
        "import builtins, itertools, signal, sys, time\n"
        "sys.argv = ['media-pipeline', 'extract', 'nothing.json']\n"
        "from media_pipeline.cli import main\n"
        "found, turns = builtins.__import__, itertools.count()\n"
        "def interrupted(name, *args, **kwargs):\n"
        f"    if next(turns) == {imported}: signal.raise_signal(signal.SIGINT)\n"
        "    return found(name, *args, **kwargs)\n"
        "builtins.__import__ = interrupted\n"
        "main()\n"
    )
    done = ended(program, tmp_path)
    assert (done.stderr, done.returncode) == ("error: interrupted\n", INTERRUPTED)


DROPPED_IN = {
    "a destructor": "class It:\n    def __del__(self): signal.raise_signal(signal.SIGINT)\nit = It(); del it\n",
    "a weak reference's callback": (
        "class It: pass\nit = It()\nway = weakref.ref(it, lambda _: signal.raise_signal(signal.SIGINT)); del it\n"
    ),
    "a garbage collection": "gc.callbacks.append(lambda *_: signal.raise_signal(signal.SIGINT)); gc.collect(0)\n",
}


@pytest.mark.parametrize("place", DROPPED_IN)
def test_ctrl_c_that_python_drops_comes_again(tmp_path: Path, place: str) -> None:
    """In a destructor and its like, Python prints what is raised, and goes on: a command went on for minutes."""
    program = (
        "import gc, signal, time, weakref\n"
        "from media_pipeline.cli import interruption\n"
        "try:\n"
        "    interruption.listen()\n"
        f"    exec({DROPPED_IN[place]!r})\n"
        "    gc.callbacks.clear()\n"
        f"    time.sleep({PATIENCE_SECONDS})\n"
        "except KeyboardInterrupt:\n"
        "    interruption.end('heard')\n"
    )
    done = ended(program, tmp_path)
    assert (done.stderr, done.returncode) == ("heard", INTERRUPTED)


def test_ctrl_c_in_a_command_that_only_reads_promises_nothing(library: Library) -> None:
    library.land("a.json", [tweet(1)])
    library.run()
    with pytest.raises(KeyboardInterrupt), session.open_stage(library.settings, writes=False):
        raise KeyboardInterrupt
    with pytest.raises(session.WorkInterrupted), session.open_stage(library.settings):
        raise KeyboardInterrupt


def test_ctrl_c_behind_the_last_step_of_a_run_is_not_forgotten(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Dagster holds it back there, and forgets it: the run was a success, and the next range was begun."""
    days = [ImportPartition(DAY, "twitter"), ImportPartition(DAY + timedelta(days=5), "twitter")]
    for day in days:
        library.land("a.json", [tweet(1)], day)
    written: list[str] = []

    def handled(_: dg.DagsterInstance, event: dg.EventLogEntry, **_options: Any) -> None:
        if event.dagster_event_type is dg.DagsterEventType.RUN_SUCCESS:
            written.append(event.run_id)
            signal.raise_signal(signal.SIGINT)
        stored(_, event, **_options)

    stored = dg.DagsterInstance.handle_new_event
    monkeypatch.setattr(dg.DagsterInstance, "handle_new_event", handled)
    with pytest.raises(session.WorkInterrupted):
        session.run(library.settings, PLAIN.whole, ranges_of(days), verbose=False)
    assert len(written) == 1
