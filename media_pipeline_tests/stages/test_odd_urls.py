"""URLs that browsers accept and RFC 3986 does not: asked escaped, and kept as the export gives them."""

from __future__ import annotations

import pytest

from media_pipeline_tests.faulty_host import FaultyHost, redirect
from media_pipeline_tests.library import picture, tweet
from media_pipeline_tests.stages.either_database import MakeEither


@pytest.mark.parametrize(
    ("written", "asked"),
    [
        ("/Death Kanban.png", "/Death%20Kanban.png"),
        ("/café 中.jpg?von=ä", "/caf%C3%A9%20%E4%B8%AD.jpg?von=%C3%A4"),
        ("/[a]{b}.jpg", "/%5Ba%5D%7Bb%7D.jpg"),
        ("/a\tb.jpg", "/ab.jpg"),
        ("/a\\b.jpg", "/a/b.jpg"),
        ("/a%20b%2Fc.jpg", "/a%20b%2Fc.jpg"),
    ],
)
def test_a_url_is_asked_escaped_and_kept_as_it_was_given(
    make_either: MakeEither, host: FaultyHost, written: str, asked: str
) -> None:
    library = make_either()
    host.serve(asked, picture(1))
    url = host.url(written)
    library.land("a.json", [tweet(1, url)])
    library.fetch()
    row = library.reference(url)
    assert (row["status"], row["error"]) == ("stored", None)
    assert (row["fetched_url"], row["candidates"][0]["url"]) == (url, url)
    assert [request.path for request in host.requests] == [asked]


def test_a_redirect_with_spaces_is_followed(make_either: MakeEither, host: FaultyHost) -> None:
    library = make_either()
    host.serve("/b%20c%20%C3%A9.jpg", picture(1))
    location = "/b c é.jpg".encode().decode("latin-1")
    url = host.serve("/a", fault=redirect(location))
    library.land("a.json", [tweet(1, url)])
    library.fetch()
    assert library.reference(url)["status"] == "stored"
