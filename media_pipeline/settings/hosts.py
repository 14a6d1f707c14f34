"""Settings of media hosts: how often they are asked, with what, and which may be asked at all."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field, SecretStr, TypeAdapter, ValidationError, field_validator
from pydantic_settings import NoDecode

from media_pipeline.settings.group import SPLIT, SettingsGroup


class Hosts(SettingsGroup):
    """Hosts."""

    title = "Hosts"

    media_host_workers: int = Field(
        5, ge=1, le=256, description="This many downloads run at the same time from one host (name and port)."
    )
    media_host_rate: float = Field(
        0,
        ge=0,
        description="One host gets at most this many requests a second; downloads are then not shared by processes. "
        "0: there is no such limit.",
    )
    media_backoff_seconds: float = Field(
        0.5,
        gt=0,
        description="A failed request is tried again in the same run after this many seconds on average; the wait "
        "doubles with each try.",
    )
    media_ban_after: int = Field(
        10,
        ge=1,
        description="A host that answers 429 or 403 this many times in a row is left alone, and the rest of its media "
        "wait.",
    )
    media_ban_minutes: float = Field(60, gt=0, description="Such a host is left alone for this many minutes.")
    media_user_agent: str = Field(
        "media-pipeline/0.1 (archiving of social-media posts)",
        min_length=1,
        description="Every request carries this User-Agent.",
    )
    media_cookies_file: Path | None = Field(
        None,
        description="Hosts get the cookies of this file, which is in Netscape's format as browsers' add-ons and yt-dlp "
        "write it. The file is never written to.",
    )
    media_host_headers: SecretStr = Field(
        SecretStr(""),
        description='Hosts get these headers, written as JSON: `{"host or *.suffix": {"Name": "value"}}`. A header '
        "goes to no other host, and over plain HTTP only to one of MEDIA_ALLOWED_HOSTS.",
    )
    media_allowed_hosts: Annotated[tuple[str, ...], NoDecode, SPLIT] = Field(
        (),
        description="These hosts (`host` or `host:port`) may be asked although their addresses are private or "
        "loopback.",
    )
    media_ports: Annotated[tuple[Annotated[int, Field(ge=1, le=65535)], ...], NoDecode, SPLIT] = Field(
        (80, 443, 8080, 8443),
        description="Only these ports are asked; a host of MEDIA_ALLOWED_HOSTS may have any.",
    )
    media_ca_file: Path | None = Field(
        None,
        description="The certificate authorities of this file (PEM) are trusted besides the usual ones, by hosts and "
        "by archives.",
    )

    @field_validator("media_host_headers")
    @classmethod
    def _headers_are_read(cls, value: SecretStr) -> SecretStr:
        _host_headers(value)
        return value

    @property
    def cookies_file(self) -> Path | None:
        """The file of cookies, absolute."""
        return self.media_cookies_file and self.media_cookies_file.expanduser().resolve()

    @property
    def ca_file(self) -> Path | None:
        """The file of certificates, absolute."""
        return self.media_ca_file and self.media_ca_file.expanduser().resolve()

    @property
    def host_headers(self) -> dict[str, dict[str, str]]:
        """Names and values of headers by the host that they are for; :mod:`media_pipeline.fetch` checks them."""
        return _host_headers(self.media_host_headers)


def _host_headers(setting: SecretStr) -> dict[str, dict[str, str]]:
    try:
        return TypeAdapter(dict[str, dict[str, str]]).validate_json(setting.get_secret_value() or "{}", strict=True)
    except ValidationError:
        raise ValueError('write {"host": {"Name": "value"}}, as JSON') from None
