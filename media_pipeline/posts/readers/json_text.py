"""One JSON text as a Python value, or the reason why not.

What belongs here: the limits of a single value. What does not: where it stood in a file.
"""

from __future__ import annotations

import json
from typing import Any

import orjson

from media_pipeline.model import MediaPipelineError

MAX_DEPTH = 200
"""Levels of nesting. Real posts stay under 40; orjson can't write more than 254 back, json fails at about 1000."""

_DIGITS_TO_ZERO = bytes(ord("0") if 0x30 <= byte <= 0x39 else byte for byte in range(256))
_WIDE_NUMBER = b"0" * 20


class UnreadableJson(MediaPipelineError):
    """The text is not a JSON value that can be used; the message says why."""


def parse_json(text: bytes) -> Any:
    """Return the value of a whole JSON text (RFC 8259, UTF-8). Integers keep every digit, texts their lone surrogates.

    Raises UnreadableJson for anything else: NaN, numbers beyond a double, too deep nesting.
    """
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        # Half of an emoji, as programs leave it that cut texts at a length. RFC 8259 allows it, orjson does not.
        if "surrogate" not in error.msg:
            raise UnreadableJson(f"not valid JSON: {error.msg} at character {error.pos}") from None
        value = _parse_slowly(text)
    # orjson turns integers of more than 64 bits into floats. Looking for 20 digits costs a tenth of parsing.
    if _WIDE_NUMBER in text.translate(_DIGITS_TO_ZERO):
        value = _parse_slowly(text)
    if text.count(b"{") + text.count(b"[") > MAX_DEPTH and _is_deeper_than(value, MAX_DEPTH):
        raise UnreadableJson(f"nested deeper than {MAX_DEPTH} levels")
    return value


def _parse_slowly(text: bytes) -> Any:
    """With the standard library, which takes what orjson does not."""
    try:
        return json.loads(text, parse_constant=_refuse)
    except RecursionError:
        raise UnreadableJson(f"nested deeper than {MAX_DEPTH} levels") from None
    except ValueError as error:
        raise UnreadableJson(f"not valid JSON: {error}") from None


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is no number of JSON")


def _is_deeper_than(value: Any, limit: int) -> bool:
    level: list[Any] = [value]
    for _ in range(limit + 1):
        children: list[Any] = []
        for parent in level:
            if isinstance(parent, dict):
                children.extend(parent.values())  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType]
            elif isinstance(parent, list):
                children.extend(parent)  # pyright: ignore[reportUnknownArgumentType]
        if not children:
            return False
        level = children
    return True
