"""The tools that we are held against: found on PATH, or installed from Debian's packages.

Those of PyPI get an environment of their own, in ``bench/cache``, which stays for the next run. None of them is in our
lock: they are measured, not used.

What belongs here: which tools, and how to get them. What does not: how they are run.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import venv
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Peer:
    """A command and the Debian package that brings it."""

    command: str
    package: str


CACHE = Path(__file__).parent / "cache"

ARIA2C = Peer("aria2c", "aria2")
WGET = Peer("wget", "wget")
VIPSTHUMBNAIL = Peer("vipsthumbnail", "libvips-tools")
MOGRIFY = Peer("mogrify", "imagemagick")
FFMPEG = Peer("ffmpeg", "ffmpeg")
EXIFTOOL = Peer("exiftool", "libimage-exiftool-perl")
IMG2DATASET = "img2dataset==1.47.0"


def is_there(peer: Peer) -> bool:
    """Find the tool or install it; if neither works, say how to get it."""
    if shutil.which(peer.command) or (_may_install() and _install(peer)):
        return True
    print(f"{peer.command} is not there, so its rows have no peer: apt-get install {peer.package}")
    return False


def python_with(requirement: str) -> Path | None:
    """The Python of an environment that holds a package of PyPI, installed if need be; None, and why, if it fails."""
    folder = CACHE / requirement
    python = folder / "bin" / "python"
    if (folder / "ready").exists():
        return python
    print(f"installing {requirement} into {folder} …")
    folder.mkdir(parents=True, exist_ok=True)
    (CACHE / ".gitignore").write_text("*\n")
    venv.create(folder, clear=True, with_pip=True)
    if _succeeds([str(python), "-m", "pip", "install", "--quiet", "--only-binary", ":all:", requirement]):
        (folder / "ready").touch()
        return python
    print(f"{requirement} can't be installed from PyPI, so its rows have no peer")
    return None


def _may_install() -> bool:
    return os.geteuid() == 0 and shutil.which("apt-get") is not None


def _install(peer: Peer) -> bool:
    print(f"installing {peer.package} …")
    install = ["apt-get", "install", "--yes", "--quiet", "--no-install-recommends", peer.package]
    if not _succeeds(install):
        _succeeds(["apt-get", "update", "--quiet"])
        _succeeds(install)
    return shutil.which(peer.command) is not None


def _succeeds(command: list[str]) -> bool:
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    return subprocess.run(command, env=environment, capture_output=True, check=False).returncode == 0
