"""Decoders for what a host compresses although it was asked for the bytes as they are.

What belongs here: which codings are undone, and that each must come to its end. What does not: how much may come out
of one, which whoever reads decides chunk by chunk (urllib3 never decodes more than it is asked for).
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from typing import Any

from urllib3.exceptions import DecodeError
from urllib3.response import ContentDecoder, GzipDecoder, GzipDecoderState, MultiDecoder

_ZLIB_HEADER_BYTES = 2

_UNREADABLE = frozenset(("br", "zstd", "compress", "x-compress", "dcb", "dcz"))
"""Known codings that nothing here undoes: ``Accept-Encoding: identity`` excludes them, and who sends them all the same
is rare. Other words in Content-Encoding ("utf-8", "binary", "none") are mistakes for no coding at all."""


def decoder_of(content_encoding: str) -> ContentDecoder | None:
    """What undoes a Content-Encoding header; None when there is nothing to undo.

    Its ``decompress`` and ``flush`` raise DecodeError, besides what zlib raises.
    """
    codings = [coding.strip() for coding in content_encoding.lower().split(",")]
    decoders = [decoder for coding in codings if (decoder := _decoder(coding)) is not None]
    if len(decoders) > MultiDecoder.max_decode_links:
        return _Unreadable(f"{len(decoders)} codings at once")
    return decoders[0] if len(decoders) == 1 else _Chain(decoders) if decoders else None


def _decoder(coding: str) -> ContentDecoder | None:
    if coding in ("gzip", "x-gzip"):
        return _Gzip()
    if coding == "deflate":
        return _Deflate()
    return _Unreadable(coding) if coding in _UNREADABLE else None


class _Gzip(GzipDecoder):
    """urllib3's takes a stream that breaks off for a whole one."""

    _begun = False

    def decompress(self, data: bytes, max_length: int = -1) -> bytes:
        self._begun = self._begun or bool(data)
        return super().decompress(data, max_length)

    @property
    def has_unconsumed_tail(self) -> bool:
        """True until the end has come: else urllib3 ends with the body's last byte, and calls no flush."""
        return self._begun and not self._obj.eof and self._state != GzipDecoderState.SWALLOW_DATA

    def flush(self) -> bytes:
        if self.has_unconsumed_tail:
            raise DecodeError("the gzip stream breaks off")
        return b""


class _Deflate(ContentDecoder):
    """With the header of zlib or, against RFC 9110, without.

    urllib3's loses the end of the latter where it is read in small pieces, and takes a stream that breaks off for a
    whole one.
    """

    def __init__(self) -> None:
        self._waiting = b""
        self._inflater: Any = None

    def decompress(self, data: bytes, max_length: int = -1) -> bytes:
        self._waiting += data
        if len(self._waiting) < _ZLIB_HEADER_BYTES and self._inflater is None:
            return b""
        if self._inflater is None:
            self._inflater = zlib.decompressobj(zlib.MAX_WBITS if _is_zlib(self._waiting) else -zlib.MAX_WBITS)
        if max_length == 0:
            return b""
        inflated: bytes = self._inflater.decompress(self._waiting, max(max_length, 0))
        self._waiting = self._inflater.unconsumed_tail
        return inflated

    @property
    def has_unconsumed_tail(self) -> bool:
        """As in :class:`_Gzip`."""
        return bool(self._waiting) if self._inflater is None else not self._inflater.eof

    def flush(self) -> bytes:
        if self.has_unconsumed_tail:
            raise DecodeError("the deflate stream breaks off")
        return b""


def _is_zlib(begin: bytes) -> bool:
    """Whether it begins with zlib's two bytes (RFC 1950, section 2.2). Bare deflate, as encoders write it, can't."""
    return begin[0] & 0x0F == zlib.DEFLATED and (begin[0] << 8 | begin[1]) % 31 == 0


class _Chain(MultiDecoder):
    """Several codings, in the order in which they were applied."""

    def __init__(self, decoders: Sequence[ContentDecoder]) -> None:
        self._decoders = list(decoders)

    def flush(self) -> bytes:
        return b"".join([decoder.flush() for decoder in reversed(self._decoders)])


class _Unreadable(ContentDecoder):
    """A coding that can't be undone: the first byte of such a body is an error."""

    def __init__(self, coding: str) -> None:
        self._coding = coding

    def decompress(self, data: bytes, max_length: int = -1) -> bytes:  # noqa: ARG002
        if data:
            raise DecodeError(f"the host was asked for the bytes as they are, and sent {self._coding}")
        return b""

    @property
    def has_unconsumed_tail(self) -> bool:
        return False

    def flush(self) -> bytes:
        return b""
