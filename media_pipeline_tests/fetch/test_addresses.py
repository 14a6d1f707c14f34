import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from media_pipeline.fetch.addresses import AllowedHostError, AllowedHosts, is_public, target_of
from media_pipeline.model import FetchedFile, FetchFailure, Status
from media_pipeline_tests import faulty_host

ATTACKS = [
    "http://127.0.0.1:{port}/secret",
    "http://localhost:{port}/secret",
    "http://LOCALHOST:{port}/secret",
    "http://localhost.:{port}/secret",
    "http://127.1:{port}/secret",
    "http://127.255.255.254:{port}/secret",
    "http://0:{port}/secret",
    "http://0.0.0.0:{port}/secret",
    "http://2130706433:{port}/secret",
    "http://017700000001:{port}/secret",
    "http://0177.0.0.1:{port}/secret",
    "http://0x7f000001:{port}/secret",
    "http://0x7f.0.0.1:{port}/secret",
    "http://①②⑦.⓪.⓪.①:{port}/secret",
    "http://127。0。0。1:{port}/secret",
    "http://%31%32%37.0.0.1:{port}/secret",
    "http://[::1]:{port}/secret",
    "http://[::]:{port}/secret",
    "http://[0:0:0:0:0:0:0:1]:{port}/secret",
    "http://[::ffff:127.0.0.1]:{port}/secret",
    "http://[::ffff:7f00:1]:{port}/secret",
    "http://[::127.0.0.1]:{port}/secret",
    "http://[64:ff9b::7f00:1]:{port}/secret",
    "http://[64:ff9b:1::7f00:1]:{port}/secret",
    "http://[2002:7f00:1::]:{port}/secret",
    "http://[2001:0:7f00:1::80ff:fffe]:{port}/secret",
    "http://[2606:4700::5efe:7f00:1]:{port}/secret",
    "http://[fe80::1]:{port}/secret",
    "http://[fe80::1%25lo]:{port}/secret",
    "http://[fec0::1]:{port}/secret",
    "http://127.0.0.1.:{port}/secret",
    "http://0x7f000001.:{port}/secret",
    "http://a.localhost.:{port}/secret",
    "http://[fc00::1]:{port}/secret",
    "http://[ff02::1]:{port}/secret",
    "http://10.0.0.1/secret",
    "http://172.16.0.1/secret",
    "http://192.168.0.1/secret",
    "http://169.254.169.254/latest/meta-data/",
    "http://100.64.0.1/secret",
    "http://192.0.0.170/secret",
    "http://198.18.0.1/secret",
    "http://224.0.0.1/secret",
    "http://240.0.0.1/secret",
    "http://255.255.255.255/secret",
    "https://127.0.0.1:{port}/secret",
    "http://user@127.0.0.1:{port}/secret",
    "http://user:password@example.org/",
    "http://example.org\\@127.0.0.1:{port}/secret",
    "http://127.0.0.1:{port}\\@example.org/",
    "http://example.org:80@127.0.0.1:{port}/secret",
    "file:///etc/passwd",
    "ftp://127.0.0.1/secret",
    "gopher://127.0.0.1:{port}/_GET%20/secret",
    "data:image/png;base64,AAAA",
    "javascript:alert(1)",
    "httpx://127.0.0.1:{port}/secret",
    "//127.0.0.1:{port}/secret",
    "http:///secret",
    "http://127.0.0.1:99999/",
    "http://127.0.0.1:0/",
    "http://[::1/secret",
    "http://127.0.0.1:{port}/secret\r\nHost: example.org",
    "",
]


def _refuse_to_resolve_in_earnest(name: str, *rest: Any, **named: Any) -> Any:
    """Numbers in any form resolve as ever; names would ask the real DNS."""
    if name.rstrip(".").lower() == "localhost" or not any(letter in name for letter in "ghijklmnopqrstuvwyz"):
        return _getaddrinfo(name, *rest, **named)
    raise socket.gaierror(socket.EAI_NONAME, "no DNS in this test")


_getaddrinfo = socket.getaddrinfo


@pytest.fixture
def no_dns(monkeypatch):
    monkeypatch.setattr(socket, "getaddrinfo", _refuse_to_resolve_in_earnest)


@pytest.mark.parametrize("attack", ATTACKS)
def test_no_attack_gets_through(host, fetcher, tmp_path, no_dns, attack):
    host.serve("/secret")
    url = attack.replace("{port}", host.address.rpartition(":")[2])
    outcome = fetcher(media_allowed_hosts=("mirror.test:8765",)).fetch(url, tmp_path)
    assert isinstance(outcome, FetchFailure)
    assert outcome.status is Status.UNSAFE or outcome.attempts[-1].error_kind == "dns"
    assert not host.requests
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "attack", [attack for attack in ATTACKS if attack not in ("", "http:///secret") and attack.isascii()]
)
def test_no_attack_gets_through_by_a_redirect(host, fetcher, tmp_path, no_dns, attack):
    with faulty_host.FaultyHost() as inside:
        inside.serve("/secret")
        target = attack.replace("{port}", inside.address.rpartition(":")[2]).split("\r")[0]
        url = host.serve("/a", fault=faulty_host.redirect(target))
        outcome = fetcher().fetch(url, tmp_path)
        assert isinstance(outcome, FetchFailure)
        assert outcome.status is Status.UNSAFE or outcome.attempts[-1].error_kind == "dns"
        assert not inside.requests


@pytest.mark.parametrize(
    "url",
    [
        "http://{address}.evil.test/a",
        "http://{address}@evil.test/a",
        "http://evil.test/{address}/a",
        "http://evil.test#{address}",
        "http://127.0.0.1:1{port}/a",
        "https://evil.test?{address}",
    ],
)
def test_an_allowed_host_is_not_matched_by_its_prefix(host, fetcher, tmp_path, no_dns, url):
    filled = url.replace("{address}", host.address).replace("{port}", host.address.rpartition(":")[2])
    outcome = fetcher().fetch(filled, tmp_path)
    assert outcome.status is Status.UNSAFE or outcome.attempts[-1].error_kind == "dns"
    assert not host.requests


def test_an_allowed_host_may_not_redirect_to_another_port_of_its_own(host, fetcher, tmp_path):
    with faulty_host.FaultyHost() as inside:
        url = host.serve("/a", fault=faulty_host.redirect(inside.serve("/secret")))
        assert fetcher().fetch(url, tmp_path).status is Status.UNSAFE
        assert not inside.requests


def test_a_second_dns_answer_is_never_asked_for(host, fetcher, tmp_path, monkeypatch):
    """The name is public when it is checked and loopback from then on; the connection goes where the check went."""
    port = int(host.address.rpartition(":")[2])
    answers = iter(["203.0.114.7"])
    asked: list[str] = []
    connected: list[str] = []

    def changing(name, *rest, **named):
        if name == "rebind.test":
            asked.append(name)
            name = next(answers, "127.0.0.1")
        else:
            connected.append(name)
        return _getaddrinfo(name, port, type=socket.SOCK_STREAM)

    def no_connection(sock, address):
        raise ConnectionRefusedError(f"the test connects to nothing, and not to {address}")

    monkeypatch.setattr(socket, "getaddrinfo", changing)
    monkeypatch.setattr(socket.socket, "connect", no_connection)
    outcome = fetcher(media_fetch_via=("{url}",)).fetch(f"http://rebind.test:{port}/secret", tmp_path)
    assert isinstance(outcome, FetchFailure)
    assert connected == ["203.0.114.7"]
    assert outcome.attempts[0].error_kind == "connection"
    assert [attempt.error_kind for attempt in outcome.attempts[1:]] == ["private_address"] * (len(outcome.attempts) - 1)
    assert not host.requests


def test_a_name_whose_first_answer_is_private_is_refused(host, fetcher, tmp_path, monkeypatch):
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: _getaddrinfo("127.0.0.1", 80, type=socket.SOCK_STREAM))
    outcome = fetcher().fetch("http://inside.test/", tmp_path)
    assert outcome.status is Status.UNSAFE
    assert "127.0.0.1" in outcome.error


def test_a_public_host_keeps_its_name_in_the_request(host, fetcher, tmp_path, monkeypatch):
    """Connecting by address must not change the Host header; here the address is made to lead to the test's host."""
    port = int(host.address.rpartition(":")[2])
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: _getaddrinfo("203.0.114.7", port, type=1))
    connect = socket.socket.connect
    monkeypatch.setattr(socket.socket, "connect", lambda sock, address: connect(sock, ("127.0.0.1", port)))
    host.serve("/a")
    assert isinstance(fetcher().fetch(f"http://media.test:{port}/a", tmp_path), FetchedFile)
    assert host.requests[0].headers["Host"] == f"media.test:{port}"


def test_tls_is_verified(tmp_path, fetcher):
    with self_signed_host(tmp_path) as address:
        outcome = fetcher(media_allowed_hosts=(address,)).fetch(f"https://{address}/a", tmp_path)
    assert outcome.status is Status.FAILED
    assert [attempt.error_kind for attempt in outcome.attempts] == ["tls"]


@contextmanager
def self_signed_host(folder: Path) -> Iterator[str]:
    """A host that would serve a medium to whoever doesn't mind its certificate."""
    with faulty_host.FaultyHost() as host:
        host.serve("/a")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(_certificate(folder))
        host.speak_tls(context)
        yield host.address


def _certificate(folder: Path) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = folder / "host.pem"
    no_password = serialization.NoEncryption()
    path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, no_password)
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    return path


def test_a_host_is_allowed_with_or_without_its_port():
    allowed = AllowedHosts(["mirror.test", "127.0.0.1:8765", "[::1]:9", "fe80::1", "TLS.test:443"])
    inside = [
        "http://mirror.test/",
        "https://MIRROR.test:8/",
        "http://127.0.0.1:8765/",
        "http://[0::1]:9/",
        "http://[fe80::1]:7/",
        "https://tls.test/",
    ]
    outside = [
        "http://127.0.0.1:8766/",
        "http://127.0.0.1/",
        "http://[::1]:10/",
        "http://a.mirror.test/",
        "http://tls.test/",
    ]
    assert [target_of(url) in allowed for url in inside] == [True] * len(inside)
    assert [target_of(url) in allowed for url in outside] == [False] * len(outside)


@pytest.mark.parametrize(
    "entry", ["http://mirror.test", "mirror.test/path", "user@mirror.test", "mirror.test:port", ":80"]
)
def test_an_entry_that_names_no_host_is_explained(entry):
    with pytest.raises(AllowedHostError, match="MEDIA_ALLOWED_HOSTS"):
        AllowedHosts([entry])


@pytest.mark.parametrize("address", ["1.1.1.1", "151.101.1.1", "2606:4700:4700::1111", "[2a00:1450:4001::1]"])
def test_addresses_of_the_public_internet_pass(address):
    assert is_public(address)
