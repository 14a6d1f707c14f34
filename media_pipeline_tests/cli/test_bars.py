"""What a person sees of a run in a terminal, which is a real one here."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import pytest

from media_pipeline_tests.cli.shell import Shell
from media_pipeline_tests.faulty_host import FaultyHost
from media_pipeline_tests.library import Library, picture, tweet

PICTURES = 30


@pytest.mark.slow
def test_bars_move_while_a_stage_of_a_run_works(library: Library, host: FaultyHost, tmp_path: Path) -> None:
    """Dagster takes standard error's descriptor for the time of a run."""
    export = tmp_path / "a.json"
    urls = [host.serve(f"/{n}.jpg", picture(n, 1600 + n, 1200)) for n in range(PICTURES)]
    export.write_text(json.dumps([tweet(n, url) for n, url in enumerate(urls)]))
    shown = _on_a_terminal(Shell(library), "ingest", str(export), "-p", "twitter")
    numbers = re.findall(rf"renditions \W+\s*(\d+)/{PICTURES} ", shown)
    steps = {int(number) for number in numbers}
    assert len(steps) > 2, "more than none and all"
    assert max(steps) == PICTURES
    assert "/s" in shown


def test_a_list_on_a_narrow_terminal_breaks_no_id_and_no_url(library: Library, host: FaultyHost) -> None:
    url = host.serve(f"/{'long' * 30}.jpg", picture(1))
    library.land("a.json", [tweet(1, url)])
    library.run()
    shell = Shell(library, COLUMNS="80")
    (row,) = shell.json("list")
    lines = [line.strip() for line in _on_a_terminal(shell, "list").splitlines()]
    assert {row["media_id"], url} <= set(lines)


def _on_a_terminal(shell: Shell, *arguments: str) -> str:
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "media_pipeline.cli", *arguments],
        env={**shell.environment, "TERM": "xterm", "LINES": "40"},
        cwd=shell.library.folder,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    shown = bytearray()
    try:
        while piece := os.read(ours, 65536):
            shown += piece
    except OSError:
        # The other end is closed.
        pass
    finally:
        os.close(ours)
    assert process.wait() == 0, shown.decode()
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown.decode())
