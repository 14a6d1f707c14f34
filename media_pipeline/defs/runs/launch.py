"""Runs from a terminal: the same jobs, in this process, recorded in the same Dagster instance.

What belongs here: Dagster's home, and executing a job for partitions. What does not: what is printed (``cli``).
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Generator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import dagster as dg
from dagster._core.definitions.repository_definition import SINGLETON_REPOSITORY_NAME
from dagster._core.events import RunFailureReason
from dagster._core.remote_origin import (
    ManagedGrpcPythonEnvCodeLocationOrigin,
    RemoteJobOrigin,
    RemoteRepositoryOrigin,
)
from dagster._core.types.loadable_target_origin import LoadableTargetOrigin

from media_pipeline.catalog.errors import DriverError, driver_errors
from media_pipeline.defs.partitions import PartitionRange
from media_pipeline.defs.runs.clock import forget_the_future
from media_pipeline.defs.runs.interrupts import log_processes_without_interrupts, noted_interrupts
from media_pipeline.model import MediaPipelineError
from media_pipeline.settings import Settings
from media_pipeline.storage.durable import make_folders, storage_errors
from media_pipeline.storage.held import DEV_LOCK, held

CODE_LOCATION = "media_pipeline.definitions"
"""The module that ``dagster dev`` and the deployments load, by whose name Dagster knows the code location."""

_UNFIT_FOR_DAGSTER = re.compile(r"[?*\[]|%[0-9A-Fa-f]{2}")

_SUPERSEDED = "ignore:Function `dev_command` is superseded"
"""``dg dev``, which Dagster advises, needs another package, and a project of a layout of its own."""

SECONDS_TO_STOP = 30
"""What ``dagster dev`` may take to end by itself; it needs about 5."""
SECONDS_TO_VANISH = 2
"""What killed processes may take to be gone; they need some milliseconds."""


@dataclass(frozen=True, slots=True)
class FinishedRun:
    """How a run ended. ``problems`` are the errors of its steps and its failed checks, a line each."""

    run_id: str
    success: bool
    problems: tuple[str, ...]


class HistoryError(MediaPipelineError):
    """Dagster's history can't be kept where it should be; the text names the folder and says what to do.

    To do: Let DAGSTER_HOME name a folder that can be written and whose path Dagster reads rightly.
    """


def dagster_home(settings: Settings) -> Path:
    """The folder of Dagster's history: DAGSTER_HOME if set, else ``dagster`` under the storage path.

    The latter is given the project's dagster.yaml, so that state is kept between starts without any set-up.
    Raises HistoryError, StorageError.
    """
    if settings.dagster_home:
        home = Path(settings.dagster_home).expanduser().resolve()
        if not home.is_dir():
            raise HistoryError(f"DAGSTER_HOME {home} is no folder; make it, or leave DAGSTER_HOME empty")
    else:
        home = settings.storage_path / "dagster"
    if _UNFIT_FOR_DAGSTER.search(str(home)):
        # Dagster puts the path into a URL and into a glob as it is, where it ends early or names another folder.
        raise HistoryError(
            f"Dagster can't keep its history in {home}: the path holds ?, *, [ or %XX; set DAGSTER_HOME to another one"
        )
    if not settings.dagster_home:
        _set_up(home)
    return home


def _set_up(home: Path) -> None:
    config = home / "dagster.yaml"
    with storage_errors("write", config):
        make_folders(home, 0o700)
        wanted = _embedded_config().read_text()
        if not config.exists() or config.read_text() != wanted:
            config.write_text(wanted)


def _embedded_config() -> Path:
    """The project's dagster.yaml: inside the package in a wheel, beside it in a checkout."""
    package = Path(__file__).parents[2]
    inside = package / "dagster.yaml"
    return inside if inside.exists() else package.parent / "dagster.yaml"


def open_instance(settings: Settings) -> dg.DagsterInstance:
    """The instance that the UI and the daemon use as well. Raises HistoryError, StorageError."""
    home = dagster_home(settings)
    with _history_errors(home, OSError, DriverError, dg.DagsterError):
        instance = dg.DagsterInstance.from_config(str(home))
        forget_the_future(instance)
        return instance


@contextlib.contextmanager
def _history_errors(home: Path | str, *kinds: type[Exception]) -> Generator[None]:
    """What keeps Dagster from reading or writing its history, in one line."""
    try:
        with driver_errors():
            yield
    except kinds as error:
        raise HistoryError(
            f"Dagster's history in {home} can't be used: {_one_line(str(error))}; see that the folder can be written "
            "and the disk is not full, or set DAGSTER_HOME"
        ) from error


def execute(
    definitions: dg.Definitions,
    instance: dg.DagsterInstance,
    job_name: str,
    partitions: PartitionRange | None,
    verbose: bool = False,
) -> FinishedRun:
    """Execute a job in this process, for a range of partitions or for an unpartitioned asset, and wait for its end.

    An error of a step is told in what is returned. Raises HistoryError where the run can't be written down,
    KeyboardInterrupt once the run has ended for it: Dagster makes a failure of it, after which the next would begin.
    """
    one = partitions if partitions and partitions.first == partitions.last else None
    with (
        _history_errors(instance.root_directory, OSError, DriverError),
        _in_code_location(instance, job_name),
        log_processes_without_interrupts(),
        noted_interrupts() as was_interrupted,
    ):
        result = definitions.resolve_job_def(job_name).execute_in_process(
            instance=instance,
            partition_key=one.first.key if one else None,
            tags=partitions.tags if partitions and not one else None,
            raise_on_error=False,
            run_config={"loggers": {"console": {"config": {"log_level": "INFO" if verbose else "CRITICAL"}}}},
        )
        if was_interrupted() or _ended_by_interrupt(result):
            raise KeyboardInterrupt
    return FinishedRun(result.run_id, result.success, tuple(_problems(result)))


@contextlib.contextmanager
def _in_code_location(instance: dg.DagsterInstance, job_name: str) -> Generator[None]:
    """Have runs that begin meanwhile name their code location, as those do that Dagster's UI launches.

    The UI's timeline, its pages of jobs and its filters leave out runs without one, and ``execute_in_process`` has no
    parameter for it.
    """
    target = LoadableTargetOrigin(executable_path=sys.executable, module_name=CODE_LOCATION)
    location = ManagedGrpcPythonEnvCodeLocationOrigin(target, CODE_LOCATION)
    origin = RemoteJobOrigin(RemoteRepositoryOrigin(location, SINGLETON_REPOSITORY_NAME), job_name)
    own = vars(instance)
    own["create_run_for_job"] = partial(instance.create_run_for_job, remote_job_origin=origin)
    try:
        yield
    finally:
        del own["create_run_for_job"]


def run_dev_server(settings: Settings, host: str, port: int) -> int:
    """Run ``dagster dev`` until it ends or is interrupted, and leave no process behind; return its exit code.

    It starts children that outlive a SIGTERM to their parent, so it gets a session of its own, which is ended whole.
    Raises KeyboardInterrupt once all of it has ended for a Ctrl-C.
    """
    interrupted = threading.Event()
    heard: list[int] = []

    def hear(number: int, _frame: object) -> None:
        heard.append(number)
        interrupted.set()

    # Before the start: a shell's background job ignores SIGINT, and so would a child that inherits that.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, hear)
    with open_instance(settings):
        pass
    home = dagster_home(settings)
    with contextlib.ExitStack() as stack:
        with storage_errors("write", home / DEV_LOCK):
            stack.enter_context(held(home / DEV_LOCK))
        code = _run_server(home, host, port, interrupted)
    if signal.SIGINT in heard:
        raise KeyboardInterrupt
    return code


def _run_server(home: Path, host: str, port: int, interrupted: threading.Event) -> int:
    command = [sys.executable, "-W", _SUPERSEDED, "-m", "dagster", "dev", "-m", CODE_LOCATION]
    server = subprocess.Popen(
        [*command, "-h", host, "-p", str(port)],
        env={**os.environ, "DAGSTER_HOME": str(home)},
        start_new_session=True,
    )
    try:
        while server.poll() is None and not interrupted.wait(0.5):
            pass
        if server.poll() is None:
            server.send_signal(signal.SIGINT)
        return server.wait(SECONDS_TO_STOP)
    except subprocess.TimeoutExpired:
        return 1
    finally:
        _end_group(server.pid)


def _end_group(group: int) -> None:
    """Kill every process of a group and wait until none is left: the system takes a moment for each.

    Not for long: where nobody reaps them, as in a container without an init, the dead stay in their group.
    """
    until = time.monotonic() + SECONDS_TO_VANISH
    with contextlib.suppress(ProcessLookupError):
        while time.monotonic() < until:
            os.killpg(group, signal.SIGKILL)
            time.sleep(0.05)


def _ended_by_interrupt(result: dg.ExecuteInProcessResult) -> bool:
    return any(
        event.job_failure_data.failure_reason is RunFailureReason.UNEXPECTED_TERMINATION
        for event in result.all_events
        if event.event_type is dg.DagsterEventType.RUN_FAILURE
    )


def _problems(result: dg.ExecuteInProcessResult) -> list[str]:
    problems: list[str] = []
    for event in result.all_events:
        if event.is_step_failure:
            error = event.step_failure_data.error
            cause = error.cause if error and error.cause else error
            problems.append(f"{event.step_key}: {_one_line(cause.message) if cause else 'failed'}")
    problems += [
        f"{check.asset_key.to_user_string()}: check {check.check_name} failed for {check.partition}"
        for check in result.get_asset_check_evaluations()
        if not check.passed and check.severity == dg.AssetCheckSeverity.ERROR
    ]
    return problems


def _one_line(message: str) -> str:
    return " ".join(message.split())
