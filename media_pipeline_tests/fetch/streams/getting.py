"""A plain client in the place of the guarded one: real HTTP, whole answers or Refusal.

What belongs here: a Get over requests. What does not: guards and retries, which the fetcher's own has.
"""

from __future__ import annotations

from pathlib import Path

import requests

from media_pipeline.fetch.outcome import Refusal, refusal_of_error, refusal_of_status
from media_pipeline.fetch.streams.plan import ByteRange
from media_pipeline.model import Status
from media_pipeline_tests.patience import PATIENCE_SECONDS


def get(url: str, path: Path, limit: int, byte_range: ByteRange | None = None) -> str:
    headers = {"Range": byte_range.header} if byte_range else {}
    try:
        response = requests.get(url, headers=headers, timeout=PATIENCE_SECONDS)
    except requests.RequestException as error:
        raise refusal_of_error(error) from error
    if response.status_code != (206 if byte_range else 200):
        raise refusal_of_status(response.status_code, None, None)
    if len(response.content) > limit:
        raise Refusal(Status.TOO_LARGE, "too_large", f"larger than {limit}")
    with path.open("xb") as file:
        file.write(response.content)
    return response.url


def ranged(exchange) -> None:
    """A host that knows byte ranges."""
    wanted = exchange.handler.headers.get("Range")
    if wanted is None:
        exchange.serve()
        return
    first, last = (int(number) for number in wanted.removeprefix("bytes=").split("-"))
    exchange.reply(206, exchange.page.body[first : last + 1])
