"""A page of archived posts as it stands in its file: what it shows, where it leads, what it says."""

from __future__ import annotations

import re
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote


class Page(HTMLParser):
    """Names of files are relative to ``folder``."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.folder = path.parent
        self.source = path.read_text(encoding="utf-8")
        self.tags: Counter[str] = Counter()
        self.thumbnails: list[str] = []
        self.local: list[str] = []
        """Every file that the page shows or links to."""
        self.web: list[str] = []
        """Every other address."""
        self.words = ""
        self.feed(self.source)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        self.tags[tag] += 1
        for name in ("href", "src", "poster"):
            address = values.get(name)
            if address is None:
                continue
            if name == "poster" or tag == "img":
                self.thumbnails.append(unquote(address))
            (self.web if re.match(r"\w+:|/", address) else self.local).append(unquote(address))

    def handle_data(self, data: str) -> None:
        self.words += data


def all_pages(folder: Path) -> list[Page]:
    """The pages of a folder, the first one first."""
    others = sorted(folder.glob("page-*.html"), key=lambda path: int(path.stem.removeprefix("page-")))
    return [Page(path) for path in (folder / "index.html", *others)]
