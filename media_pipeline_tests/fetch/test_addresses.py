"""The pure rules: which URLs, addresses, settings and redirects are good."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st
from urllib3.util import parse_url

from media_pipeline.fetch.http.addresses import (
    AllowedHostError,
    AllowedHosts,
    UnsafeUrlError,
    asked_at,
    host_of,
    is_public,
    redirect_target,
    target_of,
)


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


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("http://a.test/x", "a.test:80"),
        ("https://A.test/y", "a.test:443"),
        ("https://a.test:8443/", "a.test:8443"),
        ("http://[0::2]/", "::2:80"),
        ("ftp://a.test/", ""),
        ("", ""),
    ],
)
def test_requests_are_counted_by_host_and_port(url, host):
    assert host_of(url) == host


@pytest.mark.parametrize(
    ("location", "target"),
    [
        ("/b", "http://a.test/b"),
        ("b?c=1", "http://a.test/x/b?c=1"),
        ("?c=1", "http://a.test/x/y?c=1"),
        ("//b.test/c", "http://b.test/c"),
        ("https://b.test", "https://b.test"),
        ("HTTPS://b.test/", "HTTPS://b.test/"),
        (" /b\t", "http://a.test/b"),
        ("/b c.jpg", "http://a.test/b%20c.jpg"),
        ("/b:c/d", "http://a.test/b:c/d"),
        ("/a//b", "http://a.test/a//b"),
        ("/caf\u00c3\u00a9", "http://a.test/caf%C3%A9"),
        ("/a\tb", "http://a.test/ab"),
        ("/a\\b", "http://a.test/a/b"),
        ("\\b", "http://a.test/b"),
        ("/[a]|^`{b}", "http://a.test/[a]|%5E%60%7Bb%7D"),
        ("/%41%2f%zz", "http://a.test/%41%2f%zz"),
        ("/a/../b/./c", "http://a.test/b/c"),
        ("/caf\u00e9", "http://a.test/caf%E9"),
        ("ftp://b.test/", "ftp://b.test/"),
    ],
)
def test_a_redirect_leads_where_a_browser_would_go(location, target):
    assert redirect_target("http://a.test/x/y", location) == target


@pytest.mark.parametrize(
    ("location", "kind"),
    [
        ("", "empty_redirect"),
        (" \t ", "empty_redirect"),
        ("http://", "no_host"),
        ("HTTPS:", "no_host"),
        ("http:///x", "no_host"),
        ("https://?x", "no_host"),
        ("https://#x", "no_host"),
        ("http:/x", "no_host"),
        ("http:x", "no_host"),
        ("//", "no_host"),
        ("///b.test/", "no_host"),
        ("//?x", "no_host"),
        ("/\\b.test/", "invalid_url"),
        ("\\\\b.test/", "invalid_url"),
        ("ht\ttp://b.test/", "invalid_url"),
        ("/\x01", "invalid_url"),
        ("/\r\nX: 1", "invalid_url"),
    ],
)
def test_a_redirect_that_browsers_and_libraries_read_differently_is_refused(location, kind):
    with pytest.raises(UnsafeUrlError) as refused:
        redirect_target("http://a.test/x/y", location)
    assert refused.value.kind == kind


@pytest.mark.parametrize(
    ("url", "asked"),
    [
        ("https://a.test/café 中.jpg?q=ä b#part", "https://a.test/caf%C3%A9%20%E4%B8%AD.jpg?q=%C3%A4%20b#part"),
        (" https://a.test/x\t", "https://a.test/x"),
        ("https://a.test/a\tb\\c", "https://a.test/ab/c"),
        ("https://a.test/{[|]}", "https://a.test/%7B[|]%7D"),
        ("https://a.test/%2fa%20b%zz", "https://a.test/%2fa%20b%zz"),
        ("https://BÜCHER.test:443", "https://xn--bcher-kva.test/"),
    ],
)
def test_a_url_is_asked_as_browsers_ask_it(url: str, asked: str) -> None:
    assert asked_at(url)[0] == asked


@given(st.text(st.sampled_from("abA./:@?#%[]\\\t é中０1270xＡ。\u00ad^|*-_"), max_size=20), st.text(max_size=10))
def test_what_is_checked_is_what_is_asked(authority: str, path: str) -> None:
    """Whatever parser reads the URL that is asked: urllib's, urllib3's or requests'."""
    try:
        asked, target = asked_at(f"http://{authority}/{path}")
    except UnsafeUrlError:
        return
    assert asked.isascii()
    assert target_of(asked) == target
    request = requests.Request("GET", asked).prepare()
    assert target_of(str(request.url)) == target
    assert parse_url(asked).host == urlsplit(asked).hostname
