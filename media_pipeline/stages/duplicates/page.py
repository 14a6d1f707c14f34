"""Clusters of duplicates as one HTML page that needs nothing beside it.

What belongs here: text and pictures of clusters as HTML. Whatever a post says is text, never markup. What does not:
which clusters are worth showing, and where the page lies.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from media_pipeline.catalog.duplicates import Source
from media_pipeline.catalog.near_duplicates import Tier
from media_pipeline.policy.foreign_text import for_html, link
from media_pipeline.stages.duplicates.clusters import Cluster, Member

MEMBERS_SHOWN = 8
"""Of a cluster."""
TEXT_CHARACTERS = 140
"""Of what a post says."""

PictureOf = Callable[[str], str | None]
"""The ``data:`` URI of a file's picture, by its SHA-256."""


@dataclass(frozen=True, slots=True)
class PageContent:
    """What is on a page."""

    title: str
    clusters: Sequence[Cluster]
    """The most telling first."""
    hidden: int
    """How many more there are than these."""
    sources: Mapping[str, Source]
    """By the oldest reference to each file."""
    table: str
    """Name of the file beside the page that lists all pairs."""


def write_page(file: Path, content: PageContent, picture_of: PictureOf, limit_bytes: int) -> int:
    """Write the page and return how many clusters it shows: as many as fit, pictures and all."""
    shown = size = 0
    with file.open("w", encoding="utf-8") as page:
        page.write(_head(content.title))
        for cluster in content.clusters:
            section = "".join(_section(cluster, content.sources, picture_of))
            size += len(section.encode())
            if size > limit_bytes and shown:
                break
            page.write(section)
            shown += 1
        more = len(content.clusters) - shown + content.hidden
        page.write(_note(more, content.table))
        page.write("</body>\n</html>\n")
    return shown


def _head(title: str) -> str:
    style = Path(__file__).with_name("page.css").read_text(encoding="utf-8")
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{for_html(title)}</title>
<style>
{style}</style>
</head>
<body>
<h1>{for_html(title)}</h1>
<p class=lead>The first of each group is the one to keep: most pixels, then most bytes, then the oldest. Those that are
<b>near</b> only look alike: somebody has to say whether they are the same, and nothing deletes them.</p>
"""


def _section(cluster: Cluster, sources: Mapping[str, Source], picture_of: PictureOf) -> Iterator[str]:
    yield f"<section>\n<h2>{for_html(_headline(cluster))}</h2>\n<div class=row>\n"
    for member in cluster.members[:MEMBERS_SHOWN]:
        yield _figure(member, sources.get(member.holders[0].media_id), picture_of(member.sha256))
    if len(cluster.members) > MEMBERS_SHOWN:
        yield f"<p class=more>and {len(cluster.members) - MEMBERS_SHOWN:,} more files</p>\n"
    yield "</div>\n</section>\n"


def _headline(cluster: Cluster) -> str:
    files = f"{len(cluster.members):,} files" if len(cluster.members) > 1 else ""
    references = f"{sum(len(member.holders) for member in cluster.members):,} references"
    once = f"{size_of(cluster.saved_already)} saved by storing once" if cluster.saved_already else ""
    saved = cluster.saved_if_pruned
    pruned = f"{size_of(saved)} to be saved by keeping only the first" if saved else ""
    return " · ".join(part for part in (files, references, once, pruned) if part)


def _figure(member: Member, source: Source | None, picture: str | None) -> str:
    image = f'<img src="{for_html(picture)}" alt="">' if picture else "<span class=missing>no picture</span>"
    lines = "".join(f"<p class={name}>{line}</p>\n" for name, line in _lines(member, source) if line)
    mark = "keep" if member.tier is None else member.tier.value
    return f"<figure class={mark}>\n{image}\n<figcaption>\n{lines}</figcaption>\n</figure>\n"


def _lines(member: Member, source: Source | None) -> Iterator[tuple[str, str]]:
    yield "tier", for_html(verdict(member))
    yield "facts", for_html(facts(member))
    if len(member.holders) > 1:
        yield "facts", f"same bytes in {len(member.holders):,} references"
    if source is not None:
        yield "who", for_html(_who(source))
        yield "text", for_html(_shortened(source.text or ""))
    yield "ends", "".join(_links(member, source))


def verdict(member: Member) -> str:
    """What a file is to the canonical one: ``near, 7 bits``."""
    if member.tier is None:
        return "keep"
    name = member.tier.replace("_", " ")
    if member.tier is Tier.SAME_PIXELS or member.distance is None:
        return name
    return f"{name}, {member.distance} bit{'' if member.distance == 1 else 's'}"


def facts(member: Member) -> str:
    """Size in pixels and bytes, and kind: ``1440 × 1800 · 312 kB · jpeg``."""
    file = member.file
    size = f"{file.width} × {file.height}" if file.width and file.height else ""
    return " · ".join(part for part in (size, size_of(file.file_size), file.mime_type.partition("/")[2]) if part)


def size_of(count: float) -> str:
    """Bytes, for people."""
    return f"{count / 1e6:.1f} MB" if count >= 1e6 else f"{count / 1e3:.0f} kB"


def _who(source: Source) -> str:
    author = f"@{source.author_handle}" if source.author_handle else source.author_name or "unknown author"
    day = f"{source.posted_at:%Y-%m-%d}" if source.posted_at else "no date"
    return f"{author} · {source.platform} · {day}"


def _shortened(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= TEXT_CHARACTERS else f"{line[: TEXT_CHARACTERS - 1]}…"


def _links(member: Member, source: Source | None) -> Iterator[str]:
    if member.file.local_path:
        yield f'<a href="../{for_html(quote(member.file.local_path))}">original</a>'
    if source is not None and (url := link(source.url)):
        yield f'<a href="{for_html(url)}" rel="noreferrer noopener">post</a>'
    yield f"<span>{for_html(member.holders[0].media_id)}</span>"


def _note(more: int, table: str) -> str:
    hidden = f"{more:,} more groups are not shown. " if more else ""
    return f'<p class=lead>{hidden}Every pair is in <a href="{for_html(quote(table))}">{for_html(table)}</a>.</p>\n'
