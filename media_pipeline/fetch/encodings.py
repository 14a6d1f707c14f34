"""Decoders for what a host compresses although it was asked for the bytes as they are.

What belongs here: which codings are undone, and that each must come to its end. What does not: how much may come out
of one, which whoever reads decides chunk by chunk (urllib3 never decodes more than it is asked for).
"""

from __future__ import annotations

from collections.abc import Sequence

from urllib3.exceptions import DecodeError
from urllib3.response import ContentDecoder, DeflateDecoder, GzipDecoder, GzipDecoderState, MultiDecoder

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

    def flush(self) -> bytes:
        rest = super().flush()
        if self._begun and not self._obj.eof and self._state != GzipDecoderState.SWALLOW_DATA:
            raise DecodeError("the gzip stream breaks off")
        return rest


class _Deflate(DeflateDecoder):
    """The same for deflate."""

    _begun = False

    def decompress(self, data: bytes, max_length: int = -1) -> bytes:
        self._begun = self._begun or bool(data)
        return super().decompress(data, max_length)

    def flush(self) -> bytes:
        rest = super().flush()
        if self._begun and not self._obj.eof:
            raise DecodeError("the deflate stream breaks off")
        return rest


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
