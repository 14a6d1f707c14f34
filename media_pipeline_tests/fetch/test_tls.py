"""TLS is verified, always: chain, dates and name."""

from __future__ import annotations

import hashlib
import ssl
from pathlib import Path

import pytest

from media_pipeline.fetch.http.trust import AuthoritiesError, trusting
from media_pipeline.model import FetchedFile, FetchFailure, Status
from media_pipeline_tests.faulty_host import FaultyHost
from media_pipeline_tests.fetch.certificates import Authority
from media_pipeline_tests.fetch.getting import get
from media_pipeline_tests.fetch.network import PUBLIC, Network
from media_pipeline_tests.fetch.sessions import client_settings, refusal

URL = "https://media.test/a"


@pytest.fixture
def network(network: Network, host: FaultyHost) -> Network:
    network.names["media.test"] = [PUBLIC]
    network.lead(PUBLIC, host.address)
    return network


@pytest.fixture
def authority() -> Authority:
    return Authority("In-house")


@pytest.fixture
def ca_file(authority: Authority, tmp_path: Path) -> Path:
    return authority.save(tmp_path / "ca.pem")


def test_the_checked_address_is_asked_under_the_name_of_the_host(
    network: Network, host: FaultyHost, authority: Authority, ca_file: Path, tmp_path: Path
) -> None:
    asked_for: list[str | None] = []
    context = authority.server(tmp_path, "media.test")
    context.sni_callback = lambda _socket, name, _context: asked_for.append(name)
    host.speak_tls(context)
    host.serve("/a")
    fetched = get(URL, tmp_path, media_ca_file=ca_file)
    assert isinstance(fetched, FetchedFile)
    assert (asked_for, host.requests[0].headers["Host"]) == (["media.test"], "media.test")
    assert (network.looked_up, network.connected) == (["media.test"], [PUBLIC])
    shown = ssl.get_server_certificate(_address(host))
    expected = hashlib.sha256(ssl.PEM_cert_to_DER_cert(shown)).hexdigest()
    assert [attempt.certificate_sha256 for attempt in fetched.attempts] == [expected]


def _address(host: FaultyHost) -> tuple[str, int]:
    name, _, port = host.address.rpartition(":")
    return name, int(port)


@pytest.mark.parametrize(
    ("names", "bad"),
    [
        pytest.param(("media.test",), {"days": -30}, id="expired"),
        pytest.param(("media.test",), {"days": 30}, id="not yet valid"),
        pytest.param(("media.test",), {"self_signed": True}, id="self-signed"),
        pytest.param(("other.test",), {}, id="another name"),
        pytest.param(("*.media.test",), {}, id="only what is below the name"),
        pytest.param((PUBLIC,), {}, id="the address in place of the name"),
    ],
)
def test_a_certificate_that_proves_nothing_is_refused_before_anything_is_asked(
    network: Network, host: FaultyHost, authority: Authority, ca_file: Path, tmp_path: Path, names, bad
) -> None:
    host.speak_tls(authority.server(tmp_path, *names, **bad))
    outcome = get(URL, tmp_path, media_ca_file=ca_file)
    assert isinstance(outcome, FetchFailure)
    assert outcome.status is Status.FAILED
    assert [attempt.error_kind for attempt in outcome.attempts] == ["tls"]
    assert network.connected == [PUBLIC]
    assert not host.requests


def test_an_allowed_host_is_verified_too(host: FaultyHost, authority: Authority, tmp_path: Path) -> None:
    host.speak_tls(authority.server(tmp_path, "127.0.0.1"))
    url = f"https://{host.address}/a"
    assert refusal(url, media_allowed_hosts=(host.address,)).kind == "tls"
    host.serve("/a")
    trusted = {"media_allowed_hosts": (host.address,), "media_ca_file": authority.save(tmp_path / "ca.pem")}
    assert isinstance(get(url, tmp_path, **trusted), FetchedFile)


def test_the_environment_names_no_authority(
    network: Network,
    host: FaultyHost,
    authority: Authority,
    ca_file: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    host.speak_tls(authority.server(tmp_path, "media.test"))
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"):
        monkeypatch.setenv(name, str(ca_file))
    assert refusal(URL).kind == "tls"
    assert network.connected == [PUBLIC]


def test_a_host_without_tls_is_refused(network: Network, host: FaultyHost) -> None:
    host.serve("/a")
    assert refusal(URL).kind == "tls"
    assert not host.requests


def test_the_usual_authorities_stay_trusted_beside_the_files(ca_file: Path) -> None:
    usual, both = trusting(""), trusting(client_settings(media_ca_file=ca_file).authorities)
    assert len(both.get_ca_certs()) == len(usual.get_ca_certs()) + 1
    assert {context.verify_mode for context in (usual, both)} == {ssl.CERT_REQUIRED}
    assert usual.check_hostname and both.check_hostname


@pytest.mark.parametrize("text", [None, "", "no certificate", "-----BEGIN CERTIFICATE-----\nAAAA\n"])
def test_a_file_without_certificates_is_named_when_the_run_starts(tmp_path: Path, text: str | None) -> None:
    path = tmp_path / "ca.pem"
    if text is not None:
        path.write_text(text)
    with pytest.raises(AuthoritiesError, match=r"MEDIA_CA_FILE: .*ca\.pem"):
        client_settings(media_ca_file=path)
