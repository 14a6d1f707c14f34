"""A process to which permissions mean something: tests often run as root, whom the kernel lets into every folder."""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
from collections.abc import Sequence

_WITHOUT_RIGHTS = ("setpriv", "--bounding-set", "-dac_override,-dac_read_search")
"""Root as the owner of its files alone: it keeps Python, which may lie below /root, and passes over no permission."""


def command(arguments: Sequence[str]) -> list[str]:
    """The command as a user runs it whom the system refuses what permissions say."""
    return [*_WITHOUT_RIGHTS, *arguments] if os.getuid() == 0 else list(arguments)


@functools.cache
def missing() -> str | None:
    """Why there is no such process on this machine; None where there is."""
    if os.getuid() != 0:
        return None
    if shutil.which("setpriv") is None:
        return "setpriv is not installed"
    done = subprocess.run(command(["true"]), capture_output=True, text=True, check=False)
    return done.stderr or None
