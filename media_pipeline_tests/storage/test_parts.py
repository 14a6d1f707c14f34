"""Files that appear whole beside others, and what is left of those that did not."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from media_pipeline.storage.parts import part_of, remove_abandoned_parts
from media_pipeline_tests.patience import PATIENCE_SECONDS

HOLDS_A_PART = """
import sys, time
from pathlib import Path
from media_pipeline.storage.parts import part_of
with part_of(Path(sys.argv[1])) as part:
    part.write_bytes(b"half")
    print(part, flush=True)
    time.sleep(3600)
"""


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_part_appears_at_its_place_when_it_is_whole_and_replaces_what_was_there(tmp_path: Path) -> None:
    target = tmp_path / "a.txt"
    target.write_text("old")
    with part_of(target) as part:
        part.write_text("new")
        assert target.read_text() == "old"
    assert (names(tmp_path), target.read_text()) == (["a.txt"], "new")


def test_a_part_that_fails_leaves_nothing_and_changes_nothing(tmp_path: Path) -> None:
    target = tmp_path / "a.txt"
    target.write_text("old")
    with pytest.raises(ZeroDivisionError), part_of(target) as part:
        part.write_text("new")
        raise ZeroDivisionError
    assert (names(tmp_path), target.read_text()) == (["a.txt"], "old")


def test_a_part_may_wait_in_another_folder(tmp_path: Path) -> None:
    (tmp_path / "below").mkdir()
    with part_of(tmp_path / "below" / "a.txt", tmp_path) as part:
        assert part.parent == tmp_path
    assert names(tmp_path / "below") == ["a.txt"]


def test_the_part_of_a_killed_process_is_removed_and_that_of_a_living_one_is_not(tmp_path: Path) -> None:
    (tmp_path / ".media-pipeline-0123.part").write_text("of somebody else")
    (tmp_path / ".media-pipeline-0123456789abcdef.part").mkdir()
    strange = names(tmp_path)
    command = [sys.executable, "-c", HOLDS_A_PART, str(tmp_path / "a.txt")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        part = Path(process.stdout.readline().strip())
        remove_abandoned_parts(tmp_path)
        assert part.read_bytes() == b"half"
        os.kill(process.pid, signal.SIGKILL)
        process.wait(PATIENCE_SECONDS)
    remove_abandoned_parts(tmp_path)
    assert names(tmp_path) == strange
