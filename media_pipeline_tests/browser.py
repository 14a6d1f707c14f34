"""A real browser without a window, told what to do over its DevTools pipe. It shows what is in files.

What belongs here: Chromium. What does not: what a page should do. Tests are skipped where it isn't installed.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from media_pipeline_tests.patience import PATIENCE_SECONDS, wait_for

_PROGRAM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
MISSING = None if _PROGRAM else "no Chromium is installed (Debian: chromium)"
_OPTIONS = (
    "--headless",
    # A container has no namespaces for it; it opens nothing but our own pages.
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--remote-debugging-pipe",
)


class Tab:
    """One page. Expressions are JavaScript, and their values JSON."""

    def __init__(self, orders: BinaryIO, answers: BinaryIO) -> None:
        self._orders, self._answers = orders, answers
        self._session: str | None = None
        self._number = 0
        target = self._do("Target.createTarget", url="about:blank")["targetId"]
        self._session = self._do("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]

    def open(self, page: Path, scripts: bool = True) -> None:
        """Show a file, with or without JavaScript of its own, until all of it is loaded."""
        self._do("Emulation.setScriptExecutionDisabled", value=not scripts)
        self._do("Page.navigate", url=page.as_uri())
        wait_for(lambda: self.value("location.protocol === 'file:' && document.readyState === 'complete'"))

    def value(self, expression: str) -> Any:
        """The value, or what its promise brings."""
        done = self._do("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in done, done["exceptionDetails"]
        return done["result"].get("value")

    def _do(self, method: str, **parameters: Any) -> dict[str, Any]:
        self._number += 1
        order = {"id": self._number, "method": method, "params": parameters}
        if self._session:
            order["sessionId"] = self._session
        self._orders.write(json.dumps(order).encode() + b"\0")
        self._orders.flush()
        while True:
            answer = json.loads(self._message())
            if answer.get("id") == self._number:
                assert "error" not in answer, answer["error"]
                return answer["result"]

    def _message(self) -> bytes:
        message = bytearray()
        while (byte := self._answers.read(1)) != b"\0":
            assert byte, "the browser has ended"
            message += byte
        return bytes(message)


@contextmanager
def opened_tab(profile: Path) -> Iterator[Tab]:
    """A browser with one tab and an empty profile."""
    with ExitStack() as stack:
        orders, answers = os.pipe(), os.pipe()
        # Chromium reads orders from descriptor 3 and answers to 4. Debian's sh copies none of two digits.
        command = f'exec "$0" "$@" 3</dev/fd/{orders[0]} 4>/dev/fd/{answers[1]}'
        process = subprocess.Popen(
            ["sh", "-c", command, str(_PROGRAM), *_OPTIONS, f"--user-data-dir={profile}", "about:blank"],
            pass_fds=(orders[0], answers[1]),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        stack.callback(process.wait, PATIENCE_SECONDS)
        stack.callback(process.terminate)
        os.close(orders[0])
        os.close(answers[1])
        writing, reading = stack.enter_context(os.fdopen(orders[1], "wb")), os.fdopen(answers[0], "rb")
        yield Tab(writing, stack.enter_context(reading))
