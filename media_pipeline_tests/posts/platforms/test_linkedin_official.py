"""Rows of LinkedIn's official export, alone and joined."""

from __future__ import annotations

import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from media_pipeline.model import Fault, Locator, MediaRef, MediaType, Post, Record
from media_pipeline.posts.extract import ExtractedPost as Extracted
from media_pipeline.posts.extract import coverage, extract
from media_pipeline.posts.platforms.linkedin import LinkedIn
from media_pipeline.posts.readers.linkedin_archive import time_of_upload
from media_pipeline_tests.posts.linkedin_shapes import exported_share, exported_upload

LINKEDIN = LinkedIn()
OWNER = {"rows": [{"First Name": "Anna", "Last Name": "Example", "Headline": "x"}]}
SHARES = "Date,ShareLink,ShareCommentary,SharedUrl,MediaUrl,Visibility\n"
UPLOADS = "Date/Time,Media Description,Media Link\n"
SHARE = "https://www.linkedin.com/feed/update/urn%3Ali%3Ashare%3A740000000000000000{}"
AMBRY = "https://www.linkedin.com/psettings/member-data/download?ambry={}"


def read(value: Any) -> list[Post | Fault]:
    return list(LINKEDIN.posts(Record(value, Locator(line=2), owner=OWNER)))


def post_of(value: Any) -> Post:
    (found,) = read(value)
    assert isinstance(found, Post)
    return found


def media(value: Any) -> tuple[MediaRef, ...]:
    return LINKEDIN.media(post_of(value).raw)


def zipped(folder: Path, **tables: str) -> list[Extracted]:
    with zipfile.ZipFile(folder / "Complete_LinkedInDataExport.zip", "w") as archive:
        for name, table in tables.items():
            archive.writestr(name, table)
    parts = list(extract(folder / "Complete_LinkedInDataExport.zip"))
    assert not [part for part in parts if isinstance(part, Fault)]
    return [part for part in parts if isinstance(part, Extracted)]


def test_a_share_is_a_post_with_its_text_unquoted_and_its_medium() -> None:
    share = post_of(exported_share())
    assert (share.native_id, share.author_name) == ("7400000000000000001", "Anna Example")
    assert share.posted_at == datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    assert share.url == "https://www.linkedin.com/feed/update/urn:li:share:7400000000000000001"
    assert share.text == 'a line\n\nwith "quotes"'
    (picture,) = LINKEDIN.media(share.raw)
    assert (picture.media_type, picture.url) == (MediaType.IMAGE, exported_share()["MediaUrl"])
    assert picture.expires_at == datetime(2027, 1, 15, 8, 0, tzinfo=UTC)


def test_headers_of_other_years_and_links_of_other_kinds_are_read() -> None:
    older = {
        "Date": "2019-01-02 03:04:05 UTC",
        "Share Link": "https://www.linkedin.com/feed/update/urn:li:activity:6400000000000000001",
    }
    share = post_of(
        older | {"Share Commentary": "hi", "Media URL": "https://media.licdn.com/dms/image/C4E22AQabcdef/x/0"}
    )
    assert (share.native_id, share.text) == ("6400000000000000001", "hi")
    assert share.posted_at == datetime(2019, 1, 2, 3, 4, 5, tzinfo=UTC)
    assert len(LINKEDIN.media(share.raw)) == 1
    assert post_of(exported_share(Date="")).posted_at is not None, "the number of a share holds its time"


def test_a_link_that_was_shared_is_no_medium_unless_linkedin_serves_it() -> None:
    assert media(exported_share(MediaUrl="")) == ()
    served = "https://media.licdn.com/dms/document/media/v2/D4E1FAQabcdef/feedshare-document-pdf-analyzed/0/1"
    (document,) = media(exported_share(MediaUrl="", SharedUrl=served))
    assert (document.media_type, document.url) == (MediaType.DOCUMENT, served)


def test_an_upload_is_one_medium_with_the_share_s_url_of_it() -> None:
    (picture,) = media(exported_share(Rich_Media=[exported_upload()]))
    assert [candidate.rule for candidate in picture.candidates] == ["as shared", "as uploaded"]
    (alone,) = media(exported_share(Rich_Media=[exported_upload(**{"Media Link": AMBRY.format(1)})]))
    assert [candidate.url for candidate in alone.candidates][1] == AMBRY.format(1)


def test_of_several_uploads_each_is_a_medium_and_what_linkedin_knows_as_one_is_one() -> None:
    other = exported_upload(**{"Media Link": "https://media.licdn.com/dms/image/v2/D4E22AQother1/x/0/1"})
    first, second = media(exported_share(Rich_Media=[exported_upload(), other]))
    assert len(first.candidates) == 2
    assert second.url == other["Media Link"]


@pytest.mark.parametrize(
    ("upload", "expected"),
    [
        ({}, MediaType.IMAGE),
        ({"Date/Time": "You uploaded a video on January 2, 2026 at 3:04 AM (GMT)"}, MediaType.VIDEO),
        ({"Date/Time": "You uploaded a feed document on January 2, 2026 at 3:04 AM (GMT)"}, MediaType.DOCUMENT),
        ({"Media Link": "https://dms.licdn.com/playlist/vid/v2/D4E05AQabcdef/mp4-720p/0/1"}, MediaType.VIDEO),
    ],
)
def test_an_upload_alone_is_a_post_of_its_kind(upload: dict[str, str], expected: MediaType) -> None:
    alone = post_of(exported_upload(**upload))
    assert alone.native_id.startswith("upload-")
    assert alone.posted_at == datetime(2026, 1, 2, 3, 4, tzinfo=UTC)
    assert alone.text is None
    (medium,) = LINKEDIN.media(alone.raw)
    assert medium.media_type is expected


def test_an_upload_keeps_its_id_when_its_url_is_signed_anew_and_its_words_are_its_text() -> None:
    signed = exported_upload(**{"Media Link": exported_upload()["Media Link"].replace("1800000001", "1900000000")})
    assert post_of(signed).native_id == post_of(exported_upload()).native_id
    assert post_of(exported_upload(**{"Media Description": "our garden"})).text == "our garden"
    assert post_of(exported_upload(**{"Media Description": "You uploaded a feed photo"})).text is None


def test_a_row_without_a_post_s_number_or_a_file_is_a_fault() -> None:
    for row in (exported_share(ShareLink=""), exported_upload(**{"Media Link": ""})):
        (fault,) = read(row)
        assert isinstance(fault, Fault)
        assert "neither a post nor a file" in fault.reason


@pytest.mark.parametrize("suffix", ["", "_123456"])
@pytest.mark.parametrize(
    "stamp", ["On January 02, 2026 at 03:04:05 (UTC)", "You uploaded a feed photo on January 2, 2026 at 3:04 AM (GMT)"]
)
def test_an_upload_of_the_time_of_one_share_is_that_share_s(tmp_path: Path, suffix: str, stamp: str) -> None:
    shares = SHARES + f"2026-01-02 03:04:05,{SHARE.format(1)},hi,,,X\n2026-01-02 03:06:00,{SHARE.format(2)},ho,,,X\n"
    uploads = UPLOADS + f'"{stamp}",x,{AMBRY.format(1)}\n'
    profile = "First Name,Last Name\nAnna,Example\n"
    posts = zipped(tmp_path, **{
        f"Rich_Media{suffix}.csv": uploads, f"Shares{suffix}.csv": shares,
        "Profile.csv": profile, "Connections.csv": "First Name,Last Name\nBob,B\n",
    })  # fmt: skip
    assert [(found.post.native_id, len(found.media)) for found in posts] == [
        ("7400000000000000001", 1),
        ("7400000000000000002", 0),
    ]
    assert {found.post.author_name for found in posts} == {"Anna Example"}
    assert [reference.url for reference in posts[0].media] == [AMBRY.format(1)]
    assert str(posts[0].post.locator) == f"Shares{suffix}.csv: line 2#"


@pytest.mark.parametrize(
    "stamp",
    [
        "On January 02, 2026 at 03:04:06 (UTC)",
        "You uploaded a feed photo on January 2, 2026 at 3:04 PM (GMT)",
        "You uploaded a feed document on January 2, 2026 at 3:00 AM (GMT)",
        "no time",
    ],
)
def test_an_upload_of_another_time_is_a_post_of_its_own(tmp_path: Path, stamp: str) -> None:
    shares = SHARES + f"2026-01-02 03:04:05,{SHARE.format(1)},hi,,,X\n"
    posts = zipped(tmp_path, **{"Shares.csv": shares, "Rich_Media.csv": UPLOADS + f'"{stamp}",x,{AMBRY.format(1)}\n'})
    assert [len(found.media) for found in posts] == [0, 1]
    assert posts[1].post.native_id.startswith("upload-")


def test_an_upload_of_the_minute_of_two_shares_is_a_post_of_its_own(tmp_path: Path) -> None:
    shares = SHARES + "".join(f"2026-01-02 03:04:0{n},{SHARE.format(n)},hi,,,X\n" for n in (1, 2))
    stamp = "You uploaded a feed photo on January 2, 2026 at 3:04 AM (GMT)"
    posts = zipped(tmp_path, **{"Shares.csv": shares, "Rich_Media.csv": UPLOADS + f'"{stamp}",x,{AMBRY.format(1)}\n'})
    assert [len(found.media) for found in posts] == [0, 0, 1]


def test_a_basic_export_without_shares_gives_its_uploads(tmp_path: Path) -> None:
    posts = zipped(
        tmp_path, **{"Rich_Media.csv": UPLOADS + f"x,y,{AMBRY.format(1)}\n", "Profile.csv": "First Name\nA\n"}
    )
    assert [len(found.media) for found in posts] == [1]
    assert coverage(tmp_path / "Complete_LinkedInDataExport.zip").unexplained == ()


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("March 8, 2026 at 12:37 AM (GMT)", (datetime(2026, 3, 8, 0, 37, tzinfo=UTC), False)),
        ("March 8, 2026 at 12:37 PM", (datetime(2026, 3, 8, 12, 37, tzinfo=UTC), False)),
        ("March 8, 2026", (datetime(2026, 3, 8, tzinfo=UTC), False)),
        ("March 80, 2026 at 1:00 AM", None),
        ("March 8, 2026 at 99:99", None),
        ("8 mars 2026", None),
    ],
)
def test_the_time_of_an_upload_is_read_from_its_sentence(written: str, expected: Any) -> None:
    assert time_of_upload({"Date/Time": written}) == expected
