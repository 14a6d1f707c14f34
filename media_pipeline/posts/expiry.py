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
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from urllib.parse import SplitResult, unquote, urlsplit

from media_pipeline.posts.values import integer, moment

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
    except ValueError:
        return None
    for domain, rule in _RULES:
        if host == domain or host.endswith("." + domain):
            return rule(parts)
    return _of_cloud_storage(parts)


def _of_meta(parts: SplitResult) -> datetime | None:
    return _hexadecimal(_parameter(parts, "oe"))


def _of_tiktok(parts: SplitResult) -> datetime | None:
    in_path = _TIKTOK_PATH.match(parts.path)
    return (
        moment(_parameter(parts, "x-expires"))
        or moment(_parameter(parts, "expire"))
        or (_hexadecimal(in_path[1]) if in_path else None)
    )


def _of_linkedin(parts: SplitResult) -> datetime | None:
    return moment(_parameter(parts, "e"))


def _of_cloud_storage(parts: SplitResult) -> datetime | None:
    if "=" not in parts.query:
        return None
    for prefix in ("X-Amz-", "X-Goog-"):
        if f"{prefix}Date=" in parts.query:
            return _signed_for(_parameter(parts, f"{prefix}Date"), _parameter(parts, f"{prefix}Expires"))
    if "Policy=" in parts.query:
        return _of_policy(_parameter(parts, "Policy"))
    if any(_parameter(parts, key) for key in _SIGNATURE_KEYS):
        return moment(_parameter(parts, "Expires"))
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


def _parameter(parts: SplitResult, key: str) -> str:
    """The first value of a key in the query. parse_qs reads all of them, which took a tenth of reading an export."""
    _, found, after = f"&{parts.query}".partition(f"&{key}=")
    return unquote(after.partition("&")[0]) if found else ""


_RULES: tuple[tuple[str, Callable[[SplitResult], datetime | None]], ...] = (
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
