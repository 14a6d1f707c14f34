"""Which kinds of bodies may be the medium that an export declares."""

from __future__ import annotations

import pytest

from media_pipeline.model import MediaType
from media_pipeline.policy.declared_types import is_as_declared

VIDEO, IMAGE, AUDIO, DOCUMENT = MediaType.VIDEO, MediaType.IMAGE, MediaType.AUDIO, MediaType.DOCUMENT


@pytest.mark.parametrize(
    ("declared", "url", "found", "mime_type"),
    [
        (VIDEO, "https://h/a.mp4", VIDEO, "video/webm"),
        (VIDEO, "https://h/a", AUDIO, "audio/mp4"),
        (VIDEO, "https://h/a.gif", IMAGE, "image/gif"),
        (VIDEO, "https://h/original?id=1", IMAGE, "image/gif"),
        (VIDEO, "https://h/a.webp?x=1", IMAGE, "image/webp"),
        (AUDIO, "https://h/a.mp3", VIDEO, "video/mp4"),
        (DOCUMENT, "https://h/a", DOCUMENT, "application/pdf"),
        *((IMAGE, "https://h/a.jpg", found, "any/thing") for found in MediaType),
    ],
)
def test_what_may_have_been_meant_is_taken(declared: MediaType, url: str, found: MediaType, mime_type: str) -> None:
    assert is_as_declared(declared, url, found, mime_type)


@pytest.mark.parametrize(
    ("declared", "url", "found", "mime_type"),
    [
        (VIDEO, "https://h/a.mp4", IMAGE, "image/jpeg"),
        (VIDEO, "https://h/a", IMAGE, "image/jpeg"),
        (VIDEO, "https://h/a.jpg", IMAGE, "image/jpeg"),
        (VIDEO, "https://h/a.MP4?tag=1", IMAGE, "image/gif"),
        (VIDEO, "https://h/a", IMAGE, "image/webp"),
        (VIDEO, "https://h/[a.gif", IMAGE, "image/png"),
        (VIDEO, "https://h/a", DOCUMENT, "application/pdf"),
        (AUDIO, "https://h/a.mp3", IMAGE, "image/png"),
        (DOCUMENT, "https://h/a.pdf", IMAGE, "image/jpeg"),
        (DOCUMENT, "https://h/a", VIDEO, "video/mp4"),
    ],
)
def test_what_can_not_have_been_meant_is_refused(
    declared: MediaType, url: str, found: MediaType, mime_type: str
) -> None:
    assert not is_as_declared(declared, url, found, mime_type)
