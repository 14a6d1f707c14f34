"""What the sample is made to come out as, held against what the catalogue and the host say.

What belongs here: one line for each difference. What does not: running anything.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from media_pipeline.catalog import imports, media_reports, origins, renditions, stats
from media_pipeline.catalog.database import Connection, Database
from media_pipeline.demo.host import Answer
from media_pipeline.model import ImportPartition, Status

MediaKey = tuple[str, str, int]
"""Platform, the platform's id of the post, position."""


@dataclass(frozen=True, slots=True)
class ExpectedMedium:
    """The address that a reference is to be fetched from, and its status in the end."""

    url: str
    status: Status


@dataclass(frozen=True, slots=True)
class Expectation:
    """The whole outcome. ``answers`` are what the host serves, by URL."""

    posts: int
    media: Mapping[MediaKey, ExpectedMedium]
    answers: Mapping[str, Answer]
    faults: Mapping[str, int]
    """Name of an export file, and its one line that can't be read."""

    def differences(
        self, database: Database, partitions: Sequence[ImportPartition], requests: Mapping[str, int]
    ) -> list[str]:
        """What came out otherwise, a line each; empty when all is well."""
        with database.read() as connection:
            totals = stats.totals(connection)
            found = {
                (row["platform"], row["native_id"], row["position"]): row for row in media_reports.listing(connection)
            }
            stored = {row["sha256"] for row in found.values() if row["status"] == Status.STORED}
            lost = [row["media_id"] for row in found.values() if row["status"] != Status.STORED]
            fallbacks = {url for media_id in lost for url in _urls(connection, media_id)}
            thumbnails = renditions.placed(connection, stored, "thumbnail")
            faults = imports.faults(connection, partitions, 100)
        return [
            *_numbers_that_differ(
                self._totals() | {"thumbnails": len(stored)}, totals | {"thumbnails": len(thumbnails)}
            ),
            *self._media_that_differ(found),
            *self._requests_that_differ(requests, fallbacks),
            *self._faults_that_differ(faults),
        ]

    def _totals(self) -> dict[str, int]:
        bodies = [self.answers[one.url].body for one in self.media.values() if one.status is Status.STORED]
        sizes = {hashlib.sha256(body).digest(): len(body) for body in bodies}
        return {
            "posts": self.posts,
            "media": len(self.media),
            "stored": len(bodies),
            "files": len(sizes),
            "file_size": sum(sizes.values()),
            "duplicates": len(bodies) - len(sizes),
            "bytes_saved": sum(map(len, bodies)) - sum(sizes.values()),
            "archived": len(sizes),
        }

    def _media_that_differ(self, found: Mapping[MediaKey, Mapping[str, Any]]) -> Iterator[str]:
        for key, row in found.items():
            expected = self.media.get(key)
            if expected is None:
                yield f"{_named(key)} is not part of the sample"
            elif row["status"] != expected.status:
                reason = f" ({row['error']})" if row["error"] else ""
                yield f"{_named(key)} is {row['status']}{reason}, and should be {expected.status.value}"
            elif row["media_url"] != expected.url:
                yield f"{_named(key)} was taken from {row['media_url']}, and should be from {expected.url}"
        yield from (f"{_named(key)} is missing" for key in self.media.keys() - found.keys())

    def _requests_that_differ(self, requests: Mapping[str, int], fallbacks: Collection[str]) -> Iterator[str]:
        """Each medium is asked for once; of what is lost, each lesser candidate too."""
        wanted = {one.url for one in self.media.values()}
        for url in sorted(wanted | requests.keys()):
            times, right = requests.get(url, 0), int(url in wanted or url in fallbacks)
            if times != right:
                yield f"{url} was asked for {times} time(s), and should be {right}"

    def _faults_that_differ(self, faults: Iterable[Mapping[str, Any]]) -> Iterator[str]:
        found = sorted((fault["file"].rpartition("/")[2], fault["locator"]) for fault in faults)
        expected = sorted((name, f"line {line}#") for name, line in self.faults.items())
        if found != expected:
            yield f"parts that can't be read are {found}, and should be {expected}"


def _numbers_that_differ(expected: Mapping[str, int], found: Mapping[str, Any]) -> Iterator[str]:
    for name, number in expected.items():
        if found[name] != number:
            yield f"{name} is {found[name]}, and should be {number}"


def _urls(connection: Connection, media_id: str) -> tuple[str, ...]:
    origin = origins.origin(connection, media_id)
    return origin.urls if origin else ()


def _named(key: MediaKey) -> str:
    platform, native_id, position = key
    return f"medium {position} of {platform} post {native_id}"
