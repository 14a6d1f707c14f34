"""Variants of official exports that are for people to look at, HTML and TXT: known, so that what to ask for instead can
be said.

What belongs here: what such variants look like by path and by their first bytes, and a sentence for each. What does
not: reading them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

_ASK_META = (
    "ask for it again in the Accounts Center (Your information and permissions, Export your information) and choose "
    "JSON as the format"
)
_META = rb"_a706|_a6-g|pam _3-95"
"""Classes of Meta's pages."""
_PAGE = re.compile(rb"\s*(?:<!--.*?-->\s*)?<(?:!doctype\s+html|html|head|body)\b", re.IGNORECASE | re.DOTALL)
ANY_PAGE = "; where a platform gives its export as HTML or as JSON, choose JSON"
"""Said of a web page that nobody knows."""


@dataclass(frozen=True, slots=True)
class _Variant:
    path: re.Pattern[str]
    begins: re.Pattern[bytes]
    """Looked for in the first bytes of the file."""
    sentence: str
    names: bytes = b""
    """What else its first bytes hold, in lower case."""
    is_page: bool = True


def _variant(path: str, begins: bytes, sentence: str, names: bytes = b"", *, is_page: bool = True) -> _Variant:
    return _Variant(re.compile(rf"(?:^|/)(?:{path})$"), re.compile(begins), sentence, names, is_page)


_VARIANTS = (
    _variant(
        r"(?:your_instagram_activity/)?(?:content|media)/(?:posts_\d+|stories|reels|igtv_videos|profile_photos"
        r"|archived_posts|other_content)\.html",
        _META,
        f"this is Instagram's export as HTML, which is not read; {_ASK_META}",
        b"instagram",
    ),
    _variant(
        r"(?:your_facebook_activity/|your_activity_across_facebook/)?(?:posts/(?:your_posts[^/]*|your_videos"
        r"|your_uncategorized_photos|your_photos|album/\d+)|photos_and_videos/(?:your_videos|your_photos|album/\d+)"
        r"|stories/archived_stories|groups/(?:your_posts_in_groups|group_posts_and_comments))\.html",
        _META,
        f"this is Facebook's (or Instagram's) export as HTML, which is not read; {_ASK_META}",
    ),
    _variant(
        r"(?:ChatExport[^/]*/)?messages\d*\.html|export_results\.html",
        rb"<title>Exported Data</title>",
        "this is Telegram Desktop's export as HTML, which is not read; export it again and choose "
        '"Machine-readable JSON" as the format',
    ),
    _variant(
        r"Takeout/(?:YouTube[^/]*/.*|My Activity/YouTube/.*|archive_browser)\.html",
        rb"outer-cell mdl-cell",
        "this is Google Takeout as HTML, which is not read; ask for YouTube again, with videos and their metadata "
        'ticked and "History" as JSON (Multiple formats)',
    ),
    _variant(
        r"(?:Posts?|Videos?|Like List|(?:Watch|Browsing|Video Browsing|Share) History|Favou?rite Videos)\.txt",
        rb"\A\s*Date: \d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?: UTC)?\s*\r?\n\s*(?:Video ?)?Link: https?://",
        "this is TikTok's export as TXT, which is not read; ask for it again (Settings and privacy, Account, Download "
        "your data) and choose JSON as the file format",
        is_page=False,
    ),
)


def is_page(head: bytes) -> bool:
    """Whether a text that begins like this is a web page."""
    return _PAGE.match(head) is not None


def said_of_text(name: str, head: bytes) -> str | None:
    """What to ask for instead of a text of this name that begins like this; None where it is none of the variants."""
    begins_page = is_page(head)
    near = [variant for variant in _VARIANTS if variant.is_page == begins_page]
    by_bytes = next((variant for variant in near if _begins(variant, head)), None)
    by_path = next((variant for variant in near if begins_page and variant.path.search(name)), None)
    found = by_path or by_bytes
    return found.sentence if found else None


def _begins(variant: _Variant, head: bytes) -> bool:
    return variant.begins.search(head) is not None and variant.names in head.lower()


def said_of_paths(paths: Iterable[str]) -> str | None:
    """What to ask for instead of an archive or folder with these files; None where none is of such a variant."""
    found = (variant for path in paths for variant in _VARIANTS if variant.path.search(path))
    return next((variant.sentence for variant in found), None)
