"""The HTTP session that every request to a media host goes through.

What belongs here: what a session is set to, what a request carries, and the choice between public and allowed hosts.
What does not: connecting (:mod:`media_pipeline.fetch.http.connections`), retries, redirects and what an answer means.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property, partial
from http.cookiejar import Cookie
from typing import TYPE_CHECKING, Any, Self

from requests import PreparedRequest, Response
from requests.adapters import BaseAdapter, HTTPAdapter
from requests.structures import CaseInsensitiveDict
from requests_hardened import Config, HTTPSession  # pyright: ignore[reportMissingTypeStubs]
from urllib3 import BaseHTTPResponse

from media_pipeline.fetch.http.addresses import AllowedHosts, Target, UnsafeUrlError, asked_at, target_of
from media_pipeline.fetch.http.connections import GuardedHTTPConnectionPool, GuardedHTTPSConnectionPool, Rules
from media_pipeline.fetch.http.cookies import CookieSender, read_cookies
from media_pipeline.fetch.http.encodings import decoder_of
from media_pipeline.fetch.http.host_headers import HostHeaders, read_host_headers
from media_pipeline.fetch.http.pacing import Pace
from media_pipeline.fetch.http.trust import read_authorities, trusting

if TYPE_CHECKING:
    import ssl

    # The settings take a third of a worker process's start, and it is sent what it needs of them.
    from media_pipeline.settings import Settings

HOSTS_KEPT = 16
"""Hosts to which one session keeps its connection open. A session belongs to one thread: one connection a host."""


@dataclass(frozen=True, slots=True)
class ClientSettings:
    """All that a session needs to know, read and checked. It can be pickled, and doesn't print its secrets."""

    user_agent: str
    timeout_seconds: float
    """To look the host up; then to connect; then between two reads."""
    allowed: AllowedHosts
    ports: frozenset[int]
    lowest_speed: int
    longest_answer_seconds: float
    authorities: str = ""
    """Certificates that are trusted besides certifi's, in PEM."""
    cookies: tuple[Cookie, ...] = field(default=(), repr=False)
    host_headers: tuple[HostHeaders, ...] = ()

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Read the settings, and the files that they name: a run that can't be asked as it should doesn't begin.

        Raises AllowedHostError, CookiesFileError, HostHeadersError or AuthoritiesError.
        """
        cookies, authorities = settings.cookies_file, settings.ca_file
        return cls(
            user_agent=settings.media_user_agent,
            timeout_seconds=settings.media_timeout_seconds,
            allowed=AllowedHosts(settings.media_allowed_hosts),
            ports=frozenset(settings.media_ports),
            lowest_speed=settings.media_lowest_speed,
            longest_answer_seconds=settings.media_longest_download_seconds,
            authorities=read_authorities(authorities) if authorities else "",
            cookies=read_cookies(cookies) if cookies else (),
            host_headers=read_host_headers(settings.host_headers),
        )


class GuardedSession(HTTPSession):
    """A session for one thread that asks public addresses and the allowed hosts, nothing else.

    Proxies, ``.netrc`` and CA bundles named by the environment are ignored. No answer changes what is sent later.
    Redirects are left to the caller, so that each hop comes through :meth:`open` as a request of its own.
    """

    def __init__(self, settings: ClientSettings) -> None:
        self._settings = settings
        self._timeout = (settings.timeout_seconds, settings.timeout_seconds)
        super().__init__(  # pyright: ignore[reportUnknownMemberType]
            Config(
                ip_filter_enable=True,
                ip_filter_allow_loopback_ips=False,
                never_redirect=True,
                default_timeout=self._timeout,
            )
        )
        self.trust_env = False
        pace = Pace(settings.lowest_speed, settings.longest_answer_seconds)
        self._allowed = _GuardedAdapter(Rules(pace, public_only=False), self._trust)
        self._public = _GuardedAdapter(Rules(pace, public_only=True), self._trust)
        self._cookies = CookieSender(settings.cookies) if settings.cookies else None
        self._headers = {"User-Agent": settings.user_agent, "Accept": "*/*", "Accept-Encoding": "identity"}

    def get_adapter(self, url: str) -> BaseAdapter:
        """The adapter for a URL, chosen by its parsed host and port; raises UnsafeUrlError."""
        return self._adapter_for(target_of(url))

    def send(self, request: PreparedRequest, **_: Any) -> Response:
        """One request, one response, without the hooks, cookies and redirects of requests.

        It would read a redirect's whole body, however long, into memory before leaving it to the caller.
        """
        return self._ask(request, target_of(str(request.url)))

    def open(self, url: str, headers: Mapping[str, str]) -> Response:
        """Ask for a URL with further headers; the body is still to be read from ``raw``.

        Raises what requests raises, or UnsafeUrlError.
        """
        request = PreparedRequest()
        request.method = "GET"
        try:
            # `prepare` would also look for cookies, a body, credentials and hooks: 3% of a small download's time.
            request.url, target = asked_at(url)
            sent = {**self._headers, **self._headers_for(target), **headers}
            request.prepare_headers(sent)  # pyright: ignore[reportUnknownMemberType]
        except ValueError as error:
            raise UnsafeUrlError("invalid_url", f"the URL can't be asked: {error}") from error
        if self._cookies is not None and (cookie := self._cookies.header_for(request)):
            request.headers["Cookie"] = cookie
        return self._ask(request, target)

    def close(self) -> None:
        super().close()
        self._allowed.close()
        self._public.close()

    def _ask(self, request: PreparedRequest, target: Target) -> Response:
        adapter = self._adapter_for(target)
        return adapter.send(request, stream=True, timeout=self._timeout, verify=True, cert=None, proxies={})

    def _adapter_for(self, target: Target) -> BaseAdapter:
        if target in self._settings.allowed:
            return self._allowed
        if target.port not in self._settings.ports:
            raise UnsafeUrlError("port", f"port {target.port} is not among MEDIA_PORTS")
        return self._public

    def _headers_for(self, target: Target) -> dict[str, str]:
        """Over plain HTTP anybody on the way could read them: so only an allowed host gets them there."""
        if target.scheme != "https" and target not in self._settings.allowed:
            return {}
        found = (entry.headers for entry in self._settings.host_headers if entry.matches(target))
        return {name: value for headers in found for name, value in headers}

    def _trust(self) -> ssl.SSLContext:
        return self._tls

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        """One for all connections of the session: loading certifi's certificates takes 15 ms."""
        return trusting(self._settings.authorities)


class _GuardedAdapter(HTTPAdapter):
    """An adapter whose connections obey the rules and trust what the session trusts."""

    def __init__(self, rules: Rules, trust: Callable[[], ssl.SSLContext]) -> None:
        self._rules = rules
        self._trust = trust
        super().__init__(HOSTS_KEPT, 1)

    def init_poolmanager(self, *arguments: Any, **pool_kwargs: Any) -> None:
        super().init_poolmanager(*arguments, **pool_kwargs)
        self.poolmanager.pool_classes_by_scheme = {
            "http": partial(GuardedHTTPConnectionPool, rules=self._rules),
            "https": partial(GuardedHTTPSConnectionPool, rules=self._rules),
        }

    def build_connection_pool_key_attributes(self, request: PreparedRequest, verify: Any, cert: Any = None) -> Any:
        host_params, pool_kwargs = super().build_connection_pool_key_attributes(request, verify, cert)
        if host_params["scheme"] == "https":
            pool_kwargs["ssl_context"] = self._trust()
        return host_params, pool_kwargs

    def cert_verify(self, conn: Any, url: Any, verify: Any, cert: Any) -> None:
        """The TLS context verifies. This would have each connection load certifi's certificates into it again."""

    def build_response(self, req: PreparedRequest, resp: BaseHTTPResponse) -> Response:
        """What the fetcher needs of a response, without cookies and history."""
        response = Response()
        response.status_code = resp.status
        response.headers = CaseInsensitiveDict(resp.headers)
        response.raw = resp
        response.url = str(req.url)
        response.request = req
        coding = resp.headers.get("Content-Encoding")
        if coding:
            resp._decoder = decoder_of(coding)  # pyright: ignore[reportPrivateUsage]
        return response
