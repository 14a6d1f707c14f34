"""What is kept of an answer: bounded, without cookies, and with where redirects led."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from media_pipeline.fetch.http.answer_headers import MOST_CHARACTERS, MOST_HEADERS, kept_headers
from media_pipeline_tests import faulty_host
from media_pipeline_tests.faulty_host import FaultyHost
from media_pipeline_tests.fetch.getting import get


def test_an_attempt_keeps_headers_version_and_final_url(host: FaultyHost, tmp_path) -> None:
    end = host.serve("/b", Set_Cookie="session=secret", ETag='"v1"', X_Odd="<script>")
    url = host.serve("/a", fault=faulty_host.redirect("/b"))
    first, second = get(url, tmp_path, media_allowed_hosts=(host.address,)).attempts
    assert (first.final_url, second.final_url) == (end, end)
    assert (first.http_version, second.http_version) in {("1.0", "1.0"), ("1.1", "1.1")}
    assert first.headers is not None
    assert second.headers is not None
    assert first.headers["Location"] == "/b"
    assert (second.headers["ETag"], second.headers["X-Odd"]) == ('"v1"', "<script>")
    assert "set-cookie" not in {name.lower() for name in second.headers}
    assert (first.certificate_sha256, second.certificate_sha256) == (None, None)


def test_an_attempt_without_an_answer_keeps_nothing_of_it(host: FaultyHost, tmp_path) -> None:
    url = host.serve("/a", fault=faulty_host.reset)
    for attempt in get(url, tmp_path, media_allowed_hosts=(host.address,)).attempts:
        assert (attempt.headers, attempt.http_version, attempt.final_url) == (None, None, None)


@given(st.dictionaries(st.text(max_size=300), st.text(max_size=3000), max_size=100))
def test_headers_never_exceed_their_bounds_and_keep_their_order(headers: dict[str, str]) -> None:
    kept = kept_headers(headers)
    assert len(kept) <= MOST_HEADERS
    assert sum(len(name) + len(value) for name, value in kept.items()) <= MOST_CHARACTERS
    wanted = [name for name in headers if name.lower() not in ("set-cookie", "set-cookie2")]
    assert list(kept) == wanted[: len(kept)]
    assert all(headers[name] == value for name, value in list(kept.items())[:-1])
