"""Peak memory of an import: how much more one NDJSON file of 200,000 posts takes than one of 2,000.

The import is ``media-pipeline ingest`` with DOWNLOAD_MEDIA=false in a process of its own: all six assets through
Dagster, reading every post and writing every media reference. Resident size, as the kernel counts it.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from bench.measure import Finished, Row, fresh_folder, limit_row, run_module

FEW, MANY = 2_000, 200_000
LIMIT_MB = 150


def rows() -> list[Row]:
    """The difference of the two peaks, in MB."""
    few, many = _peak_mb(FEW), _peak_mb(MANY)
    return [limit_row(f"memory of {MANY:,} posts above {FEW:,}", many - few, "MB", LIMIT_MB)]


def _peak_mb(posts: int) -> float:
    # Through a small process: to the kernel a process is never smaller than the one that started it was.
    seconds, peak_mb = map(
        float, run_module("bench.memory", fresh_folder(f"import-{posts}"), str(posts)).output.split()
    )
    print(f"import of {posts:,} posts: {seconds:.1f} s, peak {peak_mb:.0f} MB")
    return peak_mb


def _import(folder: Path, posts: int) -> Finished:
    export = folder / "posts.ndjson"
    _write_export(export, posts)
    return run_module(
        "media_pipeline.cli",
        *("ingest", str(export), "--platform", "linkedin", "--date", "2026-01-01", "--json"),
        MEDIA_STORAGE_PATH=str(folder / "store"),
        MEDIA_IMPORT_PATH=str(folder / "imports"),
        DOWNLOAD_MEDIA="false",
    )


def _write_export(path: Path, posts: int) -> None:
    with path.open("w") as file:
        for number in range(1, posts + 1):
            image = {"type": "image", "url": f"https://media.example.com/{number}.jpg"}
            post = {"id": str(number), "text": f"post {number} " * 8, "media": image}
            file.write(json.dumps(post) + "\n")


if __name__ == "__main__":
    imported = _import(Path(sys.argv[1]), int(sys.argv[2]))
    print(imported.seconds, imported.peak_mb)
