"""The cookies of MEDIA_COOKIES_FILE: read once, sent where they belong.

What belongs here: the file's format and its errors, and which cookies a request gets. What does not: cookies that hosts
set, which are never kept. A cookie's value stands in no error and in no log.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from http.cookiejar import Cookie, CookieJar, DefaultCookiePolicy, LoadError, MozillaCookieJar
from pathlib import Path

from requests import PreparedRequest
from requests.cookies import get_cookie_header  # pyright: ignore[reportUnknownVariableType]

from media_pipeline.model import SettingsError

_MAGIC = re.compile(r"#( Netscape)? HTTP Cookie File")
_HTTP_ONLY = "#HttpOnly_"
_FIELDS = "domain, TRUE or FALSE, path, TRUE or FALSE, expiry in seconds, name, value, with tabs between them"
_LINE = re.compile(
    r"(?P<domain>[!-~]+)\t(?P<subdomains>TRUE|FALSE)\t/[!-~]*\t(?:TRUE|FALSE)\t"
    r"(?P<expiry>[0-9]{0,18}(?:\.[0-9]+)?)\t(?P<name>[ -~]*)\t(?P<value>[ -~]*)"
)


class CookiesFileError(SettingsError):
    """MEDIA_COOKIES_FILE can't be read, or isn't in Netscape's format.

    To do: Export the cookies again in Netscape's format, and let MEDIA_COOKIES_FILE name that file.
    """


def read_cookies(path: Path) -> tuple[Cookie, ...]:
    """Read a cookies file as browsers, curl and yt-dlp write it, also the expired ones and those of a session.

    Raises CookiesFileError, which names the file and the line.
    """
    try:
        lines = path.read_text("utf-8").split("\n")
    except OSError as error:
        raise CookiesFileError(f"MEDIA_COOKIES_FILE: can't read {path}: {error.strerror}") from error
    except UnicodeDecodeError:
        raise CookiesFileError(f"MEDIA_COOKIES_FILE: {path} is not a text file") from None
    # The jar names the whole line in its error, and with it a secret, but not its number.
    for number, line in enumerate(lines, 1):
        problem = _problem(line) if number > 1 else _problem_of_first(line)
        if problem:
            raise CookiesFileError(f"MEDIA_COOKIES_FILE: {path}, line {number}: {problem}")
    jar = MozillaCookieJar()
    try:
        jar.load(str(path), ignore_discard=True, ignore_expires=True)
    except (LoadError, OSError):
        raise CookiesFileError(f"MEDIA_COOKIES_FILE: {path} changed while it was read: try again") from None
    return tuple(_as_meant(cookie) for cookie in jar)


class CookieSender:
    """Gives each request the cookies whose domain, path, scheme and expiry match it. For one thread."""

    def __init__(self, cookies: Iterable[Cookie]) -> None:
        # Without this a cookie of one host would go to its subdomains too.
        self._jar = CookieJar(DefaultCookiePolicy(strict_ns_domain=DefaultCookiePolicy.DomainStrictNonDomain))
        for cookie in cookies:
            self._jar.set_cookie(cookie)

    def header_for(self, request: PreparedRequest) -> str | None:
        """The Cookie header of a request, whose URL and headers are prepared; None when no cookie matches."""
        return get_cookie_header(self._jar, request)  # pyright: ignore[reportUnknownVariableType]


def _problem_of_first(line: str) -> str | None:
    return None if _MAGIC.match(line) else "the first line must be '# Netscape HTTP Cookie File'"


def _problem(line: str) -> str | None:
    """What is wrong with a line, in words that hold nothing of it."""
    line = line.removeprefix(_HTTP_ONLY)
    if not line.strip() or line.strip().startswith(("#", "$")):
        return None
    found = _LINE.fullmatch(line)
    if not found:
        return f"not the seven fields {_FIELDS}"
    if not found["name"] and not found["value"]:
        return "neither name nor value"
    if found["domain"].startswith(".") != (found["subdomains"] == "TRUE"):
        return "the domain begins with a dot if, and only if, the second field is TRUE"
    return None


def _as_meant(cookie: Cookie) -> Cookie:
    """Hosts are compared in lower case, and curl writes 0 for the expiry of a session's cookie."""
    domain = cookie.domain.lower()
    # The jar looks for a host without a dot under this name (RFC 2965, "effective host name").
    cookie.domain = domain if "." in domain else f"{domain}.local"
    cookie.expires = cookie.expires or None
    return cookie
