"""What ``post_media.decided_under`` holds: two digests of settings in one word, each of DIGITS hexadecimal digits.

The first is of the settings that the verdict of the reference hangs on: another one makes the verdict due again. The
second is of those that final answers of hosts hang on: another one has every URL of the reference asked. A reference
that is pending keeps the word where it only got another URL, and has none where all of its URLs are to be asked.

What belongs here: the word. What does not: the settings themselves (:mod:`media_pipeline.policy.reasons`,
:mod:`media_pipeline.policy.final_answers`), and reading them (:mod:`media_pipeline.stages.downloads.decided`).
"""

from __future__ import annotations

from media_pipeline.model import Status

DIGITS = 8

ANSWERS_COUNT = (Status.PENDING, Status.FAILED)
"""Statuses of what is asked for the sake of a URL that is new, or that did not answer for good. What is due for any
other reason (its days have passed, its file was lost) is due with all of its URLs."""


def word_of(verdict: str, answers: str) -> str:
    """The word, by two digests."""
    return verdict[:DIGITS] + answers[:DIGITS]


def verdict_part(word: str) -> str:
    """The digest of the settings that the verdict hangs on."""
    return word[:DIGITS]


def without_answers(word: str) -> str:
    """The word with the verdict's digest alone: answers of before do not count."""
    return word[:DIGITS]


def do_answers_count(status: Status, then: str | None, now: str) -> bool:
    """Whether final answers of before count for a reference: they were given under the present settings.

    ``then``: what the reference has; ``now``: any word of the present settings.
    """
    return status in ANSWERS_COUNT and then is not None and then[DIGITS:] == now[DIGITS:]
