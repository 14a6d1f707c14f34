"""How many seconds of a video are encoded so far: a worker's note to its parent.

What belongs here: the note. What does not: who reads it, and how often (:mod:`media_pipeline.imaging.workers`).

It is a file, since a worker may be killed at any moment: one that dies with the lock of a queue would silence the
others.
"""

from __future__ import annotations

from pathlib import Path


def note_seconds(note: Path, seconds: int) -> None:
    """Write down how many are done. Raises OSError when the disk fails."""
    note.write_text(str(seconds))


def noted_seconds(note: Path) -> int:
    """How many are done; 0 where nothing was noted, or it is being written. Raises OSError when the disk fails."""
    try:
        return int(note.read_text() or 0)
    except FileNotFoundError:
        return 0
