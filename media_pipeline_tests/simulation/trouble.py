"""What befalls a run: it is killed, its disk is full, or its database is gone for a moment, at a counted point.

What belongs here: doing that to the process that calls :meth:`Trouble.begin`. It can't be undone: use it in a process
of its own.
"""

from __future__ import annotations

import errno
import io
import os
import random
import signal
import sqlite3
import threading
from dataclasses import dataclass
from typing import Any

import psycopg2
import sqlalchemy as sa
from sqlalchemy import event

from media_pipeline.fetch import body

FILE_CALLS = ("write", "fsync", "rename", "unlink")
STATEMENTS_LOST = 3
"""So many in a row fail while the database is gone."""


@dataclass(frozen=True)
class Trouble:
    """``kind`` at the ``after``-th call of ``call``: write, fsync, rename, unlink or statement."""

    kind: str
    """killed, disk full, or database gone."""
    call: str
    after: int
    catalog_url: str

    def begin(self) -> None:
        """From now on calls are counted."""
        counter = _Counter(self)
        _watch_files(counter)
        event.listen(sa.Engine, "do_execute", lambda *_: counter.count("statement"))
        event.listen(sa.Engine, "do_executemany", lambda *_: counter.count("statement"))


class _Counter:
    def __init__(self, trouble: Trouble) -> None:
        self._trouble = trouble
        self._counted = 0
        self._lock = threading.Lock()

    def count(self, call: str) -> None:
        if call != self._trouble.call:
            return
        with self._lock:
            self._counted += 1
            number = self._counted
        if number >= self._trouble.after:
            self._strike(number - self._trouble.after)

    def _strike(self, calls_since: int) -> None:
        match self._trouble.kind:
            case "killed":
                os.kill(os.getpid(), signal.SIGKILL)
            case "disk full":
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            case _ if calls_since < STATEMENTS_LOST:
                _lose_database(self._trouble.catalog_url)
            case _:
                pass


def _lose_database(url: str) -> None:
    """SQLite's file can't be read; PostgreSQL really ends every connection of its clients."""
    parsed = sa.make_url(url)
    if parsed.get_backend_name() == "sqlite":
        raise sqlite3.OperationalError("disk I/O error")
    plain = parsed.set(drivername="postgresql", query={k: v for k, v in parsed.query.items() if k == "host"})
    connection = psycopg2.connect(plain.render_as_string(hide_password=False), application_name="trouble")
    try:
        connection.autocommit = True
        connection.cursor().execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'simulated'"
        )
    finally:
        connection.close()


def _watch_files(counter: _Counter) -> None:
    """The calls by which files come to be, of the whole process."""
    for name, call in (("fsync", "fsync"), ("rename", "rename"), ("replace", "rename"), ("link", "rename")):
        setattr(os, name, _counted(getattr(os, name), counter, call))
    for name in ("unlink", "remove"):
        setattr(os, name, _counted(getattr(os, name), counter, "unlink"))

    class File(io.FileIO):
        def write(self, data: Any, /) -> int:
            counter.count("write")
            return super().write(data)

    def create(path: str, mode: str, buffering: int, opener: Any) -> File:
        return File(path, mode, opener=opener)

    body.__dict__["open"] = create


def _counted(function: Any, counter: _Counter, call: str) -> Any:
    def counted(*arguments: Any, **named: Any) -> Any:
        counter.count(call)
        return function(*arguments, **named)

    return counted


def draw(dice: random.Random, catalog_url: str) -> Trouble:
    """Any trouble, at a point that most runs reach."""
    kind = dice.choice(("killed", "killed", "disk full", "database gone"))
    call = "statement" if kind == "database gone" else dice.choice((*FILE_CALLS, "statement"))
    if kind == "disk full" and call in ("statement", "unlink"):
        call = "write"
    return Trouble(kind, call, dice.randint(1, 120), catalog_url)
