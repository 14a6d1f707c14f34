"""When a call of an archive is made again: one policy for all objects and threads.

What belongs here: which failures may pass, how long is waited, and when that has an end. What does not: the calls.

The client's own retries are switched off: its quota of retries is one for all calls together, so that after 35 of them
every call failed at its first answer (3 s of 503 failed 60 of 60 files).
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from typing import TypeVar

from botocore import exceptions as botocore_exceptions
from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError, IncompleteReadError, SSLError

Result = TypeVar("Result")

PATIENCE_SECONDS = 600.0
"""So long the service may say no to everything before a call fails for it."""
FIRST_WAIT_SECONDS = 0.5
LONGEST_WAIT_SECONDS = 30.0
MOST_TRIES = 5
"""Of one call while the service says yes to others."""

_BUSY = frozenset(("SlowDown", "Throttling", "ThrottlingException", "ServiceUnavailable", "RequestLimitExceeded"))
_PASSING = _BUSY | frozenset(
    ("InternalError", "RequestTimeout", "RequestTimeoutException", "ConditionalRequestConflict", "OperationAborted")
)
_UNREACHED = botocore_exceptions.ConnectionError | HTTPClientError
_PASSING_STATUSES = frozenset((408, 409, 425, 429, 500, 502, 503, 504))


def may_pass(error: Exception) -> bool:
    """Whether the same call may succeed later."""
    if isinstance(error, ClientError):
        return _code_of(error) in _PASSING or _status_of(error) in _PASSING_STATUSES
    # A certificate stays wrong; connections that were refused, reset or timed out and bodies that ended early do not.
    return isinstance(error, _UNREACHED | IncompleteReadError) and not isinstance(error, SSLError)


def concerns_all(error: Exception) -> bool:
    """Whether the service says no to everybody, and not to this object alone."""
    if isinstance(error, ClientError):
        return _code_of(error) in _BUSY or _status_of(error) in (429, 503)
    return isinstance(error, _UNREACHED)


class Patience:
    """Makes calls again that may pass. One for an archive; safe for threads.

    While the service says no, all threads wait for it. A call fails when the service has said no for
    ``patience_seconds`` without a yes in between, or to this call alone for MOST_TRIES times.
    """

    def __init__(
        self,
        patience_seconds: float = PATIENCE_SECONDS,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._patience_seconds = patience_seconds
        self._clock = clock
        self._sleep = sleep
        self._lock = threading.Lock()
        self._paused_until = 0.0
        self._noes = 0
        """In a row, from whatever call."""
        self._no_since: float | None = None
        self._yeses = 0

    def call(self, function: Callable[[], Result]) -> Result:
        """What the function returns. Raises its error when that can't pass, or patience is at its end."""
        tries = 0
        yeses = self._yeses
        while True:
            self._wait_for_service()
            try:
                result = function()
            except (BotoCoreError, ClientError) as error:
                if not may_pass(error):
                    raise
                if self._yeses != yeses or not concerns_all(error):
                    tries, yeses = tries + 1, self._yeses
                if tries >= MOST_TRIES or self._is_at_end(error):
                    raise
                if not concerns_all(error):
                    self._sleep(wait_after(tries))
            else:
                self._hear_yes()
                return result

    def _wait_for_service(self) -> None:
        while (left := self._paused_until - self._clock()) > 0:
            self._sleep(left)

    def _hear_yes(self) -> None:
        with self._lock:
            self._noes, self._no_since, self._paused_until = 0, None, 0.0
            self._yeses += 1

    def _is_at_end(self, error: Exception) -> bool:
        """Count a no of the service, and let everybody wait; True when it has said no for too long."""
        if not concerns_all(error):
            return False
        now = self._clock()
        with self._lock:
            self._no_since = now if self._no_since is None else self._no_since
            # Threads that were refused together count once.
            if now >= self._paused_until:
                self._noes += 1
                self._paused_until = now + wait_after(self._noes)
            return now - self._no_since >= self._patience_seconds


def wait_after(noes: int) -> float:
    """Seconds: doubled with each no, and half of them drawn at random, so that runs don't come back together."""
    longest = min(FIRST_WAIT_SECONDS * 2 ** min(noes - 1, 10), LONGEST_WAIT_SECONDS)
    return longest * random.uniform(0.5, 1.0)


def _code_of(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))


def _status_of(error: ClientError) -> int:
    return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
