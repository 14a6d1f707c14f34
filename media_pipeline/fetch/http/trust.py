"""Which certificate authorities are trusted.

What belongs here: certifi's, those of MEDIA_CA_FILE, and nothing that the environment names. What does not: connecting.
"""

from __future__ import annotations

import ssl
from pathlib import Path

import certifi
from urllib3.util.ssl_ import create_urllib3_context

from media_pipeline.model import SettingsError


class AuthoritiesError(SettingsError):
    """MEDIA_CA_FILE can't be read, or holds no certificate.

    To do: Let MEDIA_CA_FILE name a readable file of certificates (PEM).
    """


def read_authorities(path: Path) -> str:
    """The certificates of a PEM file, as text. Raises AuthoritiesError."""
    try:
        text = path.read_text("ascii", errors="replace")
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cadata=text)
    except (ssl.SSLError, ValueError):  # the latter for an empty file
        raise AuthoritiesError(f"MEDIA_CA_FILE: {path} holds no certificate in PEM") from None
    except OSError as error:
        raise AuthoritiesError(f"MEDIA_CA_FILE: can't read {path}: {error.strerror}") from error
    return text


def trusting(authorities: str) -> ssl.SSLContext:
    """A TLS context that verifies chain, name and dates, and trusts certifi's authorities and these, in PEM."""
    context = create_urllib3_context(cert_reqs=ssl.CERT_REQUIRED)
    context.load_verify_locations(certifi.where())
    if authorities:
        context.load_verify_locations(cadata=authorities)
    return context
