"""`media-pipeline dev` as a user runs it, with the daemon, and GraphQL as its UI speaks it."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import psutil
import requests

from media_pipeline_tests.library import Library
from media_pipeline_tests.patience import PATIENCE_SECONDS, wait_for

LAUNCH = """mutation($params: LaunchBackfillParams!) { launchPartitionBackfill(backfillParams: $params) {
  __typename ... on LaunchBackfillSuccess { backfillId } ... on PythonError { message } } }"""
BACKFILL = """query($id: String!) { partitionBackfillOrError(backfillId: $id) {
  ... on PartitionBackfill { status runs(limit: 100) { id status } } } }"""
RUNS = "{ runsOrError { ... on Runs { results { id status tags { key value } } } } }"
ASSETS = ("raw_posts", "media_manifest", "cached_media", "dedup_report", "renditions", "s3_archive")


class DevServer:
    """A running server."""

    def __init__(self, process: subprocess.Popen[bytes], port: int) -> None:
        self.process = process
        self.url = f"http://127.0.0.1:{port}"

    def ask(self, query: str, **variables: Any) -> Any:
        answer = requests.post(
            f"{self.url}/graphql", json={"query": query, "variables": variables}, timeout=PATIENCE_SECONDS
        ).json()
        assert "errors" not in answer, answer
        return answer["data"]

    def runs(self) -> list[dict[str, Any]]:
        return self.ask(RUNS)["runsOrError"]["results"]

    def backfill(self, partitions: Sequence[str]) -> dict[str, Any]:
        """Launch a backfill of all six assets, as the UI's dialog does, and wait for its end."""
        params = {"assetSelection": [{"path": [name]} for name in ASSETS], "partitionNames": list(partitions)}
        launched = self.ask(LAUNCH, params=params)["launchPartitionBackfill"]
        assert launched["__typename"] == "LaunchBackfillSuccess", launched

        def ended() -> dict[str, Any] | None:
            state = self.ask(BACKFILL, id=launched["backfillId"])["partitionBackfillOrError"]
            return None if state["status"] in ("REQUESTED", "CANCELING") else state

        # Dagster writes ten events for each date, and each takes a tenth of a second on a busy machine.
        return wait_for(ended, pause=0.5, patience=PATIENCE_SECONDS + 3 * len(partitions))

    def processes(self) -> list[psutil.Process]:
        """Webserver, daemon, code servers, and runs with what they started."""
        return psutil.Process(self.process.pid).children(recursive=True)

    def lose_power(self) -> None:
        """End everything at once, as a power cut does."""
        everything = [psutil.Process(self.process.pid), *self.processes()]
        for process in everything:
            process.suspend()
        for process in everything:
            process.kill()
        self.process.wait(PATIENCE_SECONDS)

    def stop(self) -> None:
        self.process.send_signal(signal.SIGINT)
        self.process.wait(PATIENCE_SECONDS)


@contextmanager
def dev_server(library: Library, **environment: str) -> Iterator[DevServer]:
    """Start the server for a library, and end it with Ctrl-C; nothing of it may be left then."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    settings = {
        "MEDIA_STORAGE_PATH": str(library.storage),
        "MEDIA_IMPORT_PATH": str(library.settings.import_path),
        "MEDIA_ALLOWED_HOSTS": ",".join(library.settings.media_allowed_hosts),
        **environment,
    }
    library.folder.mkdir(parents=True, exist_ok=True)
    with (library.folder / "dev.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "media_pipeline.cli", "dev", "--port", str(port)],
            env={**os.environ, **settings},
            cwd=library.folder,
            stdout=log,
            stderr=log,
        )
        server = DevServer(process, port)
        children: list[psutil.Process] = []
        try:
            wait_for(lambda: _answers(server))
            yield server
        finally:
            with contextlib.suppress(psutil.NoSuchProcess):
                children = server.processes()
            server.stop()
    _, left = psutil.wait_procs([child for child in children if not _is_zombie(child)], timeout=PATIENCE_SECONDS)
    assert left == [], "the server leaves no process behind"


def _is_zombie(process: psutil.Process) -> bool:
    with contextlib.suppress(psutil.NoSuchProcess):
        return process.status() == psutil.STATUS_ZOMBIE
    return True


def _answers(server: DevServer) -> bool:
    assert server.process.poll() is None, "the server ended; see dev.log"
    try:
        return requests.get(f"{server.url}/server_info", timeout=PATIENCE_SECONDS).ok
    except requests.RequestException:
        return False
