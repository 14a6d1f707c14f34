"""Which videos are near depends on their seconds alone: not on when they came, and what became of others."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import combinations, permutations
from pathlib import Path

import numpy as np
import pytest
from alembic import command

from media_pipeline.catalog import files, media, near_duplicates, schema
from media_pipeline.catalog.database import Database
from media_pipeline.catalog.near_duplicates import Tier
from media_pipeline.model import FileFacts, ImportPartition, MediaType, VideoPdq
from media_pipeline_tests.catalog.filling import rows, snapshot, update
from media_pipeline_tests.databases import POSTGRES_SLOWLY, sqlite_url
from media_pipeline_tests.search.near.made_up import Film, apart, films
from media_pipeline_tests.stages import alike
from media_pipeline_tests.stages.alike import DAYS, Found, Look, fill, found, give_looks, search

pytestmark = POSTGRES_SLOWLY

LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Clip(Look):
    """What a video is known by. Its Look is its poster's."""

    film: Film = field(default_factory=dict)
    dark: tuple[int, ...] = ()
    """Seconds of too little quality."""

    @property
    def facts(self) -> FileFacts:
        clear = [VideoPdq(second, f"{pdq:064x}", 50) for second, pdq in sorted(self.film.items())]
        dark = [VideoPdq(1000 + second, "0" * 64, 49) for second in self.dark]
        return replace(super().facts, seconds=(*clear, *dark))


def add(database: Database, partition: ImportPartition, made: Mapping[str, Look]) -> dict[str, Look]:
    known = fill(database, partition, made)
    for sha256, look in known.items():
        if isinstance(look, Clip):
            update(database, "media_files", {"sha256": sha256}, media_type=MediaType.VIDEO, mime_type="video/mp4")
    return known


def clip(film: Film, poster: int = 0) -> Clip:
    return Clip(None, f"{poster:064x}", 100 if poster else 0, film=film)


def some_looks(seed: int, count: int) -> list[Look]:
    """Videos and animations whose one picture often is that of others."""
    rng = np.random.default_rng(seed)
    middles = [int.from_bytes(rng.bytes(32)) for _ in range(4)]

    def picture() -> int:
        flips = rng.choice(256, int(rng.choice([0, 0, 8])), replace=False)
        return middles[int(rng.integers(4))] ^ sum(1 << int(bit) for bit in flips)

    made: list[Look] = []
    for film in films(rng, count):
        if rng.random() < 0.3:
            made.append(Look(None, f"{picture():064x}", frames=9))
        elif rng.random() < 0.2:
            made.append(clip(dict.fromkeys(range(int(rng.integers(1, 9))), picture()), picture()))
        else:
            made.append(replace(clip(film, picture()), dark=(1, 2) if rng.random() < 0.2 else ()))
    return made


def some_days(seed: int, count: int) -> list[dict[str, Look]]:
    made = some_looks(seed, count)
    shares = np.array_split(np.random.default_rng(seed).permutation(count), len(DAYS))
    return [{f"{seed} {number}": made[number] for number in share} for share in shares]


def expected(known: Mapping[str, Look]) -> Found:
    """By comparing every two."""
    clips = {sha256: look for sha256, look in sorted(known.items()) if isinstance(look, Clip) and look.film}
    animations = {sha256: look for sha256, look in sorted(known.items()) if not isinstance(look, Clip)}
    pairs = alike.expected(animations)
    centers: dict[object, str] = {}
    for sha256, look in clips.items():
        is_still = len(look.film) > 2 and len(set(look.film.values())) == 1
        key = next(iter(look.film.values())) if is_still else tuple(sorted(look.film.items()))
        center = centers.setdefault(key, sha256)
        if center != sha256:
            pairs.add((center, sha256, Tier.NEAR, 0))
    for one, other in combinations(centers.values(), 2):
        distance = apart(clips[one].film, clips[other].film)
        if distance is not None:
            pairs.add((one, other, Tier.NEAR, distance))
    firsts = {look.hash: sha256 for sha256, look in reversed(animations.items())}
    for pdq, animation in firsts.items():
        for video in centers.values():
            poster = clips[video].hash
            distance = (int(pdq or "0", 16) ^ int(poster or "0", 16)).bit_count()
            if pdq and poster and distance <= 31:
                pairs.add((min(animation, video), max(animation, video), Tier.NEAR, distance))
    return pairs


def test_partitions_in_any_order_make_the_pairs_of_all_at_once(database: Database, tmp_path: Path) -> None:
    known: dict[str, Look] = {}
    for order in list(permutations(range(4)))[::9]:
        days = some_days(100 + len(known), 36)
        made = {number: add(database, DAYS[number], days[number]) for number in range(4)}
        for number in order:
            known |= made[number]
            search(database, tmp_path, DAYS[number])
            assert found(database) == expected(known)
    of_videos = {pair for pair in found(database) if all(isinstance(known[sha256], Clip) for sha256 in pair[:2])}
    assert {bool(pair[3]) for pair in of_videos} == {True, False}
    before = snapshot(database)
    search(database, tmp_path, *DAYS)
    assert snapshot(database) == before


def test_files_that_leave_take_their_pairs_along_and_others_stand_in_for_them(
    database: Database, tmp_path: Path
) -> None:
    known: dict[str, Look] = {}
    for partition, day in zip(DAYS, some_days(7, 100), strict=True):
        known |= add(database, partition, day)
    search(database, tmp_path, *DAYS)
    rng = np.random.default_rng(8)
    while len(known) > 20:
        gone = [str(sha256) for sha256 in rng.choice(sorted(known), 16, replace=False)]
        with database.write() as connection:
            for sha256 in gone:
                files.mark_quarantined(connection, sha256, f"quarantine/{sha256}", "broken")
                media.mark_quarantined(connection, sha256, "broken")
                del known[sha256]
        search(database, tmp_path, *DAYS)
        assert found(database) == expected(known)


def test_seconds_that_are_read_again_are_compared_again_whatever_the_poster(database: Database, tmp_path: Path) -> None:
    known: dict[str, Look] = {}
    for partition, day in zip(DAYS, some_days(9, 60), strict=True):
        known |= add(database, partition, day)
    search(database, tmp_path, *DAYS)
    clips = sorted(sha256 for sha256, look in known.items() if isinstance(look, Clip))
    others = [film for film in films(np.random.default_rng(10), len(clips)) if film]
    changed = {sha256: replace(known[sha256], film=film) for sha256, film in zip(clips[::3], others, strict=False)}
    give_looks(database, changed)
    known |= changed
    # One partition is enough, and it needn't be theirs.
    add(database, ImportPartition(DAYS[0].import_date, "mastodon"), {"one more": Look(None, None)})
    search(database, tmp_path, ImportPartition(DAYS[0].import_date, "mastodon"))
    assert found(database) == expected(known)


def test_a_video_without_a_second_of_quality_is_compared_with_nothing(database: Database, tmp_path: Path) -> None:
    black = Clip(None, "f" * 64, film={}, dark=(0, 1, 2))
    add(database, DAYS[0], {"a": black, "b": black, "animation": Look(None, "f" * 64, frames=9)})
    search(database, tmp_path, *DAYS)
    assert found(database) == set()
    searched = [row for row in rows(database, "media_files") if row["near_searched_at"]]
    assert len(searched) == 1


def test_a_video_that_turns_black_loses_its_pairs(database: Database, tmp_path: Path) -> None:
    film = {second: 1 << 8 * second for second in range(4)}
    known = add(database, DAYS[0], {"a": clip(film), "b": clip(film), "c": clip(film)})
    search(database, tmp_path, DAYS[0])
    assert len(found(database)) == 2
    least = min(known)
    give_looks(database, {least: Clip(None, None, film={}, dark=(0,))})
    search(database, tmp_path, DAYS[0])
    others = sorted(known.keys() - {least})
    assert found(database) == {(*others, Tier.NEAR, 0)}


def test_thousands_of_videos_of_one_picture_make_as_many_pairs(database: Database, tmp_path: Path) -> None:
    stills = {f"still {number}": clip(dict.fromkeys(range(3 + number % 50), 1 << 77)) for number in range(700)}
    other = clip(dict.fromkeys(range(10), (1 << 77) + 7))
    known = add(database, DAYS[0], stills) | add(database, DAYS[1], {"near": other})
    search(database, tmp_path, *DAYS)
    assert len(found(database)) == 700
    assert found(database) == expected(known)


def test_a_run_that_is_killed_is_made_good_by_the_next(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    days = some_days(12, 60)
    known = add(database, DAYS[0], days[0])
    search(database, tmp_path, DAYS[0])
    known |= add(database, DAYS[1], days[1])
    monkeypatch.setattr("media_pipeline.stages.duplicates.near_duplicates.ROWS_TOGETHER", 3)
    whole = near_duplicates.remove_older

    def dies(*arguments: object) -> None:
        whole(*arguments)  # type: ignore[arg-type]
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(near_duplicates, "remove_older", dies)
        with pytest.raises(KeyboardInterrupt):
            search(database, tmp_path, DAYS[1])
    search(database, tmp_path, DAYS[1])
    assert found(database) == expected(known)


def test_videos_that_were_compared_by_their_posters_are_compared_anew_once(tmp_path: Path) -> None:
    days = some_days(11, 60)
    pictures = [{name: Look(None, look.pdq, look.quality, frames=9) for name, look in day.items()} for day in days]
    with closing(Database(sqlite_url(tmp_path))) as database:
        database.migrate()
        for partition, day in zip(DAYS, pictures, strict=True):
            fill(database, partition, day)
        search(database, tmp_path, *DAYS)
        by_posters = found(database)
        known = {
            sha256: look for day in days for sha256, look in zip(map(alike.digest, day), day.values(), strict=True)
        }
        searched_at = {row["sha256"]: row["near_searched_at"] for row in rows(database, "media_files")}
        give_looks(database, known)
        for sha256, look in known.items():
            kind = MediaType.VIDEO if isinstance(look, Clip) else MediaType.IMAGE
            update(database, "media_files", {"sha256": sha256}, media_type=kind, near_searched_at=searched_at[sha256])
        config = schema.alembic_config()
        with database.write() as connection:
            config.attributes["connection"] = connection
            command.downgrade(config, "0004")
            command.upgrade(config, "head")
        marked = {row["sha256"] for row in rows(database, "media_files") if row["near_searched_at"] == LONG_AGO}
        assert marked == {sha256 for sha256, look in known.items() if isinstance(look, Clip)}
        search(database, tmp_path, DAYS[2])
        assert found(database) == expected(known) != by_posters
        before = snapshot(database)
        search(database, tmp_path, *DAYS)
        assert snapshot(database) == before
