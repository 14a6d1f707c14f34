"""The corpus of real exports, and the host that stands in for the platforms' media hosts.

Both lie beside the checkout (MEDIA_TEST_CORPUS, default ../shared/corpus); without them tests that use them skip.
"""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from media_pipeline.posts.platforms import platform_names
from media_pipeline_tests.defs.dev_server import wait_for

CORPUS = Path(os.environ.get("MEDIA_TEST_CORPUS") or Path(__file__).parents[2] / "shared" / "corpus")
PLATFORMS = tuple(name for name in platform_names() if name != "url")
"""Those of the corpus: nobody exports single URLs."""
HOST = CORPUS.parent / "tools" / "replay_server.py"
WITHOUT_CORPUS = pytest.mark.skipif(
    not (CORPUS.is_dir() and HOST.is_file()), reason=f"no corpus at {CORPUS} (MEDIA_TEST_CORPUS)"
)


class ReplayHost:
    """The replaying host in a process of its own; its log is what it was asked."""

    def __init__(self, log: Path, address: str) -> None:
        self.address = address
        self._log = log

    def log(self) -> list[dict[str, Any]]:
        """Every request: time, url, try, status, in_flight and more."""
        return [json.loads(line) for line in self._log.read_text().splitlines()] if self._log.exists() else []

    def asked(self) -> list[str]:
        return [entry["url"] for entry in self.log()]

    @property
    def settings(self) -> dict[str, Any]:
        """What sends every request there, also those for URLs that have expired since they were exported."""
        return {
            "media_allowed_hosts": (self.address,),
            "media_fetch_via": (f"http://{self.address}/{{url}}",),
            "media_try_expired": True,
        }


@contextmanager
def replay_host(folder: Path, media: Path = CORPUS / "media", **options: object) -> Iterator[ReplayHost]:
    """Serve the files of ``media``; ``options`` are the tool's own: faults, fault, seed, latency."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    log = folder / "requests.jsonl"
    command = [sys.executable, str(HOST), str(media), "--port", str(port), "--log", str(log)]
    for name, value in options.items():
        command += [f"--{name}", str(value)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        wait_for(lambda: socket.socket().connect_ex(("127.0.0.1", port)) == 0, 30)
        yield ReplayHost(log, f"127.0.0.1:{port}")
    finally:
        process.kill()
        process.wait()


def fault_of(url: str, faults: float, seed: int) -> str | None:
    """How the host misbehaves for a URL; None: not at all."""
    spec = importlib.util.spec_from_file_location("replay_server", HOST)
    assert spec is not None
    assert spec.loader is not None
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    return tool.Handler.kind(SimpleNamespace(faults=faults, seed=seed, fault=None), url)


def whole_media(folder: Path) -> Path:
    """Links to the files of the corpus that decode."""
    folder.mkdir()
    for line in (CORPUS / "expected_media.jsonl").read_text().splitlines():
        entry = json.loads(line)
        if entry.get("decodes", True):
            path = CORPUS / entry["file"]
            (folder / f"{entry['sha256'][:12]}{path.suffix}").symlink_to(path)
    return folder


def copied_exports(folder: Path, platforms: tuple[str, ...]) -> list[tuple[Path, str]]:
    """A writable copy of the platforms' folders of exports."""
    for platform in platforms:
        shutil.copytree(CORPUS / "posts" / platform, folder / platform, copy_function=shutil.copyfile)
    return [(folder / platform, platform) for platform in platforms]


def is_blob_of(copy: str, address: str) -> bool:
    """Whether it is the upload itself, where the corpus names Bluesky's re-encoded copy: one content identifier."""
    is_blob = "/xrpc/com.atproto.sync.getBlob?" in address
    return is_blob and address.partition("&cid=")[2] in copy
