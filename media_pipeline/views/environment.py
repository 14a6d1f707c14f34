"""The one Jinja2 environment: escaping, links, and how much of a view fits.

Every ``{{ value }}`` is escaped for the language of its template, ``.html.j2`` or ``.md.j2``, by
:mod:`media_pipeline.policy.foreign_text`. Only :class:`markupsafe.Markup` is not: what :func:`render` returns, and what
the filters below make. So no template needs ``|safe``, ``|join`` or ``~``, which would bypass that escaping.
"""

from __future__ import annotations

import hashlib
import os
from base64 import b64encode
from collections.abc import Iterable
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import quote

from jinja2 import Environment, PackageLoader, StrictUndefined, pass_eval_context
from jinja2.nodes import EvalContext
from markupsafe import Markup

from media_pipeline.policy import foreign_text


def render(template: str, **values: Any) -> Markup:
    """The template's text, which other templates show as it is."""
    return Markup(_ENVIRONMENT.get_template(template).render(values))


def inline(name: str) -> Markup:
    """A style sheet or script of ``templates/``, as it stands there."""
    loader = _ENVIRONMENT.loader
    return Markup(loader.get_source(_ENVIRONMENT, name)[0] if loader else "")


def policy_source(text: str) -> str:
    """What names an inline style or script in a Content-Security-Policy: its digest (CSP 3, 2.3.1)."""
    return f"'sha256-{b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def fitting(pieces: Iterable[Markup], limit_bytes: int, least: int = 0) -> list[Markup]:
    """The first pieces, as many as have ``limit_bytes`` of UTF-8 together; ``least`` of them whatever their size."""
    kept = list[Markup]()
    size = 0
    for piece in pieces:
        size += len(piece.encode())
        if size > limit_bytes and len(kept) >= least:
            break
        kept.append(piece)
    return kept


def shortened(text: str, most: int) -> str:
    """The text as one line of at most ``most`` characters."""
    line = " ".join(text.split())
    return line if len(line) <= most else f"{line[: most - 1]}…"


def data_uri(webp: bytes) -> Markup:
    """A picture as a ``data:`` URI."""
    return Markup(f"data:image/webp;base64,{b64encode(webp).decode()}")


def local_link(path: str | None) -> str | None:
    """The address of a file by its path relative to the page; None for an absolute path, and for what names no file."""
    if not path or PurePosixPath(path).is_absolute():
        return None
    try:
        return quote(os.fsencode(path))
    except UnicodeEncodeError:
        return None


def _code(text: str) -> str:
    """The text as code of Markdown, where it holds nothing that ends code or a table's cell; else as text."""
    return text if "`" in text or "|" in text else Markup(f"`{foreign_text.for_terminal(text)}`")


def _number(value: int) -> Markup:
    return Markup(f"{value:,}")


@pass_eval_context
def _escaped(context: EvalContext, value: object) -> Markup:
    if isinstance(value, Markup):
        return value
    escape = foreign_text.for_html if context.autoescape else foreign_text.for_markdown
    return Markup("" if value is None else escape(str(value)))


_ENVIRONMENT = Environment(
    loader=PackageLoader("media_pipeline.views"),
    autoescape=lambda name: not (name or "").endswith(".md.j2"),
    finalize=_escaped,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
    auto_reload=False,
)
_FILTERS: dict[str, Any] = {
    "code": _code,
    "data_uri": data_uri,
    "local_link": local_link,
    "number": _number,
    "shortened": shortened,
    "web_link": foreign_text.link,
}
_ENVIRONMENT.filters.update(_FILTERS)
