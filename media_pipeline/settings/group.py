"""What every group of settings shares: where values come from, what an empty one means, how lists are written.

What belongs here: rules of all settings. What does not: a setting.
"""

from __future__ import annotations

import json
from typing import Any, ClassVar
from urllib.parse import urlsplit

from pydantic import BeforeValidator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

MEGABYTE = 1_000_000
GIGABYTE = 1_000_000_000


class SettingsGroup(BaseSettings):
    """The settings of one room. A field's name in capitals is its name in the environment and in ``.env``."""

    model_config = SettingsConfigDict(
        env_file=".env",
        env_file_encoding="utf-8",
        extra="ignore",
        frozen=True,
        str_strip_whitespace=True,
        hide_input_in_errors=True,
        populate_by_name=True,
        allow_inf_nan=False,
    )

    title: ClassVar[str]
    """The heading in docs/settings.md."""

    @model_validator(mode="before")
    @classmethod
    def _empty_is_default(cls, values: Any) -> Any:
        """``NAME=`` in a copied .env.example means the default."""
        return {name: value for name, value in values.items() if value != ""}


def _split_list(value: Any) -> Any:
    """Lists come as JSON or separated by commas or white space."""
    if not isinstance(value, str):
        return value
    if value.lstrip().startswith("["):
        try:
            return tuple(json.loads(value))
        except ValueError:
            raise ValueError("write the list with commas, or as JSON in brackets") from None
    return tuple(value.replace(",", " ").split())


def web_address(value: str) -> str:
    """A setting that is empty or the address of a web server. Raises ValueError."""
    if value and not _is_web_address(value):
        raise ValueError("write http://… or https://… with the name of a host")
    return value


def _is_web_address(value: str) -> bool:
    try:
        parts = urlsplit(value)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


SPLIT = BeforeValidator(_split_list)
"""Annotation of a setting that is a list, beside NoDecode."""
