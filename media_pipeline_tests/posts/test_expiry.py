"""When a signed URL dies, by every way of signing that hosts use."""

from __future__ import annotations

import base64
from datetime import UTC, datetime

import pytest

from media_pipeline.posts.expiry import expires_at

THEN = datetime(2025, 12, 12, 20, tzinfo=UTC)
SECONDS = int(THEN.timestamp())
HEXADECIMAL = f"{SECONDS:x}"
POLICY = (
    base64.b64encode(f'{{"Statement":[{{"Condition":{{"DateLessThan":{{"AWS:EpochTime":{SECONDS}}}}}}}]}}'.encode())
    .decode()
    .translate(str.maketrans("+=/", "-_~"))
)


@pytest.mark.parametrize(
    "url",
    [
        f"https://scontent-fra3-1.cdninstagram.com/v/t51/1.jpg?_nc_ht=x&oe={HEXADECIMAL.upper()}&oh=1",
        f"https://scontent.xx.fbcdn.net/v/t39/1.jpg?oh=0&oe={HEXADECIMAL}",
        f"https://media.licdn.com/dms/image/v2/X/1?e={SECONDS}&v=beta&t=s",
        f"https://p16-sign-va.tiktokcdn.com/obj/1~tplv.jpeg?x-expires={SECONDS}&x-signature=s",
        f"https://v16-webapp.tiktok.com/video/tos/1?a=1&expire={SECONDS}&signature=s",
        f"https://v16m.tiktokcdn.com/{'0' * 32}/{HEXADECIMAL}/video/tos/x/1/",
        "https://bucket.s3.amazonaws.com/1.jpg?X-Amz-Date=20251212T190000Z&X-Amz-Expires=3600&X-Amz-Signature=s",
        "https://storage.googleapis.com/b/1.jpg?X-Goog-Date=20251212T190000Z&X-Goog-Expires=3600&X-Goog-Signature=s",
        f"https://bucket.s3.amazonaws.com/1.jpg?AWSAccessKeyId=a&Expires={SECONDS}&Signature=s",
        f"https://d1.cloudfront.net/1.jpg?Expires={SECONDS}&Signature=s&Key-Pair-Id=k",
        f"https://d1.cloudfront.net/1.jpg?Policy={POLICY}&Signature=s&Key-Pair-Id=k",
    ],
)
def test_every_signature_says_when_it_ends(url: str) -> None:
    assert expires_at(url) == THEN


@pytest.mark.parametrize(
    "url",
    [
        None,
        "",
        "https://pbs.twimg.com/media/A.jpg",
        "https://pbs.twimg.com/media/A?format=jpg&name=orig",
        f"https://example.org/1.jpg?e={SECONDS}&oe={HEXADECIMAL}",
        f"https://example.org/1.jpg?Expires={SECONDS}",
        "https://scontent.xx.fbcdn.net/1.jpg?oe=zzzz",
        "https://scontent.xx.fbcdn.net/1.jpg?oe=" + "f" * 50,
        "https://[/?oe=1",
        "https://x.test/1?X-Amz-Date=yesterday&X-Amz-Expires=1",
        "https://x.test/1?X-Amz-Date=20251212T190000Z&X-Amz-Expires=9999999999999999",
        "https://x.test/1?Policy=%ff&Signature=s",
    ],
)
def test_a_url_that_says_nothing_has_no_end(url: str | None) -> None:
    assert expires_at(url) is None
