"""When a signed media URL stops working, read from the URL itself.

What belongs here: one rule a way of signing. What does not: clocks; whether that time has passed is for others.

| signed by | says so in |
|---|---|
| Meta (`fbcdn.net`, `cdninstagram.com`) | `oe`, Unix seconds in hexadecimal |
| TikTok | `x-expires` or `expire`, Unix seconds; on video hosts also the second part of the path, hexadecimal |
| LinkedIn (`licdn.com`) | `e`, Unix seconds |
| S3, R2 (Signature V4), GCS (V4) | `X-Amz-Date` and `X-Amz-Expires`, `X-Goog-Date` and `X-Goog-Expires` |
| S3 (V2), GCS (V2), CloudFront | `Expires` beside a signature, Unix seconds |
| CloudFront with a custom policy | `DateLessThan` inside `Policy` |
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from urllib.parse import SplitResult, parse_qs, urlsplit

from media_pipeline.posts.values import integer, moment

_Query = Mapping[str, list[str]]
_MARKS = ("?", "/video/")
_TIKTOK_PATH = re.compile(r"/[0-9a-f]{32}/([0-9a-f]{8})/video/", re.ASCII)
_POLICY_END = re.compile(rb'"DateLessThan"\s*:\s*\{\s*"AWS:EpochTime"\s*:\s*(\d{1,12})\s*\}')
_SIGNATURE_KEYS = ("Signature", "Key-Pair-Id", "AWSAccessKeyId", "GoogleAccessId")
_COMPACT_TIME = "%Y%m%dT%H%M%SZ"


def expires_at(url: str | None) -> datetime | None:
    """The time in UTC after which the host refuses the URL, or None when the URL doesn't say."""
    if not url or not any(mark in url for mark in _MARKS):
        return None
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").lower()
        query = parse_qs(parts.query)
    except ValueError:
        return None
    for domain, rule in _RULES:
        if host == domain or host.endswith("." + domain):
            return rule(parts, query)
    return _of_cloud_storage(query)


def _of_meta(_: SplitResult, query: _Query) -> datetime | None:
    return _hexadecimal(_first(query, "oe"))


def _of_tiktok(parts: SplitResult, query: _Query) -> datetime | None:
    in_path = _TIKTOK_PATH.match(parts.path)
    return (
        moment(_first(query, "x-expires"))
        or moment(_first(query, "expire"))
        or (_hexadecimal(in_path[1]) if in_path else None)
    )


def _of_linkedin(_: SplitResult, query: _Query) -> datetime | None:
    return moment(_first(query, "e"))


def _of_cloud_storage(query: _Query) -> datetime | None:
    for prefix in ("X-Amz-", "X-Goog-"):
        if f"{prefix}Date" in query:
            return _signed_for(_first(query, f"{prefix}Date"), _first(query, f"{prefix}Expires"))
    if "Policy" in query:
        return _of_policy(_first(query, "Policy"))
    if any(key in query for key in _SIGNATURE_KEYS):
        return moment(_first(query, "Expires"))
    return None


def _signed_for(signed_at: str, seconds: str) -> datetime | None:
    lifetime = integer(seconds)
    try:
        signed = datetime.strptime(signed_at, _COMPACT_TIME).replace(tzinfo=UTC)
        return None if lifetime is None else signed + timedelta(seconds=lifetime)
    except (ValueError, OverflowError):
        return None


def _of_policy(policy: str) -> datetime | None:
    """CloudFront writes ``-_~`` for ``+=/`` in its base64.

    Source: https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/private-content-creating-signed-url-custom-policy.html
    """
    try:
        text = base64.b64decode(policy.translate(str.maketrans("-_~", "+=/")))
    except (ValueError, binascii.Error):
        return None
    end = _POLICY_END.search(text)
    return moment(int(end[1])) if end else None


def _hexadecimal(text: str) -> datetime | None:
    try:
        return moment(int(text, 16)) if len(text) <= 8 else None
    except ValueError:
        return None


def _first(query: _Query, key: str) -> str:
    return query.get(key, [""])[0]


_RULES: tuple[tuple[str, Callable[[SplitResult, _Query], datetime | None]], ...] = (
    ("fbcdn.net", _of_meta),
    ("cdninstagram.com", _of_meta),
    ("licdn.com", _of_linkedin),
    ("tiktok.com", _of_tiktok),
    ("tiktokcdn.com", _of_tiktok),
    ("tiktokcdn-us.com", _of_tiktok),
    ("tiktokcdn-eu.com", _of_tiktok),
    ("tiktokv.com", _of_tiktok),
    ("tiktokv.us", _of_tiktok),
    ("tiktokv.eu", _of_tiktok),
    ("muscdn.com", _of_tiktok),
    ("ibytedtos.com", _of_tiktok),
)
