from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from media_pipeline.fetch.fetcher import Fetcher
from media_pipeline.settings import Settings
from media_pipeline_tests.faulty_host import FaultyHost


@pytest.fixture
def host() -> Iterator[FaultyHost]:
    with FaultyHost() as host:
        yield host


@pytest.fixture
def fetcher(host: FaultyHost) -> Iterator[Callable[..., Fetcher]]:
    """Makes fetchers that may ask the faulty host; keyword arguments are settings."""
    with ExitStack() as stack:

        def make(**settings: Any) -> Fetcher:
            chosen = {"media_allowed_hosts": (host.address,), "media_timeout_seconds": 5, **settings}
            return stack.enter_context(Fetcher(Settings(_env_file=None, **chosen), backoff_seconds=0.01))

        yield make
