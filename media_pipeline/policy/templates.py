"""URL templates: other addresses under which a medium is asked for, such as a mirror's.

What belongs here: putting a URL into a template. What does not: the setting (MEDIA_FETCH_VIA), and which template is
asked when (:mod:`media_pipeline.fetch.dispatch.journey`).
"""

from __future__ import annotations

from collections.abc import Sequence

ITSELF = "{url}"
"""The template that is the medium's own URL."""


def is_template(text: str) -> bool:
    """Whether a URL has a place in it."""
    return ITSELF in text


def expanded(template: str, url: str) -> str:
    """The address under which the template asks for the URL."""
    return template.replace(ITSELF, url)


def addresses_of(url: str, templates: Sequence[str]) -> list[str]:
    """Every address under which the URL is asked for, in the templates' order."""
    return [expanded(template, url) for template in templates]
