"""No URL makes us ask for what only this machine, its network or its cloud may be asked for."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from media_pipeline.model import FetchFailure, Status
from media_pipeline_tests import faulty_host
from media_pipeline_tests.faulty_host import FaultyHost
from media_pipeline_tests.fetch.attacks import ATTACKS, NAMES, Attack
from media_pipeline_tests.fetch.getting import get
from media_pipeline_tests.fetch.network import PUBLIC, Network
from media_pipeline_tests.fetch.sessions import refusal


@pytest.fixture
def network(network: Network) -> Network:
    network.names.update(NAMES)
    return network


@pytest.fixture
def inside() -> Iterator[FaultyHost]:
    """What is to be kept from the outside."""
    with FaultyHost() as host:
        host.serve("/secret")
        yield host


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: repr(attack.url))
def test_no_attack_opens_a_connection(network: Network, inside: FaultyHost, attack: Attack) -> None:
    port = _port(inside)
    refused = refusal(attack.url.replace("{port}", port), media_ports=(80, 443, int(port)))
    assert (refused.status, refused.kind) == (Status.UNSAFE, attack.kind)
    assert not network.connected


@pytest.mark.parametrize(
    "attack", [attack for attack in ATTACKS if attack.by_redirect is not None], ids=lambda attack: repr(attack.url)
)
def test_no_attack_opens_a_connection_by_a_redirect(
    network: Network, inside: FaultyHost, host: FaultyHost, tmp_path, attack: Attack
) -> None:
    port = _port(inside)
    location = attack.url.replace("{port}", port).encode().decode("latin-1")
    url = host.serve("/a", fault=faulty_host.redirect(location))
    outcome = get(url, tmp_path, media_allowed_hosts=(host.address,), media_ports=(80, 443, int(port)))
    assert isinstance(outcome, FetchFailure)
    assert (outcome.status, outcome.attempts[-1].error_kind) == (Status.UNSAFE, attack.by_redirect or attack.kind)
    assert network.connected == ["127.0.0.1"]
    assert [len(host.requests), len(inside.requests)] == [1, 0]


def test_the_address_that_was_checked_is_the_one_that_is_connected_to(network: Network, host: FaultyHost) -> None:
    """The name is public when it is looked up first, and loopback from then on."""
    answers = iter([[PUBLIC]])
    network.names["rebind.test"] = lambda: next(answers, ["127.0.0.1"])
    port = _port(host)
    assert refusal(f"http://rebind.test:{port}/secret", media_ports=(int(port),)).kind == "connection"
    assert network.looked_up == ["rebind.test"]
    assert network.connected == [PUBLIC]
    assert refusal(f"http://rebind.test:{port}/secret", media_ports=(int(port),)).kind == "private_address"
    assert network.connected == [PUBLIC]
    assert not host.requests


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
def test_an_allowed_host_is_not_matched_by_its_prefix(network: Network, host: FaultyHost, url: str) -> None:
    network.names["evil.test"] = ["10.0.0.5"]
    filled = url.replace("{address}", host.address).replace("{port}", _port(host)[1:])
    assert refusal(filled, media_allowed_hosts=(host.address,)).status is Status.UNSAFE
    assert not network.connected


def test_an_allowed_host_may_not_redirect_to_another_port_of_its_own(
    inside: FaultyHost, host: FaultyHost, tmp_path
) -> None:
    url = host.serve("/a", fault=faulty_host.redirect(inside.url("/secret")))
    outcome = get(url, tmp_path, media_allowed_hosts=(host.address,))
    assert isinstance(outcome, FetchFailure)
    assert outcome.status is Status.UNSAFE
    assert not inside.requests


def test_each_hop_of_a_redirect_is_looked_up_and_checked(network: Network, host: FaultyHost, tmp_path) -> None:
    network.names["hop.test"] = [PUBLIC]
    network.lead(PUBLIC, host.address)
    host.serve("/a", fault=faulty_host.redirect("http://hop.test/b"))
    host.serve("/b", fault=faulty_host.redirect("http://inside.test/c"))
    outcome = get("http://media.test/a", tmp_path)
    assert [attempt.error_kind for attempt in outcome.attempts] == [None, None, "private_address"]
    assert network.looked_up == ["media.test", "hop.test", "inside.test"]
    assert network.connected == [PUBLIC, PUBLIC]


def _port(host: FaultyHost) -> str:
    return host.address.rpartition(":")[2]
