"""Settings: one place, typed, and a wrong one is one clear line."""

from __future__ import annotations

from pathlib import Path

import pytest

from media_pipeline.model import Role
from media_pipeline.settings import Settings, SettingsError, load_settings, shown


def test_the_defaults_are_those_of_the_documentation() -> None:
    settings = load_settings()
    assert settings.media_download_workers == 5
    assert settings.media_timeout_seconds == 30
    assert settings.max_file_bytes == 100_000_000
    assert settings.media_batch_size == 50
    assert settings.cache_limit_bytes == 10_000_000_000
    assert (settings.media_rendition_longest_side, settings.media_jpeg_quality, settings.media_thumbnail_size) == (
        1920,
        85,
        300,
    )
    assert settings.media_fetch_via == ("{url}",)


def test_the_environment_wins_over_the_env_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("MEDIA_BATCH_SIZE=7\nMEDIA_JPEG_QUALITY=70\n")
    monkeypatch.setenv("MEDIA_BATCH_SIZE", "9")
    settings = load_settings()
    assert (settings.media_batch_size, settings.media_jpeg_quality) == (9, 70)


@pytest.mark.parametrize("text", ["http://m/{url} {url}", "http://m/{url},{url}", '["http://m/{url}", "{url}"]'])
def test_lists_come_with_spaces_commas_or_as_json(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("MEDIA_FETCH_VIA", text)
    assert load_settings().media_fetch_via == ("http://m/{url}", "{url}")


def test_roles_are_known_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEDIA_FETCH_ROLES", "media poster")
    assert load_settings().media_fetch_roles == (Role.MEDIA, Role.POSTER)


@pytest.mark.parametrize(
    ("name", "field"),
    [
        ("AWS_BUCKET_NAME", "aws_s3_bucket"),
        ("AWS_REGION", "aws_s3_region"),
        ("AWS_S3_REGION", "aws_s3_region"),
        ("AWS_ACCESS_KEY", "aws_access_key_id"),
        ("AWS_SECRET_KEY", "aws_secret_access_key"),
    ],
)
def test_a_setting_of_the_archive_is_read_by_its_other_name_too(
    monkeypatch: pytest.MonkeyPatch, name: str, field: str
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY", "given")
    monkeypatch.setenv("AWS_SECRET_KEY", "given")
    monkeypatch.setenv(name, "given")
    value = getattr(load_settings(), field)
    assert getattr(value, "get_secret_value", lambda: value)() == "given"


def test_a_settings_own_name_wins_over_its_other_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_BUCKET_NAME", "other")
    monkeypatch.setenv("AWS_S3_BUCKET", "own")
    assert load_settings().aws_s3_bucket == "own"
    assert load_settings(aws_s3_bucket="argument").aws_s3_bucket == "argument"


def test_an_unknown_variable_is_warned_of_once_with_the_nearest_setting(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / ".env").write_text("MEDIA_JPEG_QUALTY=70\n")
    monkeypatch.setenv("MEDIA_DOWNLOAD_WORKER", "7")
    load_settings()
    load_settings()
    assert [record.getMessage() for record in caplog.records] == [
        "MEDIA_DOWNLOAD_WORKER is not a setting, so it has no effect; did you mean MEDIA_DOWNLOAD_WORKERS?",
        "MEDIA_JPEG_QUALTY is not a setting, so it has no effect; did you mean MEDIA_JPEG_QUALITY?",
    ]


def test_an_empty_value_means_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("MEDIA_JPEG_QUALITY", "MEDIA_START_DATE", "MEDIA_FETCH_VIA", "AWS_S3_BUCKET", "MEDIA_ARCHIVE_PATH"):
        monkeypatch.setenv(name, "")
    assert load_settings() == load_settings(_env_file=None)
    assert load_settings().media_jpeg_quality == 85


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("MEDIA_JPEG_QUALITY", "101"),
        ("MEDIA_DOWNLOAD_WORKERS", "0"),
        ("MEDIA_MAX_FILE_MB", "-1"),
        ("MEDIA_PUBLIC", "perhaps"),
        ("MEDIA_START_DATE", "soon"),
        ("MEDIA_FETCH_VIA", "http://mirror/"),
        ("MEDIA_FETCH_ROLES", "media,selfie"),
        ("MEDIA_FETCH_VIA", "[broken"),
        ("DOWNLOAD_MEDIA", "2"),
        ("MEDIA_PORTS", "80,0"),
        ("MEDIA_PORTS", "80,65536"),
        ("MEDIA_PORTS", "80,https"),
        ("MEDIA_LOWEST_SPEED", "-1"),
        ("MEDIA_LONGEST_DOWNLOAD_SECONDS", "0"),
        ("MEDIA_PLACEHOLDER_AUTHORS", "1"),
        ("CLAMD_URL", "localhost:3310"),
        ("CLAMD_URL", "tcp://scanner"),
        ("CLAMD_URL", "tcp://scanner:99999"),
        ("CLAMD_URL", "unix://run/clamd.ctl"),
        ("CLAMD_URL", "http://scanner:3310"),
    ],
)
def test_a_wrong_value_is_one_line_that_names_setting_and_value(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as caught:
        load_settings()
    message = str(caught.value)
    assert name in message
    assert "\n" not in message
    assert value.split(",")[-1] in message


ANY_TEXT = {"MEDIA_USER_AGENT", "AWS_S3_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "MEDIA_BASE_URL"}
READ_LATER = {
    *("MEDIA_STORAGE_PATH", "MEDIA_IMPORT_PATH", "DAGSTER_HOME", "MEDIA_ARCHIVE_PATH"),
    *("MEDIA_COOKIES_FILE", "MEDIA_CA_FILE", "MEDIA_ALLOWED_HOSTS", "MEDIA_CATALOG_URL"),
}
"""Places, and what is held against files and databases before anything is begun."""


@pytest.mark.parametrize("name", sorted({name.upper() for name in Settings.model_fields} - ANY_TEXT - READ_LATER))
@pytest.mark.parametrize("value", ["bogus value!", "[1"])
def test_no_setting_takes_just_anything_and_each_says_in_plain_words_what_it_may_be(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as caught:
        load_settings()
    message = str(caught.value)
    assert message.startswith(f"{name}: ")
    assert "write" in message or "must" in message
    for word in ("Input should", "Value error", "Expecting", "<", "validation", "finite_number"):
        assert word not in message


@pytest.mark.parametrize("name", ["MEDIA_TIMEOUT_SECONDS", "MEDIA_CACHE_LIMIT_GB", "MEDIA_RECHECK_DAYS"])
@pytest.mark.parametrize("value", ["1e999", "nan"])
def test_a_number_is_finite(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match=f"^{name}: write a finite number"):
        load_settings()


def test_an_item_of_a_list_is_named_by_its_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEDIA_PORTS", "80,https")
    with pytest.raises(SettingsError, match=r"^MEDIA_PORTS: write a whole number \(it is 'https'\)$"):
        load_settings()


def test_a_secret_never_stands_in_an_error_or_in_print(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "very-secret")
    with pytest.raises(SettingsError) as caught:
        load_settings()
    assert "AWS_ACCESS_KEY_ID" in str(caught.value)
    assert "very-secret" not in str(caught.value)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "id")
    assert "very-secret" not in repr(load_settings())


def test_what_is_shown_of_the_settings_holds_no_secret_and_no_password() -> None:
    settings = load_settings(
        media_catalog_url="postgresql://media:pa/ss@w@db.example.org/media",
        media_host_headers='{"api.example.org": {"Authorization": "Bearer hush"}}',
        aws_access_key_id="id",
        aws_secret_access_key="hush",
        media_fetch_via="http://user:hush@mirror/{url}",
    )
    seen = shown(settings)
    assert seen["MEDIA_CATALOG_URL"] == "postgresql://media:***@db.example.org/media"
    assert seen["MEDIA_PORTS"] == "80 443 8080 8443"
    assert set(seen) == {name.upper() for name in Settings.model_fields}
    assert not [text for text in seen.values() if "hush" in text or "pa/ss" in text]
