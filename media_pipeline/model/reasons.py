"""Why a medium is not stored, as one word that every room uses and the catalogue counts by.

What belongs here: the words. What does not: which word an error means, and what a person can do about it
(:mod:`media_pipeline.policy.reasons`).
"""

from __future__ import annotations

from enum import StrEnum


class Reason(StrEnum):
    """Why a medium is not stored. The detail beside it says what was seen."""

    NO_URL = "no_url"
    """No export gives a URL for it."""
    ROLE_NOT_WANTED = "role_not_wanted"
    """Media of its role are not fetched (``MEDIA_FETCH_ROLES``)."""
    GONE = "gone"
    """The host says that it no longer exists."""
    PLACEHOLDER = "placeholder"
    """The host sent the picture that stands for what was removed."""
    URL_EXPIRED = "url_expired"
    """The URL's own signature has ended."""
    REFUSED = "refused"
    """The host wants a log-in, or refuses."""
    DRM = "drm"
    """The stream is protected."""
    WRONG_TYPE = "wrong_type"
    """The host sent a file of another kind than the export declares."""
    NOT_MEDIA = "not_media"
    """The host sent a page, JSON, text or nothing."""
    TOO_LARGE = "too_large"
    """It is larger than the settings allow."""
    UNSAFE_URL = "unsafe_url"
    """The URL, or where it leads, must not be asked."""
    RATE_LIMITED = "rate_limited"
    """The host asks to be left alone, or was left alone."""
    HOST_ERROR = "host_error"
    """The host answered with an error of its own."""
    NO_CONNECTION = "no_connection"
    """The host could not be reached: no such name, no connection, no answer in time."""
    NO_TRUST = "no_trust"
    """The host's certificate is not trustworthy."""
    BROKEN_TRANSFER = "broken_transfer"
    """The bytes stopped, were too slow, or were not as announced."""
    REDIRECTS = "redirects"
    """It was redirected without end."""
    STREAM = "stream"
    """The stream is live, broken, or of a kind that can't be joined."""
    TRUNCATED = "truncated"
    """The end of the file is missing."""
    UNREADABLE = "unreadable"
    """The file can't be decoded, or is dangerous to decode."""
    INFECTED = "infected"
    """The virus scanner found something in it."""
    NOT_SCANNED = "not_scanned"
    """The virus scanner could not look at it."""
    FILE_LOST = "file_lost"
    """Its file is in neither store nor archive any more."""
    NOT_WRITTEN = "not_written"
    """What came could not be written down."""
    UNFORESEEN = "unforeseen"
    """No rule says what this error means."""
