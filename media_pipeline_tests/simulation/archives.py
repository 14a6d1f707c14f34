"""The archive of a simulated library, and what befalls it behind the program's back.

What belongs here: the two kinds of archive, looked at and damaged alike. What does not: when that happens.
"""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from media_pipeline_tests.seaweed import Seaweed

NOWHERE = "http://127.0.0.1:1"
"""Nobody answers there."""

Undo = Callable[[], None]


class SimulatedArchive(ABC):
    """Objects by their keys."""

    settings: dict[str, Any]

    @abstractmethod
    def keys(self) -> set[str]:
        """Of every medium."""

    @abstractmethod
    def read(self, key: str) -> bytes | None: ...

    @abstractmethod
    def delete(self, key: str) -> None: ...

    @abstractmethod
    def flip(self, key: str) -> None:
        """Change a bit of an object, and nothing that the archive says of it."""

    @abstractmethod
    def cut_off(self, settings: dict[str, Any]) -> Undo:
        """Let it be out of reach of whoever has these settings."""


class Folder(SimulatedArchive):
    """A folder that stands in for a bucket."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.settings = {"media_archive_path": root}

    def keys(self) -> set[str]:
        found = (path for path in (self.root / "media").rglob("*") if path.is_file())
        return {path.relative_to(self.root).as_posix() for path in found if not path.name.startswith(".")}

    def read(self, key: str) -> bytes | None:
        path = self.root / key
        return path.read_bytes() if path.is_file() else None

    def delete(self, key: str) -> None:
        (self.root / key).unlink()

    def flip(self, key: str) -> None:
        flip(self.root / key)

    def cut_off(self, settings: dict[str, Any]) -> Undo:
        """A file stands where the folder was: root may read any folder."""
        aside = self.root.with_name("archive-out-of-reach")
        had_one = self.root.exists()
        if had_one:
            self.root.rename(aside)
        self.root.touch()

        def undo() -> None:
            self.root.unlink()
            if had_one:
                aside.rename(self.root)

        return undo


class Bucket(SimulatedArchive):
    """A bucket of a real server."""

    def __init__(self, server: Seaweed, name: str) -> None:
        self._server = server
        self._name = name
        self._client = server.client()
        self.settings = server.settings(name)

    def keys(self) -> set[str]:
        pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self._name, Prefix="media/")
        return {item["Key"] for page in pages for item in page.get("Contents", ())}

    def read(self, key: str) -> bytes | None:
        with suppress(self._client.exceptions.NoSuchKey):
            return self._client.get_object(Bucket=self._name, Key=key)["Body"].read()
        return None

    def delete(self, key: str) -> None:
        self._client.delete_object(Bucket=self._name, Key=key)

    def flip(self, key: str) -> None:
        content = self.read(key)
        assert content is not None
        # The server may hold the same bytes for others: what it says of this object stays, its bytes are others.
        changed = bytearray(content)
        changed[len(changed) // 2] ^= 1
        told = self._client.head_object(Bucket=self._name, Key=key)
        self._client.put_object(
            Bucket=self._name, Key=key, Body=bytes(changed), ContentType=told["ContentType"], Metadata=told["Metadata"]
        )

    def cut_off(self, settings: dict[str, Any]) -> Undo:
        url = settings["aws_s3_endpoint_url"]
        settings["aws_s3_endpoint_url"] = NOWHERE
        return lambda: settings.update(aws_s3_endpoint_url=url)


def flip(path: Path) -> None:
    """Change a bit of a file, and leave its size and its times: a disk does that."""
    status = path.stat()
    changed = bytearray(path.read_bytes())
    changed[len(changed) // 2] ^= 1
    mode = status.st_mode
    path.chmod(0o600)
    path.write_bytes(changed)
    path.chmod(mode)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
