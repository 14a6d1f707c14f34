"""What befalls a library between its runs: disks are not mounted or are others, bits flip, objects vanish.

What belongs here: doing that, and undoing what is only for a while. What does not: what befalls a run from within
(``trouble.py``), and what must hold (``simulation.py``).
"""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from media_pipeline.storage.marker import NAME
from media_pipeline_tests.mounts import unmount
from media_pipeline_tests.simulation.archives import Folder, Undo, flip

if TYPE_CHECKING:
    from media_pipeline_tests.simulation.simulation import Simulation

DAMAGED_AT_MOST = 3
"""Files of the store at a time: more than MEDIA_MISSING_SHARE_LIMIT would rightly stop the run."""

FLIPPED_AT_MOST = 30
"""Objects of the archive at a time."""


@dataclass(frozen=True)
class Strike:
    """What has happened."""

    undo: Undo = lambda: None
    refused: Path | None = None
    """A place that is not the library's now: the run has to name it and stop before it changes a row or asks a host."""
    clock_ahead: bool = False
    tempts: bool = False
    """The archive has become less: who evicted without a look would remove last copies."""


Misfortune = Callable[["Simulation", random.Random], Strike]


def store_not_mounted(simulation: Simulation, _: random.Random) -> Strike:
    return _emptied(simulation, "store", simulation.store)


def store_of_another_library(simulation: Simulation, _: random.Random) -> Strike:
    return _swapped(simulation, "store", simulation.store)


def imports_not_mounted(simulation: Simulation, _: random.Random) -> Strike:
    return _emptied(simulation, "imports", simulation.folder / "imports")


def archive_not_mounted(simulation: Simulation, _: random.Random) -> Strike:
    if not isinstance(simulation.archive, Folder):
        return Strike()
    return _emptied(simulation, "archive", simulation.archive.root)


def archive_of_another_library(simulation: Simulation, _: random.Random) -> Strike:
    if not isinstance(simulation.archive, Folder):
        return Strike()
    return _swapped(simulation, "archive", simulation.archive.root)


def archive_out_of_reach(simulation: Simulation, _: random.Random) -> Strike:
    return Strike(simulation.archive.cut_off(simulation.settings))


def archived_bits_flip(simulation: Simulation, dice: random.Random) -> Strike:
    for _, key, content in _drawn(simulation, dice, FLIPPED_AT_MOST):
        simulation.archive.flip(key)
        simulation.damaged.add(key)
        assert simulation.archive.read(key) != content
    return Strike(tempts=True)


def archived_objects_vanish(simulation: Simulation, dice: random.Random) -> Strike:
    for _, key, _ in _drawn(simulation, dice, DAMAGED_AT_MOST):
        simulation.archive.delete(key)
    return Strike(tempts=True)


def archive_is_of_last_week(simulation: Simulation, dice: random.Random) -> Strike:
    """Restored from a backup that has only a part of it."""
    for _, key, _ in _drawn(simulation, dice, 1000):
        if dice.random() < 0.5:
            simulation.archive.delete(key)
    return Strike(tempts=True)


def stored_bits_flip(simulation: Simulation, dice: random.Random) -> Strike:
    for path, _, _ in _drawn(simulation, dice, DAMAGED_AT_MOST):
        flip(path)
    return Strike()


def stored_files_vanish(simulation: Simulation, dice: random.Random) -> Strike:
    for path, _, _ in _drawn(simulation, dice, DAMAGED_AT_MOST):
        path.unlink()
    return Strike()


def clock_ten_years_ahead(_: Simulation, __: random.Random) -> Strike:
    return Strike(clock_ahead=True)


MISFORTUNES: tuple[Misfortune, ...] = (
    store_not_mounted,
    store_of_another_library,
    imports_not_mounted,
    archive_not_mounted,
    archive_of_another_library,
    archive_out_of_reach,
    archived_bits_flip,
    archived_objects_vanish,
    archive_is_of_last_week,
    stored_bits_flip,
    stored_files_vanish,
    clock_ten_years_ahead,
)


def _emptied(simulation: Simulation, kind: str, folder: Path) -> Strike:
    if not simulation.has_place(kind):
        return Strike()
    return Strike(unmount(folder), refused=folder)


def _swapped(simulation: Simulation, kind: str, folder: Path) -> Strike:
    strike = _emptied(simulation, kind, folder)
    if strike.refused:
        (folder / NAME).write_text(json.dumps({"library": "b" * 32, "place": "c" * 32, "kind": kind}))
    return strike


def _drawn(simulation: Simulation, dice: random.Random, most: int) -> list[tuple[Path, str, bytes]]:
    """Files that store and archive both have as they were, with their keys: only one of the two is ever taken."""
    found: list[tuple[Path, str, bytes]] = []
    for place, key, sha256 in simulation.twice_kept():
        path, archived = simulation.store / place, simulation.archive.read(key)
        if archived is not None and path.is_file() and {_digest(archived), _digest(path.read_bytes())} == {sha256}:
            found.append((path, key, archived))
    return dice.sample(found, min(most, len(found)))


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
