"""The tools that we are held against: found on PATH, or installed from Debian's packages.

What belongs here: which tools, and how to get them. What does not: how they are run.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Peer:
    """A command and the Debian package that brings it."""

    command: str
    package: str


ARIA2C = Peer("aria2c", "aria2")
VIPSTHUMBNAIL = Peer("vipsthumbnail", "libvips-tools")


def is_there(peer: Peer) -> bool:
    """Find the tool or install it; if neither works, say how to get it."""
    if shutil.which(peer.command) or (_may_install() and _install(peer)):
        return True
    print(f"{peer.command} is not there, so its rows have no peer: apt-get install {peer.package}")
    return False


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
