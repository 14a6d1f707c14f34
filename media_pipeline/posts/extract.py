"""An export file as posts with their media: reader, platform and media in one pass, nothing kept.

What belongs here: joining them, and the JSON that ``media-pipeline extract`` prints. What does not: storing anything.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from media_pipeline.model import Candidate, Fault, MediaRef, Post
from media_pipeline.posts.platforms.base import Platform
from media_pipeline.posts.readers import read_export


@dataclass(frozen=True, slots=True)
class ExtractedPost:
    """A post and its media, in order."""

    post: Post
    media: tuple[MediaRef, ...]

    def as_json(self) -> dict[str, Any]:
        """Plain JSON values: ids, author, time (ISO 8601, UTC), relation, and each medium with all its candidates."""
        post = self.post
        return {
            "platform": post.platform,
            "post_id": post.post_id,
            "native_id": post.native_id,
            "author": {"id": post.author_id, "handle": post.author_handle, "name": post.author_name},
            "posted_at": _iso(post.posted_at),
            "relation": post.relation.value if post.relation else None,
            "media": [_media_json(reference) for reference in self.media],
        }


def extract(path: Path, platform: Platform) -> Iterator[ExtractedPost | Fault]:
    """Yield every post of an export with its media, and a fault for each part that can't be used.

    Raises OSError where the file can't be read; nothing in the file makes it raise.
    """
    for record in read_export(path):
        if isinstance(record, Fault):
            yield record
            continue
        for post in platform.posts(record):
            yield post if isinstance(post, Fault) else ExtractedPost(post, platform.media(post.raw))


def _media_json(reference: MediaRef) -> dict[str, Any]:
    return {
        "type": reference.media_type.value,
        "role": reference.role.value,
        "url": reference.url,
        "candidates": [_candidate_json(candidate) for candidate in reference.candidates],
        "expires_at": _iso(reference.expires_at),
    }


def _candidate_json(candidate: Candidate) -> dict[str, Any]:
    return {
        "url": candidate.url,
        "role": candidate.role.value,
        "width": candidate.width,
        "height": candidate.height,
        "bitrate": candidate.bitrate,
        "rule": candidate.rule,
    }


def _iso(time: datetime | None) -> str | None:
    return time.isoformat() if time else None
