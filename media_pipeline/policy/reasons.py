"""Which reason an error of a request means, what a person can do about each reason, and which settings it hangs on.

What belongs here: these tables. What does not: the errors themselves (``fetch``).
"""

from __future__ import annotations

from collections.abc import Mapping

from media_pipeline.model import Reason, Status

_BY_KIND: Mapping[str, Reason] = {
    "placeholder": Reason.PLACEHOLDER,
    "wrong_type": Reason.WRONG_TYPE,
    **dict.fromkeys(("html", "json", "text", "xml", "empty", "broken_playlist", "playlist"), Reason.NOT_MEDIA),
    **dict.fromkeys(("too_large", "too_many_segments"), Reason.TOO_LARGE),
    **dict.fromkeys(("private_address", "port", "scheme", "credentials", "numeric_host"), Reason.UNSAFE_URL),
    **dict.fromkeys(("no_host", "empty_redirect", "invalid_url"), Reason.UNSAFE_URL),
    "host_left_alone": Reason.RATE_LIMITED,
    **dict.fromkeys(("timeout", "connection", "dns"), Reason.NO_CONNECTION),
    "tls": Reason.NO_TRUST,
    **dict.fromkeys(("too_slow", "too_long", "truncated", "bad_encoding", "range_refused"), Reason.BROKEN_TRANSFER),
    **dict.fromkeys(("truncated_segment", "wrong_range", "worker_died"), Reason.BROKEN_TRANSFER),
    "too_many_redirects": Reason.REDIRECTS,
    **dict.fromkeys(("live_stream", "unsupported_stream", "unjoinable_stream"), Reason.STREAM),
    **dict.fromkeys(("undecryptable_segment", "wrong_duration"), Reason.STREAM),
    "drm": Reason.DRM,
    **dict.fromkeys(("http_404", "http_410"), Reason.GONE),
    **dict.fromkeys(("http_401", "http_403", "http_451"), Reason.REFUSED),
    "http_429": Reason.RATE_LIMITED,
}
_BY_STATUS: Mapping[Status, Reason] = {
    Status.GONE: Reason.GONE,
    Status.EXPIRED: Reason.URL_EXPIRED,
    Status.FORBIDDEN: Reason.REFUSED,
    Status.TOO_LARGE: Reason.TOO_LARGE,
    Status.NOT_MEDIA: Reason.NOT_MEDIA,
    Status.UNSAFE: Reason.UNSAFE_URL,
    Status.QUARANTINED: Reason.UNREADABLE,
    Status.MISSING: Reason.FILE_LOST,
}
_RATE_LIMITED = "http_429"
_UNRESOLVED = "dns"

ADVICE: Mapping[Reason, str] = {
    Reason.NO_URL: "Import an export that gives its URL, or put the file beside the export.",
    Reason.ROLE_NOT_WANTED: "Name its role in MEDIA_FETCH_ROLES to have it fetched.",
    Reason.GONE: "Name a mirror or the Internet Archive in MEDIA_FETCH_VIA, or import an export with another URL.",
    Reason.PLACEHOLDER: "Name a mirror or the Internet Archive in MEDIA_FETCH_VIA, or import an older export.",
    Reason.URL_EXPIRED: "Import a newer export of the post; MEDIA_TRY_EXPIRED has the URL asked all the same.",
    Reason.REFUSED: "Give the host a log-in by MEDIA_COOKIES_FILE or MEDIA_HOST_HEADERS.",
    Reason.DRM: "A protected stream can't be archived.",
    Reason.WRONG_TYPE: "Import an export that gives another URL.",
    Reason.NOT_MEDIA: "Look at what came, in the store's folder quarantine; a log-in page wants MEDIA_COOKIES_FILE.",
    Reason.TOO_LARGE: "Raise MEDIA_MAX_FILE_MB.",
    Reason.UNSAFE_URL: "If the host is one of your own, name it in MEDIA_ALLOWED_HOSTS, or its port in MEDIA_PORTS.",
    Reason.RATE_LIMITED: "Wait: it is tried again by itself; MEDIA_HOST_RATE and MEDIA_HOST_WORKERS ask more slowly.",
    Reason.HOST_ERROR: "Wait: it is tried again by itself.",
    Reason.NO_CONNECTION: "Look at this machine's network and name server; it is tried again by itself.",
    Reason.NO_TRUST: "Look at this machine's clock; name the host's authority in MEDIA_CA_FILE if it is your own.",
    Reason.BROKEN_TRANSFER: "Wait: it is tried again by itself, from where it broke off.",
    Reason.REDIRECTS: "The host may want a log-in: MEDIA_COOKIES_FILE.",
    Reason.STREAM: "A live stream can be fetched once it has ended.",
    Reason.TRUNCATED: "Wait: it is asked for once more, and kept as it is if the host has no better.",
    Reason.UNREADABLE: "Look at the file in the folder quarantine of the store.",
    Reason.INFECTED: "Leave it in quarantine.",
    Reason.NOT_SCANNED: "See that clamd runs (CLAMD_URL).",
    Reason.FILE_LOST: "Put the disk of the store or the archive back; else it is fetched again.",
    Reason.NOT_WRITTEN: "Look at the log of the run.",
    Reason.UNFORESEEN: "Look at the log of the run; please report the error.",
}
"""What a person can do about each reason."""

_LOG_IN = ("media_cookies_file", "media_host_headers")
_ASKED = ("media_fetch_via", "media_max_attempts")
"""For what is abandoned: another way to ask, or more tries."""

SETTINGS_OF: Mapping[Reason, tuple[str, ...]] = {
    Reason.GONE: ("media_fetch_via", *_LOG_IN),
    Reason.PLACEHOLDER: ("media_fetch_via", *_LOG_IN, "media_placeholder_digests"),
    Reason.URL_EXPIRED: ("media_fetch_via", "media_try_expired"),
    Reason.REFUSED: ("media_fetch_via", *_LOG_IN, "media_user_agent"),
    Reason.WRONG_TYPE: ("media_fetch_via", *_LOG_IN),
    Reason.NOT_MEDIA: ("media_fetch_via", *_LOG_IN),
    Reason.TOO_LARGE: ("media_max_file_mb",),
    Reason.UNSAFE_URL: ("media_fetch_via", "media_allowed_hosts", "media_ports"),
    Reason.NO_TRUST: ("media_ca_file", *_ASKED),
    Reason.RATE_LIMITED: _ASKED,
    Reason.HOST_ERROR: (*_ASKED, *_LOG_IN, "media_user_agent"),
    Reason.NO_CONNECTION: (*_ASKED, "media_timeout_seconds"),
    Reason.BROKEN_TRANSFER: (
        *_ASKED,
        *("media_timeout_seconds", "media_lowest_speed", "media_longest_download_seconds"),
    ),
    Reason.REDIRECTS: (*_ASKED, *_LOG_IN),
    Reason.STREAM: _ASKED,
    Reason.UNFORESEEN: _ASKED,
    Reason.UNREADABLE: ("media_max_image_pixels", "media_image_memory_mb", "media_image_timeout_seconds"),
    Reason.INFECTED: ("clamd_url",),
    Reason.NOT_SCANNED: ("clamd_url", "media_max_attempts"),
}
"""The settings that a final verdict of each reason hangs on: when one of them changes, the verdict is due again."""


def reason_of(kind: str | None, status: Status) -> Reason:
    """The reason that an error of a request means, by its kind as ``fetch_attempts`` has it and by its verdict."""
    if kind == _RATE_LIMITED:
        return Reason.RATE_LIMITED
    if status in _BY_STATUS and kind not in ("placeholder", "wrong_type", "drm"):
        return _BY_STATUS[status]
    return reason_of_request(kind)


def reason_of_request(kind: str | None) -> Reason:
    """The reason that an error of a request means where its verdict is not known any more."""
    otherwise = Reason.HOST_ERROR if kind is not None and kind.startswith("http_") else Reason.UNFORESEEN
    return _BY_KIND.get(kind or "", otherwise)


def was_sent(kind: str | None, http_status: int | None) -> bool:
    """Whether a request got so far that its host was asked: not where the address was refused, or not found."""
    if http_status is not None:
        return True
    return kind != _UNRESOLVED and reason_of_request(kind) is not Reason.UNSAFE_URL
