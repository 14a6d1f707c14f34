"""The settings as one object, read from the environment and ``.env``.

What belongs here: joining the groups, reading them, saying what is wrong. What does not: a setting (the groups).
No other module reads the environment.
"""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Iterable
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from dotenv import dotenv_values
from pydantic import AliasChoices, SecretStr, ValidationError

from media_pipeline.model import SettingsError
from media_pipeline.settings.archive import Archive
from media_pipeline.settings.downloads import Downloads
from media_pipeline.settings.group import SettingsGroup
from media_pipeline.settings.hosts import Hosts
from media_pipeline.settings.imports import Imports
from media_pipeline.settings.places import Places
from media_pipeline.settings.renditions import Renditions
from media_pipeline.settings.work import Work

GROUPS: tuple[type[SettingsGroup], ...] = (Places, Imports, Downloads, Hosts, Renditions, Archive, Work)
"""In the order of docs/settings.md."""

_PREFIX = "MEDIA_"
_OF_THE_TESTS = "MEDIA_TEST_"
_PASSWORD = re.compile(r"(\w+://[^/@\s]*:)\S+@")
"""In a URL, up to the last ``@`` of it: passwords hold slashes where nobody quoted them."""
_warned: set[str] = set()


class Settings(Work, Archive, Renditions, Hosts, Downloads, Imports):
    """The one settings object. Read it with :func:`load_settings`, pass it on whole."""

    if TYPE_CHECKING:
        # No call names all fields: what is left out comes from the environment, `.env` or the default.
        def __init__(self, **values: Any) -> None: ...


def load_settings(**overrides: Any) -> Settings:
    """Read the settings from the environment and ``.env``; ``overrides`` win.

    Unknown variables that begin like one of ours are logged as warnings, once. Raises SettingsError with one line that
    names each wrong setting and its value.
    """
    try:
        settings = Settings(**overrides)
    except ValidationError as error:
        raise SettingsError("; ".join(_describe(problem) for problem in error.errors())) from None
    _warn_of_unknown([*os.environ, *dotenv_values(Path(".env"))])
    return settings


def names_of(field: str) -> list[str]:
    """The names in the environment that a setting is read from, its own first."""
    alias = Settings.model_fields[field].validation_alias
    names = alias.choices if isinstance(alias, AliasChoices) else [field]
    return [str(name).upper() for name in names]


def shown(settings: Settings) -> dict[str, str]:
    """Every setting by its name in the environment, as text that may be seen: secrets and passwords are masked."""
    values = {name: getattr(settings, name) for name in Settings.model_fields}
    return {name.upper(): _PASSWORD.sub(r"\1***@", _text(value)) for name, value in sorted(values.items())}


def _text(value: Any) -> str:
    """SecretStr's own text is a mask, or nothing."""
    if isinstance(value, tuple):
        return " ".join(str(item) for item in cast("tuple[Any, ...]", value))
    return "" if value is None else str(value)


def unknown_settings(names: Iterable[str]) -> dict[str, str | None]:
    """Those names that begin like a setting and are none, each with the setting that it is nearest to."""
    known = [name for field in Settings.model_fields for name in names_of(field)]
    strange = {name for name in map(str.upper, names) if name.startswith(_PREFIX) and name not in known}
    return {
        name: next(iter(get_close_matches(name, known, 1)), None)
        for name in sorted(strange)
        if not name.startswith(_OF_THE_TESTS)
    }


def _warn_of_unknown(names: Iterable[str]) -> None:
    for name, nearest in unknown_settings(names).items():
        if name not in _warned:
            _warned.add(name)
            meant = f"; did you mean {nearest}?" if nearest else ""
            logging.getLogger("media_pipeline").warning("%s is not a setting, so it has no effect%s", name, meant)


def _describe(problem: Any) -> str:
    """One wrong setting: its name, what it may be, and the value that it has, or the item of its list that is wrong."""
    named = str(problem["loc"][0]) if problem["loc"] else ""
    field = Settings.model_fields.get(_field_named(named))
    wanted = _wanted(problem["type"], problem.get("ctx", {})) or problem["msg"]
    given = "" if field is None or field.annotation is SecretStr else f" (it is {problem['input']!r})"
    return f"{named.upper()}: {wanted}{given}" if named else wanted


_WANTED = {
    "int_parsing": "write a whole number",
    "int_from_float": "write a whole number",
    "float_parsing": "write a number",
    "finite_number": "write a finite number",
    "bool_parsing": "write true or false",
    "greater_than": "write a number above {gt}",
    "greater_than_equal": "write a number that is at least {ge}",
    "less_than_equal": "write a number that is at most {le}",
    "enum": "write {expected}",
    "literal_error": "write {expected}",
    "string_too_short": "it must not be empty",
    "too_short": "it must not be empty",
    "value_error": "{error}",
}
"""What a setting may be, by the validation library's word for what is wrong with it."""


def _wanted(kind: str, context: dict[str, Any]) -> str | None:
    if kind.startswith("date"):
        return "write a date as YYYY-MM-DD"
    wanted = _WANTED[kind].format(**context) if kind in _WANTED else None
    # Of an enumeration, what is written and not how Python shows it.
    return wanted and re.sub(r"<[\w.]+: ('[^']*')>", r"\1", wanted)


def _field_named(name: str) -> str:
    """The field of a setting that is called by its own name or by another program's."""
    return next((field for field in Settings.model_fields if name.upper() in names_of(field)), "")
