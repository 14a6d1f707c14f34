"""What a test lets another process do with a catalogue: ``python processes.py ACTION URL [NAME] [COUNT]``.

Each says ``ready`` when it has loaded everything, waits for a line, and begins.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, date, datetime

from media_pipeline.catalog import imports, posts
from media_pipeline.catalog.database import Database
from media_pipeline.catalog.posts import SeenPost
from media_pipeline.model import ImportPartition, KnownBy, Locator, Observation, Post
from media_pipeline_tests.patience import PATIENCE_SECONDS

DAY = date(2026, 11, 1)


def open_new(url: str) -> None:
    """Open a database that may not have the schema yet."""
    with closing(Database(url)) as database:
        if database.is_sqlite:
            database.ensure_schema()
        else:
            database.migrate()


def write(url: str, name: str, count: str) -> None:
    """Many small transactions: each one post of our own, and one that every other process writes too."""
    with closing(Database(url)) as database:
        for number in range(int(count)):
            with database.write() as connection:
                import_id = f"{number:064}"
                begun = imports.begin(connection, import_id, f"{number}.json", ImportPartition(DAY, "twitter"), 1, 1)
                batch = [_seen(f"{name}-{number}"), _seen(f"shared-{number}")]
                posts.upsert(connection, batch, begun)


def _seen(native_id: str) -> SeenPost:
    post = Post(platform="twitter", native_id=native_id, raw={"id": native_id}, locator=Locator(line=1))
    return SeenPost(post, Observation(datetime(2026, 1, 1, tzinfo=UTC), KnownBy.NEWEST), media=0)


def hold(url: str, name: str) -> None:
    """Hold a lock until killed."""
    with closing(Database(url)) as database, database.exclusive(name):
        print("held", flush=True)
        time.sleep(600)


ACTIONS = {"open": open_new, "write": write, "hold": hold}


@contextmanager
def started(action: str, url: str, *arguments: Sequence[str]) -> Iterator[list[subprocess.Popen[str]]]:
    """A process for each sequence of arguments, begun together; what is left at the end is killed."""
    commands = [[sys.executable, __file__, action, url, *one] for one in arguments]
    processes = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for command in commands
    ]
    try:
        for process in processes:
            assert process.stdout and process.stdout.readline() == "ready\n", process.communicate()[1]
        for process in processes:
            assert process.stdin
            process.stdin.write("\n")
            process.stdin.flush()
        yield processes
    finally:
        for process in processes:
            process.kill()
            process.communicate()


def finish(processes: Sequence[subprocess.Popen[str]]) -> list[tuple[int, str]]:
    """Wait for their ends: (exit code, last line of standard error)."""
    ends: list[tuple[int, str]] = []
    for process in processes:
        _, errors = process.communicate(timeout=PATIENCE_SECONDS)
        ends.append((process.returncode, errors.strip().rpartition("\n")[2]))
    return ends


if __name__ == "__main__":
    print("ready", flush=True)
    sys.stdin.readline()
    ACTIONS[sys.argv[1]](*sys.argv[2:])
