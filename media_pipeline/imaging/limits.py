"""What one file may take of a worker process.

What belongs here: limits that hold for the whole process, whichever decoder runs in it. What does not: the time
(:mod:`media_pipeline.imaging.workers`), and limits that only one reader knows, such as frames.
"""

from __future__ import annotations

import resource
import warnings
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, PngImagePlugin

MAX_TEXT_CHUNK = 8_000_000
"""Bytes that one compressed chunk of a PNG (text, XMP, colour profile) may unfold to. Pillow's own million is less
than the histories that Photoshop writes into XMP; of all chunks together it takes 64 million."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Of every file that a worker reads or draws."""

    max_pixels: int
    memory_bytes: int
    """Address space beyond what the process has when it starts."""


def keep_within(limits: Limits) -> None:
    """Hold this process to the limits, for good.

    Whoever asks for more memory is refused: decoders then give up the file or, some of them, the process. Pillow
    refuses pictures with more than twice its own ``MAX_IMAGE_PIXELS``, frames and embedded pictures included.
    """
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    memory = _address_space() + limits.memory_bytes
    if hard != resource.RLIM_INFINITY:
        memory = min(memory, hard)
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    # A crash is told by the exit code; its core dump would be as large as the memory.
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    Image.MAX_IMAGE_PIXELS = limits.max_pixels // 2
    PngImagePlugin.MAX_TEXT_CHUNK = MAX_TEXT_CHUNK
    ignore_size_warnings()


def ignore_size_warnings() -> None:
    """Pillow warns at half the limit at which it refuses. Once for all: asking it at each file takes 3 µs of 200."""
    warnings.simplefilter("ignore", Image.DecompressionBombWarning)


def _address_space() -> int:
    """Bytes that are mapped now: 250 million, and more with every core, for each of which OpenBLAS maps a stack."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[0])
    except (OSError, ValueError):
        return 0  # not Linux, where alone the limit holds
    return pages * resource.getpagesize()
