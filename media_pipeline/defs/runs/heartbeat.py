"""The heartbeat of a run: a thread that renews its lease in the catalogue while the run's process works."""

from __future__ import annotations

import logging
import os
import socket
import threading
from types import TracebackType
from typing import Self

from media_pipeline.catalog import leases
from media_pipeline.catalog.database import Database
from media_pipeline.catalog.errors import DriverError, driver_errors
from media_pipeline.model import MediaPipelineError
from media_pipeline.policy.liveness import RENEWALS_IN_A_LEASE
from media_pipeline.settings import Settings

_log = logging.getLogger(__name__)


class Heartbeat:
    """Holds the lease of a run from ``with`` on until its end.

    A catalogue that can't be reached never ends the run from here: the lease is renewed when it is back. Whether the
    run was given up meanwhile is found by its own transactions (``Database.write``), not by this thread.
    """

    def __init__(self, settings: Settings, run_id: str) -> None:
        self._settings = settings
        self._run_id = run_id
        self._seconds = settings.media_lease_seconds / RENEWALS_IN_A_LEASE
        self._database: Database | None = None
        self._is_taken = False
        self._was_away = False
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._beat, name=f"heartbeat {run_id}", daemon=True)

    def __enter__(self) -> Self:
        self._try_to_renew()
        self._thread.start()
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join()
        if self._database is None:
            return
        try:
            with driver_errors(), self._database.own_row() as connection:
                leases.release(connection, self._run_id)
        except DriverError as error:
            _log.warning("the lease of run %s could not be taken away: %s", self._run_id, error)
        finally:
            self._database.close()

    def _beat(self) -> None:
        while not self._ended.wait(self._seconds):
            if not self._try_to_renew():
                return

    def _try_to_renew(self) -> bool:
        """Renew the lease, or have it in the first place; False when the run was given up."""
        try:
            with driver_errors():
                lives = self._renew()
        except MediaPipelineError as error:
            if not self._was_away:
                _log.warning("the lease of run %s could not be renewed, and is tried again: %s", self._run_id, error)
            self._was_away = True
            return True
        self._was_away = False
        if not lives:
            _log.error("%s", leases.LeaseLost(self._run_id))
        return lives

    def _renew(self) -> bool:
        if self._database is None:
            self._database = Database.open(self._settings)
        if self._is_taken:
            with self._database.own_row() as connection:
                if leases.renew(connection, self._run_id):
                    return True
        # Also a lease that the sensor announced, which names no process yet.
        with self._database.write() as connection:
            self._is_taken = leases.take(connection, self._run_id, f"{socket.gethostname()}, process {os.getpid()}")
        return self._is_taken
