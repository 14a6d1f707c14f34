"""Debian's clamd with a signature of the tests' own, and something that only pretends to be one."""

from __future__ import annotations

import shutil
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from media_pipeline_tests.patience import PATIENCE_SECONDS

INFECTION = b"this stands for a virus of the tests' own making"
STREAM_MAX_BYTES = 2_000_000
FILE_MAX_BYTES = 1_000_000
_PROGRAM = shutil.which("clamd", path="/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin")
MISSING = None if _PROGRAM else "clamd is not installed (Debian: clamav-daemon)"


@dataclass(frozen=True, slots=True)
class Clamd:
    """A running clamd, by both ways that lead to it."""

    tcp_url: str
    unix_url: str


@contextmanager
def clamd() -> Iterator[Clamd]:
    """Started in the foreground with a configuration and a database of its own, ended with the block."""
    # Not below pytest's folder: a socket's path has at most 107 bytes.
    with tempfile.TemporaryDirectory(prefix="clamd-") as name:
        folder = Path(name)
        port = _free_port()
        database = folder / "signatures"
        database.mkdir()
        (database / "tests.ndb").write_text(f"Tests.MadeUp:0:*:{INFECTION.hex()}\n")
        lines = {
            "Foreground": "yes",
            "DatabaseDirectory": database,
            "TemporaryDirectory": folder,
            "LocalSocket": folder / "clamd.ctl",
            "TCPSocket": port,
            "TCPAddr": "127.0.0.1",
            "StreamMaxLength": STREAM_MAX_BYTES,
            "MaxFileSize": FILE_MAX_BYTES,
            "AlertExceedsMax": "yes",
        }
        config = folder / "clamd.conf"
        config.write_text("".join(f"{key} {value}\n" for key, value in lines.items()))
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen([str(_PROGRAM), f"--config-file={config}"], stdout=log, stderr=log)
        try:
            _wait_until_it_listens(process, port, folder / "log")
            yield Clamd(f"tcp://127.0.0.1:{port}", f"unix://{folder / 'clamd.ctl'}")
        finally:
            process.terminate()
            process.wait(PATIENCE_SECONDS)


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


def _wait_until_it_listens(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    for _ in range(600):
        if process.poll() is not None:
            raise RuntimeError(f"clamd ended: {log.read_text()}")
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError("clamd does not listen")


@contextmanager
def pretender(talk: Callable[[socket.socket], None]) -> Iterator[str]:
    """The URL of a server that answers each connection with ``talk``, then hangs up."""
    listening = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            with connection:
                try:
                    talk(connection)
                except OSError:
                    continue

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield f"tcp://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        # Closing alone would not wake a thread that waits in accept().
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        thread.join()
