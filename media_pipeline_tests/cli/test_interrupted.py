"""Ctrl-C in the middle of a command, on both databases."""

from __future__ import annotations

import contextlib
import itertools
import json
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import dagster as dg
import pytest

from media_pipeline.cli import INTERRUPTED, session
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
            process = subprocess.Popen(
                [sys.executable, "-m", "media_pipeline.cli", "ingest", str(path), "-p", "twitter"],
                env=shell.environment,
                cwd=library.folder,
                stdout=printed,
                stderr=printed,
                preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler) and None,
            )
            # By then at least so many have come, and others are under way.
            wait_for(lambda: process.poll() is not None or len(host.requests) > AT_ONCE)
            process.send_signal(signal.SIGINT)
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
    with pytest.raises(KeyboardInterrupt):
        session.run(library.settings, PLAIN.whole, ranges_of(days), verbose=False)
    with open_instance(library.settings) as instance:
        (run,) = instance.get_runs()
    assert run.status is dg.DagsterRunStatus.FAILURE


@pytest.mark.parametrize("seconds", [0.5, 1.0])
def test_ctrl_c_while_a_command_is_being_loaded_is_one_line(tmp_path: Path, seconds: float) -> None:
    """Interrupted where imports take their time, whichever import that is."""
    program = (
        "import os, signal, sys, threading\n"
        f"threading.Timer({seconds}, os.kill, (os.getpid(), signal.SIGINT)).start()\n"
        "sys.argv = ['media-pipeline', 'extract', 'nothing.json']\n"
        "from media_pipeline.cli import main\n"
        "import builtins, time\n"
        "found = builtins.__import__\n"
        "def slowly(name, *args, **kwargs):\n"
        "    if name == 'media_pipeline.cli.app': time.sleep(60)\n"
        "    return found(name, *args, **kwargs)\n"
        "builtins.__import__ = slowly\n"
        "main()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE_SECONDS,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler) and None,
    )
    assert (done.stderr, done.returncode) == ("error: interrupted\n", INTERRUPTED)
