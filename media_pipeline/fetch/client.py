"""The HTTP session that every request to a media host goes through.

What belongs here: sessions, adapters, and the one choice between the guarded and the plain way.
What does not: retries, redirects and what an answer means (:mod:`media_pipeline.fetch.fetcher`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from requests import PreparedRequest, Response
from requests.adapters import BaseAdapter, HTTPAdapter
from requests.structures import CaseInsensitiveDict
from requests_hardened import Config, HTTPSession  # pyright: ignore[reportMissingTypeStubs]
from requests_hardened.ip_filter import InvalidIPAddress  # pyright: ignore[reportMissingTypeStubs]
from requests_hardened.ip_filter_adapter import IPFilterAdapter  # pyright: ignore[reportMissingTypeStubs]
from urllib3 import BaseHTTPResponse

from media_pipeline.fetch.addresses import AllowedHosts, UnsafeUrlError, is_public, target_of
from media_pipeline.fetch.pacing import PacedHTTPConnectionPool, PacedHTTPSConnectionPool

HOSTS_KEPT = 16
"""Hosts to which one session keeps its connection open. A session belongs to one thread: one connection a host."""


class _PacedAdapter(HTTPAdapter):
    """An adapter whose connections are paced."""

    def init_poolmanager(self, connections: int, maxsize: int, block: bool = False, **pool_kwargs: Any) -> None:  # noqa: ARG002
        super().init_poolmanager(HOSTS_KEPT, 1, block, **pool_kwargs)
        self.poolmanager.pool_classes_by_scheme = {
            "http": PacedHTTPConnectionPool,
            "https": PacedHTTPSConnectionPool,
        }

    def build_response(self, req: PreparedRequest, resp: BaseHTTPResponse) -> Response:
        """What the fetcher needs of a response, without cookies and history."""
        response = Response()
        response.status_code = resp.status
        response.headers = CaseInsensitiveDict(resp.headers)
        response.raw = resp
        response.url = str(req.url)
        response.request = req
        return response


class _PublicAdapter(_PacedAdapter, IPFilterAdapter):
    """Resolves the name once, refuses what isn't public, and connects to the very address it checked."""

    def build_connection_pool_key_attributes(self, request: PreparedRequest, verify: Any, cert: Any = None) -> Any:
        host_params, pool_kwargs = super().build_connection_pool_key_attributes(request, verify, cert)
        if not is_public(host_params["host"]):
            raise InvalidIPAddress(host_params["host"])
        return host_params, pool_kwargs


class GuardedSession(HTTPSession):
    """A session for one thread that asks public addresses and the allowed hosts, nothing else.

    Proxies, ``.netrc`` and CA bundles named by the environment are ignored, cookies are neither kept nor sent,
    and redirects are left to the caller, so that each hop comes through :meth:`get_adapter` as a request of its own.
    """

    def __init__(self, allowed: AllowedHosts, user_agent: str, timeout_seconds: float) -> None:
        self._timeout = (timeout_seconds, timeout_seconds)
        super().__init__(  # pyright: ignore[reportUnknownMemberType]
            Config(
                ip_filter_enable=True,
                ip_filter_allow_loopback_ips=False,
                never_redirect=True,
                default_timeout=self._timeout,
            )
        )
        self.trust_env = False
        self._allowed = allowed
        self._plain = _PacedAdapter()
        self._public = {
            "http": _PublicAdapter(is_https_proto=False),
            "https": _PublicAdapter(is_https_proto=True),
        }
        self._request_headers = {"User-Agent": user_agent, "Accept": "*/*", "Accept-Encoding": "identity"}

    def get_adapter(self, url: str) -> BaseAdapter:
        """The adapter for a URL, chosen by its parsed host and port; raises UnsafeUrlError."""
        target = target_of(url)
        return self._plain if target in self._allowed else self._public[target.scheme]

    def send(self, request: PreparedRequest, **_: Any) -> Response:
        """One request, one response, without the hooks, cookies and redirects of requests.

        It would read a redirect's whole body, however long, into memory before leaving it to the caller.
        """
        adapter = self.get_adapter(str(request.url))
        return adapter.send(request, stream=True, timeout=self._timeout, verify=True, cert=None, proxies={})

    def open(self, url: str, headers: Mapping[str, str]) -> Response:
        """Ask for a URL with further headers; the body is still to be read from ``raw``.

        Raises what requests raises, or UnsafeUrlError.
        """
        # As it stands: requests would escape a backslash, and so hide that parsers disagree about the host.
        target_of(url)
        request = PreparedRequest()
        request.method = "GET"
        try:
            # `prepare` would also look for cookies, a body, credentials and hooks: 3% of a small download's time.
            request.prepare_url(url, None)  # pyright: ignore[reportUnknownMemberType]
            request.prepare_headers({**self._request_headers, **headers})  # pyright: ignore[reportUnknownMemberType]
        except ValueError as error:
            raise UnsafeUrlError("invalid_url", f"the URL can't be asked: {error}") from error
        return self.send(request)

    def close(self) -> None:
        super().close()
        for adapter in (self._plain, *self._public.values()):
            adapter.close()
