"""Downloads that have begun and are not written down yet.

What belongs here: waiting for their ends, which come from other threads. What does not: beginning them, and what their
ends mean.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from concurrent.futures import Future

from media_pipeline.stages.downloads.outcomes import Outcome
from media_pipeline.stages.downloads.url_book import Download


class UnderWay:
    """What has ended stays until it is forgotten: Ctrl-C may break off the transaction that writes it down, and then it
    is written once more.
    """

    def __init__(self) -> None:
        self._begun: dict[str, Download] = {}
        self._ended: dict[str, tuple[Download, Future[Outcome]]] = {}
        self._news = threading.Event()

    def __bool__(self) -> bool:
        return bool(self._begun)

    def begin(self, download: Download) -> None:
        self._begun[download.digest] = download

    def end(self, download: Download, outcome: Future[Outcome]) -> None:
        """Called in any thread, with what came of it."""
        self._ended[download.digest] = (download, outcome)
        self._news.set()

    def wait_for_any(self) -> None:
        while not self._ended:
            self._wait()

    def wait_for_all(self) -> None:
        while not self._begun.keys() <= self._ended.keys():
            self._wait()

    def ended(self) -> list[tuple[Download, Future[Outcome]]]:
        return list(self._ended.values())

    def forget(self, downloads: Iterable[Download]) -> None:
        for download in downloads:
            self._begun.pop(download.digest, None)
            self._ended.pop(download.digest, None)

    def _wait(self) -> None:
        self._news.wait()
        self._news.clear()
