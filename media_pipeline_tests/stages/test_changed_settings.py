"""No decision of settings is for ever: what was decided under other settings is due again."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from media_pipeline.catalog import imports, media
from media_pipeline.catalog.media import FailedMedia
from media_pipeline.model import Reason, Status
from media_pipeline.policy.decided import verdict_part
from media_pipeline.policy.reasons import SETTINGS_OF
from media_pipeline.settings import Settings
from media_pipeline.stages.downloads.decided import decided_under
from media_pipeline_tests import faulty_host
from media_pipeline_tests.clamd import INFECTION, Clamd
from media_pipeline_tests.faulty_host import FaultyHost
from media_pipeline_tests.library import TWITTER, picture, tweet
from media_pipeline_tests.stages.either_database import EitherLibrary, MakeEither

OTHER_VALUES: dict[str, Any] = {
    "media_fetch_via": ("{url}", "https://mirror.test/{url}"),
    "media_cookies_file": Path("cookies.txt"),
    "media_host_headers": '{"host.test": {"A": "b"}}',
    "media_user_agent": "another",
    "media_placeholder_digests": ("0" * 32,),
    "media_try_expired": True,
    "media_max_file_mb": 1000,
    "media_allowed_hosts": ("host.test",),
    "media_ports": (80,),
    "media_ca_file": Path("authorities.pem"),
    "media_max_attempts": 20,
    "media_timeout_seconds": 90,
    "media_lowest_speed": 1,
    "media_longest_download_seconds": 90_000,
    "media_max_image_pixels": 500_000_000,
    "media_image_memory_mb": 8000,
    "media_image_timeout_seconds": 900,
    "clamd_url": "tcp://127.0.0.1:1",
}
"""A value that is not the default of each setting that a verdict hangs on."""
WITHOUT_VERDICT = {
    # Looked at in each run by the setting of the day.
    *("media_fetch_roles", "media_recheck_days", "media_placeholder_authors", "download_media"),
    *("media_failed_share_limit", "media_missing_share_limit", "media_scrub_days", "media_cache_limit_gb"),
    # How much at a time, how fast, and for how long.
    *("media_download_workers", "media_download_processes", "media_host_workers", "media_host_rate"),
    *("media_backoff_seconds", "media_ban_after", "media_ban_minutes", "media_resume_above_mb", "media_part_days"),
    *("media_image_workers", "media_batch_size", "media_lease_seconds", "media_import_settle_seconds"),
    # Of renditions: the recipe is another one.
    *("media_rendition_longest_side", "media_rendition_format", "media_jpeg_quality", "media_webp_quality"),
    *("media_avif_quality", "media_thumbnail_size", "media_thumbnail_sizes", "media_thumbnail_crop"),
    *("media_web_videos", "media_web_video_longest_side", "media_web_video_crf", "media_web_video_preset"),
    *("media_web_video_max_kbit", "media_video_time_factor"),
    # An export of an earlier date is refused anew by each command.
    "media_start_date",
}
"""Settings by which nothing is decided that is kept."""
OF_PLACES = ("storage", "import", "archive", "catalog", "public", "base", "home")


def settings_with(tmp_path: Path, **values: Any) -> Settings:
    return Settings(_env_file=None, media_storage_path=tmp_path, **values)


def test_every_setting_decides_nothing_for_ever_or_is_in_the_table() -> None:
    hung_on = {name for names in SETTINGS_OF.values() for name in names}
    assert hung_on == OTHER_VALUES.keys()
    others = set(Settings.model_fields) - hung_on - WITHOUT_VERDICT
    of_places = {name for name in others if name.startswith("aws_") or name.split("_")[1] in OF_PLACES}
    assert others - of_places == set()


@pytest.mark.parametrize(
    ("reason", "name"), [(reason, name) for reason, names in SETTINGS_OF.items() for name in names]
)
def test_a_verdict_is_another_one_under_each_setting_that_it_hangs_on(
    tmp_path: Path, reason: Reason, name: str
) -> None:
    before = decided_under(settings_with(tmp_path))
    after = decided_under(settings_with(tmp_path, **{name: OTHER_VALUES[name]}))
    changed = {one for one in Reason if verdict_part(before[one]) != verdict_part(after[one])}
    assert changed == {one for one, names in SETTINGS_OF.items() if name in names}
    assert reason in changed


@pytest.fixture
def library(make_either: MakeEither) -> EitherLibrary:
    return make_either()


def is_unfinished(library: EitherLibrary) -> bool:
    with library.catalogue() as connection:
        found = imports.unfinished_partitions(
            connection, decided_under=decided_under(library.settings), roles=library.settings.media_fetch_roles
        )
    return TWITTER in found


STATUSES = {
    Reason.GONE: Status.GONE,
    Reason.PLACEHOLDER: Status.GONE,
    Reason.URL_EXPIRED: Status.EXPIRED,
    Reason.REFUSED: Status.FORBIDDEN,
    Reason.WRONG_TYPE: Status.NOT_MEDIA,
    Reason.NOT_MEDIA: Status.NOT_MEDIA,
    Reason.TOO_LARGE: Status.TOO_LARGE,
    Reason.UNSAFE_URL: Status.UNSAFE,
    Reason.UNREADABLE: Status.QUARANTINED,
    Reason.INFECTED: Status.QUARANTINED,
}
"""Of other reasons in the table: abandoned."""


def failed(ids: Iterable[str], words: dict[Reason, str]) -> list[FailedMedia]:
    return [
        FailedMedia(media_id, STATUSES.get(reason, Status.ABANDONED), "x", 8, reason=reason, decided_under=word)
        for media_id, (reason, word) in zip(ids, words.items(), strict=True)
    ]


def test_each_verdict_of_the_table_is_due_when_its_settings_have_changed_and_not_before(
    library: EitherLibrary,
) -> None:
    library = library.with_settings(download_media=False)
    library.land("a.json", [tweet(number, f"https://host.test/{number}.jpg") for number in range(len(SETTINGS_OF))])
    library.fetch()
    ids = sorted(row["media_id"] for row in library.table("post_media"))
    now = {reason: word for reason, word in decided_under(library.settings).items() if reason in SETTINGS_OF}
    before = {reason: f"{'x' * 8}{word[8:]}" for reason, word in now.items()}
    with library.catalogue() as connection:
        media.mark_failed(connection, failed(ids, now), library.settings)
        assert media.reopen(connection, [TWITTER], now) == 0
        media.mark_failed(connection, failed(ids, before), library.settings)
        assert media.reopen(connection, [TWITTER], now) == len(ids)
    assert library.statuses() == {"pending": len(ids)}


def test_a_picture_of_too_many_pixels_is_read_again_and_not_asked_for_once_they_are_allowed(
    make_either: MakeEither, host: FaultyHost
) -> None:
    library = make_either(media_max_image_pixels=1_000_000)
    body = picture(1, 1100, 1000)
    library.land("a.json", [tweet(1, host.serve("/a.jpg", body))])
    library.fetch()
    assert library.statuses() == {"quarantined": 1}
    assert not is_unfinished(library)
    library.fetch()
    assert (library.statuses(), len(library.files("quarantine"))) == ({"quarantined": 1}, 2)
    allowed = library.with_settings(media_max_image_pixels=2_000_000)
    assert is_unfinished(allowed)
    allowed.fetch()
    (row,) = library.table("post_media")
    assert (row["status"], row["reason"], row["decided_under"]) == ("stored", None, None)
    assert library.bytes_of(row["sha256"]) == body
    assert library.files("quarantine") == []
    assert library.table("media_files")[0]["width"] == 1100
    assert len(host.requests) == 1


def test_a_file_that_stays_unreadable_goes_back_to_quarantine_and_is_not_asked_for(
    library: EitherLibrary, host: FaultyHost
) -> None:
    library.land("a.json", [tweet(1, host.serve("/a.jpg"))])
    library.fetch()
    (before,) = library.files("quarantine")[:1]
    changed = library.with_settings(media_image_timeout_seconds=200)
    assert is_unfinished(changed)
    changed.fetch()
    assert library.statuses() == {"quarantined": 1}
    assert (library.files("quarantine")[0], library.files()) == (before, [])
    assert not is_unfinished(changed)
    before.unlink()
    library.fetch()
    assert (len(host.requests), library.statuses()) == (2, {"quarantined": 1})


def test_what_was_infected_is_asked_for_again_under_another_scanner(
    make_either: MakeEither, host: FaultyHost, clamd: Clamd
) -> None:
    library = make_either(clamd_url=clamd.unix_url)
    library.land("a.json", [tweet(1, host.serve("/a.jpg", picture(1) + INFECTION))])
    library.fetch()
    library.fetch()
    assert (library.statuses(), len(host.requests)) == ({"quarantined": 1}, 1)
    library.with_settings(clamd_url="").fetch()
    assert (library.statuses(), len(host.requests)) == ({"stored": 1}, 2)


def test_what_was_abandoned_is_due_again_when_more_tries_are_allowed(make_either: MakeEither, host: FaultyHost) -> None:
    library = make_either(media_max_attempts=1)
    library.land("a.json", [tweet(1, host.serve("/a.jpg", fault=faulty_host.status(400)))])
    library.fetch()
    library.fetch()
    assert (library.statuses(), len(host.requests)) == ({"abandoned": 1}, 1)
    more = library.with_settings(media_max_attempts=3)
    assert is_unfinished(more)
    more.fetch()
    assert (library.statuses(), len(host.requests)) == ({"failed": 1}, 2)


def test_a_partition_with_media_of_a_role_that_is_wanted_by_now_is_unfinished(
    make_either: MakeEither, host: FaultyHost
) -> None:
    library = make_either(media_fetch_roles=("poster",))
    library.land("a.json", [tweet(1, host.serve("/a.jpg", picture(1)))])
    library.fetch()
    assert (library.statuses(), is_unfinished(library)) == ({"skipped": 1}, False)
    wanted = library.with_settings(media_fetch_roles=("media",))
    assert is_unfinished(wanted)
    wanted.fetch()
    assert library.statuses() == {"stored": 1}
