"""Which files show the same depends on the files alone: not on when they came, and what became of others."""

from __future__ import annotations

from itertools import permutations
from pathlib import Path

import numpy as np
import pytest

from media_pipeline.catalog import files, media, near_duplicates
from media_pipeline.catalog.database import Database
from media_pipeline.catalog.near_duplicates import Tier
from media_pipeline_tests.catalog.filling import add_post, digest, rows, snapshot, store, update
from media_pipeline_tests.stages.alike import DAYS, Look, expected, fill, found, give_looks, looks, search

ZERO = "0" * 63 + "1"
FAR = "f" * 64


def some_files(seed: int, count: int) -> list[dict[str, Look]]:
    """For each day, by content."""
    made = looks(np.random.default_rng(seed), count)
    shares = np.array_split(np.arange(count), len(DAYS))
    return [{f"{seed} {number}": made[number] for number in share} for share in shares]


def quarantine(database: Database, *sha256s: str) -> None:
    with database.write() as connection:
        for sha256 in sha256s:
            files.mark_quarantined(connection, sha256, f"quarantine/{sha256}", "broken")
            media.mark_quarantined(connection, sha256, "broken")


def test_partitions_in_any_order_make_the_pairs_of_all_at_once(database: Database, tmp_path: Path) -> None:
    known: dict[str, Look] = {}
    for order in list(permutations(range(4)))[::5]:
        seed = 100 + len(known)
        days = some_files(seed, 60)
        made = {number: fill(database, DAYS[number], days[number]) for number in range(4)}
        for number in order:
            known |= made[number]
            search(database, tmp_path, DAYS[number])
            assert found(database) == expected(known)
    assert {pair[2] for pair in found(database)} == {Tier.SAME_PIXELS, Tier.NEAR}


def test_searching_again_writes_nothing(database: Database, tmp_path: Path) -> None:
    fill(database, DAYS[0], some_files(1, 80)[0])
    search(database, tmp_path, *DAYS)
    before = snapshot(database)
    search(database, tmp_path, *DAYS)
    assert snapshot(database) == before


def test_only_the_partitions_own_new_files_are_compared(database: Database, tmp_path: Path) -> None:
    first = fill(database, DAYS[0], {"a": Look(None, ZERO)})
    second = fill(database, DAYS[1], {"b": Look(None, ZERO)})
    search(database, tmp_path, DAYS[0])
    assert found(database) == set()
    searched = {row["sha256"] for row in rows(database, "media_files") if row["near_searched_at"]}
    assert searched == first.keys()
    search(database, tmp_path, DAYS[1])
    assert found(database) == expected(first | second)


def test_files_that_leave_take_their_pairs_along_and_others_stand_in_for_them(
    database: Database, tmp_path: Path
) -> None:
    known: dict[str, Look] = {}
    for partition, day in zip(DAYS, some_files(7, 120), strict=True):
        known |= fill(database, partition, day)
    search(database, tmp_path, *DAYS)
    rng = np.random.default_rng(8)
    while len(known) > 20:
        gone = [str(sha256) for sha256 in rng.choice(sorted(known), 12, replace=False)]
        quarantine(database, *gone)
        for sha256 in gone:
            del known[sha256]
        search(database, tmp_path, *DAYS)
        assert found(database) == expected(known)


def test_a_file_whose_place_another_version_took_is_let_go_and_comes_back(database: Database, tmp_path: Path) -> None:
    known = fill(database, DAYS[0], {"a": Look(None, ZERO)})
    (ref,) = add_post(database, "1", "https://host/b.jpg", partition=DAYS[1])
    old = store(database, "old", ref)
    give_looks(database, {old: Look(None, ZERO)})
    search(database, tmp_path, *DAYS)
    assert len(found(database)) == 1
    new = store(database, "new", ref)
    give_looks(database, {new: Look(None, FAR)})
    search(database, tmp_path, DAYS[1])
    assert found(database) == set()
    store(database, "old", ref)
    search(database, tmp_path, DAYS[1])
    assert found(database) == expected({**known, old: Look(None, ZERO)})


def test_a_changed_fingerprint_is_compared_anew(database: Database, tmp_path: Path) -> None:
    known: dict[str, Look] = {}
    for partition, day in zip(DAYS, some_files(9, 60), strict=True):
        known |= fill(database, partition, day)
    search(database, tmp_path, *DAYS)
    changed = dict(zip(known, looks(np.random.default_rng(10), len(known)), strict=True))
    for sha256 in sorted(changed):
        give_looks(database, {sha256: changed[sha256]})
    search(database, tmp_path, *DAYS)
    assert found(database) == expected(changed)


def test_what_a_changed_file_stood_for_finds_another(database: Database, tmp_path: Path) -> None:
    known: dict[str, Look] = {}
    for partition, day in zip(DAYS, some_files(12, 100), strict=True):
        known |= fill(database, partition, day)
    search(database, tmp_path, *DAYS)
    rng = np.random.default_rng(13)
    nothing = Look(None, None)
    for _ in range(4):
        some = [str(sha256) for sha256 in rng.choice(sorted(known), 8, replace=False)]
        changed = dict(zip(some, [*looks(rng, 6), nothing, nothing], strict=True))
        for sha256, look in changed.items():
            columns = {"pixel_sha256": look.pixel_sha256, "pdq": look.pdq, "pdq_quality": look.quality}
            update(database, "media_files", {"sha256": sha256}, **columns, frames=look.frames, near_searched_at=None)
        known |= changed
        # Each in a run of its own, and those that they stood for in none.
        for partition in DAYS:
            search(database, tmp_path, partition)
        assert found(database) == expected(known)


def test_a_run_that_is_killed_is_made_good_by_the_next(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    days = some_files(11, 80)
    known = fill(database, DAYS[0], days[0])
    search(database, tmp_path, DAYS[0])
    known |= fill(database, DAYS[1], days[1])
    monkeypatch.setattr("media_pipeline.stages.duplicates.near_duplicates.ROWS_TOGETHER", 3)
    whole = near_duplicates.mark_searched
    calls = 0

    def dies(*arguments: object) -> None:
        nonlocal calls
        calls += 1
        if calls > 2:
            raise KeyboardInterrupt
        whole(*arguments)  # type: ignore[arg-type]

    with monkeypatch.context() as patched:
        patched.setattr(near_duplicates, "mark_searched", dies)
        with pytest.raises(KeyboardInterrupt):
            search(database, tmp_path, DAYS[1])
    search(database, tmp_path, DAYS[1])
    assert found(database) == expected(known)


def test_little_quality_no_fingerprint_and_another_kind_make_no_pair(database: Database, tmp_path: Path) -> None:
    same = digest("pixels")
    fill(
        database,
        DAYS[0],
        {
            "picture": Look(same, ZERO),
            "flat": Look(None, ZERO, quality=49),
            "animation": Look(same, ZERO, frames=12),
            "nothing": Look(None, None),
        },
    )
    search(database, tmp_path, *DAYS)
    assert found(database) == set()
    more = fill(database, DAYS[1], {"flat copy": Look(same, ZERO, quality=10)})
    search(database, tmp_path, *DAYS)
    ((_, _, tier, distance),) = found(database)
    assert (tier, distance, len(more)) == (Tier.SAME_PIXELS, 0, 1)


def test_thousands_of_equal_pictures_make_as_many_pairs(database: Database, tmp_path: Path) -> None:
    copies = {f"copy {number}": Look(digest("same"), ZERO) for number in range(700)}
    known = fill(database, DAYS[0], copies) | fill(database, DAYS[1], {"near": Look(None, "0" * 62 + "11")})
    search(database, tmp_path, *DAYS)
    assert len(found(database)) == 700
    assert found(database) == expected(known)
