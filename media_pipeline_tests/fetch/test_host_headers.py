"""MEDIA_HOST_HEADERS: a host's own headers, and that no other host sees them."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import pytest

from media_pipeline.fetch.dispatch.downloader import Downloader
from media_pipeline.fetch.http.host_headers import HostHeadersError, read_host_headers
from media_pipeline.model import FetchedFile
from media_pipeline.settings import Settings, SettingsError, load_settings
from media_pipeline_tests import faulty_host
from media_pipeline_tests.faulty_host import FaultyHost
from media_pipeline_tests.fetch.certificates import Authority
from media_pipeline_tests.fetch.getting import get
from media_pipeline_tests.fetch.network import PUBLIC, Network
from media_pipeline_tests.fetch.sessions import session

NAMES = ("media.test", "a.media.test", "a.b.media.test", "othermedia.test", "other.test", "media.test.evil.test")


@pytest.fixture
def network(network: Network, host: FaultyHost) -> Network:
    network.names.update({name: [PUBLIC] for name in NAMES})
    network.lead(PUBLIC, host.address)
    host.serve("/a")
    return network


def _setting(**tokens: str) -> str:
    """``key``: the value of its X-Token. A key's ``_`` is a dot, its ``all_`` is ``*.``."""
    named = {key.replace("all_", "*.").replace("_", "."): {"X-Token": value} for key, value in tokens.items()}
    return json.dumps(named)


def _tokens(host: FaultyHost) -> list[str | None]:
    return [request.headers.get("X-Token") for request in host.requests]


@pytest.mark.parametrize(
    ("key", "yes", "no"),
    [
        (
            "media.test",
            ["media.test", "MEDIA.test", "media.test:8080"],
            ["a.media.test", "othermedia.test", "other.test", "media.test.evil.test"],
        ),
        ("Media.Test", ["media.test"], ["other.test"]),
        ("media.test:8080", ["media.test:8080"], ["media.test", "media.test:8443", "other.test:8080"]),
        ("*.media.test", ["a.media.test", "a.b.media.test"], ["media.test", "othermedia.test", "media.test.evil.test"]),
        ("*.media.test:8080", ["a.media.test:8080"], ["a.media.test", "media.test:8080"]),
    ],
)
def test_a_header_goes_to_its_host_alone(
    network: Network, host: FaultyHost, key: str, yes: list[str], no: list[str]
) -> None:
    own = {"media_host_headers": json.dumps({key: {"X-Token": "secret"}}), "media_allowed_hosts": NAMES}
    with session(**own) as guarded:
        for name in [*yes, *no]:
            guarded.open(f"http://{name}/a", {}).close()
    assert _tokens(host) == ["secret"] * len(yes) + [None] * len(no)


def test_what_names_a_host_most_exactly_wins(network: Network, host: FaultyHost) -> None:
    keys = ("a.b.media.test:80", "*.media.test", "a.b.media.test", "*.b.media.test")
    for left_out in range(len(keys)):
        setting = json.dumps({key: {"X-Token": key} for key in keys[left_out:]})
        with session(media_host_headers=setting, media_allowed_hosts=NAMES) as guarded:
            guarded.open("http://a.b.media.test/a", {}).close()
    assert _tokens(host) == ["a.b.media.test:80", "a.b.media.test", "a.b.media.test", "*.b.media.test"]


def test_several_entries_are_joined_and_may_replace_our_user_agent(network: Network, host: FaultyHost) -> None:
    setting = json.dumps({"*.media.test": {"X-Token": "1", "user-agent": "us"}, "a.media.test": {"x-token": "2"}})
    with session(media_host_headers=setting, media_allowed_hosts=NAMES) as guarded:
        guarded.open("http://a.media.test/a", {}).close()
    sent = {name.lower(): value for name, value in host.requests[0].headers.items()}
    assert (sent["x-token"], sent["user-agent"]) == ("2", "us")
    assert len(host.requests[0].headers) == len(sent)


def test_each_hop_of_a_redirect_gets_the_headers_of_its_host(
    network: Network, host: FaultyHost, tmp_path: Path
) -> None:
    host.serve("/away", fault=faulty_host.redirect("http://other.test/on"))
    host.serve("/on", fault=faulty_host.redirect("http://a.media.test/a"))
    own = {"media_host_headers": _setting(media_test="secret", all_media_test="below"), "media_allowed_hosts": NAMES}
    assert isinstance(get("http://media.test/away", tmp_path, **own), FetchedFile)
    assert _tokens(host) == ["secret", None, "below"]


def test_a_public_host_gets_its_headers_over_tls_only(network: Network, host: FaultyHost, tmp_path: Path) -> None:
    own = {"media_host_headers": _setting(media_test="secret")}
    with session(**own) as guarded:
        guarded.open("http://media.test/a", {}).close()
    authority = Authority("In-house")
    host.speak_tls(authority.server(tmp_path, "media.test"))
    with session(media_ca_file=authority.save(tmp_path / "ca.pem"), **own) as guarded:
        guarded.open("https://media.test/a", {}).close()
    assert _tokens(host) == [None, "secret"]


def test_what_is_kept_of_a_request_holds_no_value(
    network: Network, host: FaultyHost, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    host.serve("/a", fault=faulty_host.status(500))
    own = {"media_host_headers": _setting(media_test="secret"), "media_allowed_hosts": NAMES}
    with caplog.at_level(logging.DEBUG):
        outcome = get("http://media.test/a", tmp_path, **own)
    assert set(_tokens(host)) == {"secret"}
    assert "secret" not in f"{outcome!r} {caplog.text}"


@pytest.mark.parametrize(
    "name",
    [
        "Host",
        "content-length",
        "RANGE",
        "If-Range",
        "If-None-Match",
        "Accept-Encoding",
        "Transfer-Encoding",
        "Connection",
        "Expect",
        "Proxy-Authorization",
        "Cookie",
        "X-\u00e9",
        "X Token",
        "X-Token:",
        "",
        "X\r\nHost",
    ],
)
def test_a_header_that_is_ours_to_send_or_nobodys_is_refused(name: str) -> None:
    with pytest.raises(HostHeadersError, match=r"MEDIA_HOST_HEADERS: .*media\.test") as caught:
        read_host_headers({"media.test": {name: "secret"}})
    assert "secret" not in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("value", ["", " secret", "secret ", "secret\r\nX-Injected: 1", "secret\x00", "s\u00e9cret"])
def test_a_value_that_cannot_be_sent_is_refused_unsaid(value: str) -> None:
    with pytest.raises(HostHeadersError, match=r"the value of X-Token, for media\.test,") as caught:
        read_host_headers({"media.test": {"X-Token": value}})
    assert "cret" not in str(caught.value)


@pytest.mark.parametrize(
    "key",
    ["", "*", "*.", "*media.test", "a.*.test", "https://media.test", "media.test/a", "me@media.test", "media.test:x"],
)
def test_a_key_that_is_no_host_is_named(key: str) -> None:
    with pytest.raises(HostHeadersError, match="host:port"):
        read_host_headers({key: {"X-Token": "secret"}})


@pytest.mark.parametrize(
    "text",
    [
        "secret",
        "{secret",
        '["secret"]',
        '{"media.test": "secret"}',
        '{"media.test": {"X": 1}}',
        '{"a": {"X": ["secret"]}}',
    ],
)
def test_what_is_not_such_json_is_refused_unsaid(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("MEDIA_HOST_HEADERS", text)
    with pytest.raises(SettingsError, match="MEDIA_HOST_HEADERS: write") as caught:
        load_settings(_env_file=None)
    assert "secret" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_headers_of_hosts_can_stand_in_an_env_file(tmp_path: Path) -> None:
    setting = {"api.media.test": {"Authorization": "Bearer a=b"}, "*.media.test": {"X-Token": "2"}}
    (tmp_path / ".env").write_text(f"MEDIA_HOST_HEADERS={json.dumps(setting)}\nMEDIA_PORTS=80 443\n")
    assert load_settings(_env_file=tmp_path / ".env").host_headers == setting


def test_the_settings_print_no_value() -> None:
    settings = Settings(_env_file=None, media_host_headers=_setting(media_test="hush"))
    assert settings.host_headers == {"media.test": {"X-Token": "hush"}}
    assert "hush" not in f"{settings!r} {settings} {settings.model_dump_json()}"


def test_a_run_with_a_wrong_header_does_not_begin(tmp_path: Path) -> None:
    wrong = json.dumps({"media.test": {"Host": "other.test"}})
    settings = Settings(_env_file=None, media_storage_path=tmp_path, media_host_headers=wrong)
    with pytest.raises(HostHeadersError, match="Host, for media"):
        Downloader(settings, 1)
