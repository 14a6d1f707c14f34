"""Where the output of a command can't go: one line says so, and the work is done all the same."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from media_pipeline_tests.cli.shell import Shell
from media_pipeline_tests.faulty_host import FaultyHost
from media_pipeline_tests.library import Library, picture
from media_pipeline_tests.patience import PATIENCE_SECONDS

FULL = Path("/dev/full")

pytestmark = pytest.mark.skipif(not FULL.is_char_device(), reason="this machine has no /dev/full")


@pytest.fixture
def shell(library: Library) -> Shell:
    shell = Shell(library)
    shell.run("migrate")
    return shell


def run(shell: Shell, *arguments: str, **streams: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "media_pipeline.cli", *arguments]
    return subprocess.run(
        command,
        check=False,
        text=True,
        env=shell.environment,
        cwd=shell.library.folder,
        timeout=PATIENCE_SECONDS,
        **streams,  # type: ignore[call-overload]
    )


@pytest.mark.parametrize(
    "arguments", [["stats"], ["stats", "--json"], ["list", "--json"], ["--version"], ["--help"]], ids=" ".join
)
def test_a_command_whose_output_finds_a_full_disk_says_so_in_one_line(shell: Shell, arguments: list[str]) -> None:
    with FULL.open("w") as full:
        done = run(shell, *arguments, stdout=full, stderr=subprocess.PIPE)
    assert done.returncode == 1
    assert [line for line in done.stderr.splitlines() if not line.startswith("note:")] == [
        "error: standard output took no more: No space left on device; what was done is kept"
    ]


def test_rows_that_find_a_full_disk_are_no_success_and_cost_no_request_twice(
    shell: Shell, host: FaultyHost, tmp_path: Path
) -> None:
    table = tmp_path / "urls.csv"
    table.write_text(f"url\n{host.serve('/a.jpg', picture(1))}\n")
    with FULL.open("w") as full:
        assert run(shell, "fetch", "--csv", str(table), stdout=full, stderr=subprocess.PIPE).returncode == 1
    assert run(shell, "fetch", "--csv", str(table), stdout=subprocess.PIPE).returncode == 0
    assert len(host.requests) == 1


def test_a_command_whose_reader_has_gone_ends_without_a_word(shell: Shell) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w") as pipe:
        done = run(shell, "stats", stdout=pipe, stderr=subprocess.PIPE)
    assert (done.returncode, [line for line in done.stderr.splitlines() if not line.startswith("note:")]) == (1, [])


def test_a_command_does_its_work_when_nobody_can_see_its_notes(shell: Shell, host: FaultyHost) -> None:
    url = host.serve("/a.jpg", picture(1))
    with FULL.open("w") as full:
        done = run(shell, "fetch", url, stdout=subprocess.PIPE, stderr=full)
    assert (done.returncode, "stored" in done.stdout) == (0, True)


def test_a_command_works_with_its_output_closed(shell: Shell) -> None:
    done = run(shell, "stats", preexec_fn=lambda: os.close(1), stderr=subprocess.PIPE)
    assert (done.returncode, [line for line in done.stderr.splitlines() if not line.startswith("note:")]) == (0, [])
