from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from media_pipeline.fetch.dispatch.downloader import Downloader
from media_pipeline.fetch.dispatch.journey import Wanted
from media_pipeline.fetch.dispatch.medium import Fetched
from media_pipeline.model import Candidate
from media_pipeline.settings import Settings
from media_pipeline_tests.faulty_host import FaultyHost
from media_pipeline_tests.fetch.network import Network
from media_pipeline_tests.patience import PATIENCE_SECONDS


class Fetcher:
    """Fetches one medium after the other."""

    def __init__(self, downloader: Downloader) -> None:
        self.downloader = downloader

    def fetch(self, url: str, folder: Path, expires_at: datetime | None = None) -> Fetched:
        return self.want(Wanted((Candidate(url, expires_at=expires_at),)), folder)

    def want(self, wanted: Wanted, folder: Path) -> Fetched:
        return self.downloader.submit(wanted, folder).result(PATIENCE_SECONDS)


@pytest.fixture
def host() -> Iterator[FaultyHost]:
    with FaultyHost() as host:
        yield host


@pytest.fixture
def network(monkeypatch: pytest.MonkeyPatch) -> Network:
    """Names and routes of the test's own."""
    network = Network()
    network.install(monkeypatch)
    return network


@pytest.fixture
def fetcher(host: FaultyHost, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Fetcher]]:
    """Makes fetchers that may ask the faulty host; keyword arguments are settings."""
    with ExitStack() as stack:

        def make(**settings: Any) -> Fetcher:
            chosen = {
                "media_storage_path": tmp_path_factory.mktemp("storage"),
                "media_allowed_hosts": (host.address,),
                "media_timeout_seconds": PATIENCE_SECONDS,
                "media_try_expired": True,
                "media_backoff_seconds": 0.01,
                **settings,
            }
            downloader = Downloader(Settings(_env_file=None, **chosen), 1)
            return Fetcher(stack.enter_context(downloader))

        yield make
