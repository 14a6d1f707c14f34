"""A catalogue of files that are alike, without the files: fingerprints are made up, and so is what is expected."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import sqlalchemy as sa

from media_pipeline.catalog import file_facts
from media_pipeline.catalog.database import Database
from media_pipeline.catalog.near_duplicates import Tier
from media_pipeline.catalog.tables import near_duplicates
from media_pipeline.model import FileFacts, ImportPartition
from media_pipeline.settings import Settings
from media_pipeline.stages.context import StageContext
from media_pipeline.stages.duplicates.near_duplicates import search_near_duplicates
from media_pipeline.storage.store import ContentStore
from media_pipeline_tests.catalog.filling import FIRST, add_post, digest, store_each

DAYS = tuple(ImportPartition(FIRST.import_date + timedelta(days=day), "twitter") for day in range(4))

Found = set[tuple[str, str, str, int]]
"""Both files, tier, distance."""


@dataclass(frozen=True)
class Look:
    """What a file is known by."""

    pixel_sha256: str | None
    pdq: str | None
    quality: int = 100
    frames: int = 1

    @property
    def facts(self) -> FileFacts:
        return FileFacts(
            width=40, height=30, frames=self.frames, pixel_sha256=self.pixel_sha256, pdq=self.pdq,
            pdq_quality=self.quality,
        )  # fmt: skip

    @property
    def hash(self) -> str | None:
        return self.pdq if self.quality >= 50 else None


@contextmanager
def context_of(database: Database, folder: Path) -> Iterator[StageContext]:
    settings = Settings(_env_file=None, media_storage_path=folder)
    with ContentStore(settings.storage_path, public=False) as store:
        yield StageContext(settings, database, store, logging.getLogger("test"))


def looks(rng: np.random.Generator, count: int) -> list[Look]:
    """Crowds of pictures: some equal in pixels, some only in PDQ, some near, some of too little quality."""
    middles = rng.integers(0, 256, (max(2, count // 8), 32), dtype=np.uint8)
    made: list[Look] = []
    for _ in range(count):
        number = int(rng.integers(len(middles)))
        flips = int(rng.choice([0, 0, 0, 2, 10, 24]))
        bits = np.zeros(256, np.uint8)
        bits[rng.choice(256, flips, replace=False)] = 1
        pdq = (middles[number] ^ np.packbits(bits)).tobytes().hex()
        pixels = digest(f"pixels {number} {rng.integers(3)}") if rng.random() < 0.8 else None
        made.append(Look(pixels, pdq, int(rng.choice([100, 100, 100, 20])), int(rng.choice([1, 1, 1, 1, 30]))))
    return made


def fill(database: Database, partition: ImportPartition, files: Mapping[str, Look]) -> dict[str, Look]:
    """A post of the partition with these files, by content; returns their looks by SHA-256."""
    name = f"{partition.key} {next(iter(files), '')}"
    refs = add_post(database, name, *(f"https://host/{content}.jpg" for content in files), partition=partition)
    store_each(database, dict(zip(refs, files, strict=True)))
    known = {digest(content): look for content, look in files.items()}
    give_looks(database, known)
    return known


def give_looks(database: Database, known: Mapping[str, Look]) -> None:
    with database.write() as connection:
        file_facts.save_facts(connection, {sha256: look.facts for sha256, look in known.items()})


def search(database: Database, folder: Path, *partitions: ImportPartition) -> None:
    with context_of(database, folder) as context:
        search_near_duplicates(context, partitions)


def found(database: Database) -> Found:
    columns = near_duplicates.c["first_sha256", "second_sha256", "tier", "distance"]
    with database.read() as connection:
        rows: Any = connection.execute(sa.select(*columns))
        return {tuple(row) for row in rows}


def expected(files: Mapping[str, Look]) -> Found:
    """By comparing every two: of equal ones the least stands for the others."""
    pairs: Found = set()
    for moves in (False, True):
        group = {sha256: files[sha256] for sha256 in sorted(files) if (files[sha256].frames > 1) == moves}
        pixels = {} if moves else {sha256: look.pixel_sha256 for sha256, look in group.items() if look.pixel_sha256}
        hashes = {sha256: look.hash for sha256, look in group.items() if look.hash}
        pairs |= {(*pair, Tier.SAME_PIXELS, 0) for pair in _stars(pixels)}
        near = {(*pair, Tier.NEAR, 0) for pair in _stars(hashes)}
        firsts = {pdq: sha256 for sha256, pdq in reversed(hashes.items())}
        for (one, first), (other, second) in combinations(firsts.items(), 2):
            distance = (int(one, 16) ^ int(other, 16)).bit_count()
            if distance <= 31:
                near.add((min(first, second), max(first, second), Tier.NEAR, distance))
        pairs |= {pair for pair in near if not pixels.get(pair[0]) or pixels.get(pair[0]) != pixels.get(pair[1])}
    return pairs


def _stars(keys: Mapping[str, str]) -> Iterable[tuple[str, str]]:
    center: dict[str, str] = {}
    for sha256, key in keys.items():
        if center.setdefault(key, sha256) != sha256:
            yield center[key], sha256
