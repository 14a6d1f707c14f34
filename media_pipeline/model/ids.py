"""The ids that posts and media are known by: the same parts, the same id, however often they are imported."""

from __future__ import annotations

import hashlib


def short_id(prefix: str, *parts: object) -> str:
    """``prefix-`` and 17 hex digits of the SHA-256 of the parts: the same parts, the same id."""
    digest = hashlib.sha256("\x1f".join(str(part) for part in parts).encode("utf-8", "surrogatepass"))
    return f"{prefix}-{digest.hexdigest()[:17]}"


def post_id_of(platform: str, native_id: str) -> str:
    """The id of a post, from the platform and the id that the platform gave it."""
    return short_id("p", platform, native_id)


def media_id_of(platform: str, native_id: str, key: str) -> str:
    """The id of the medium of a post that has this key.

    The tag keeps it from the ids of earlier versions, which were made of the position: they stay as they are.
    """
    return short_id("med", platform, native_id, f"key:{key}")
