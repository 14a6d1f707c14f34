"""The media of one post of TikTok, best quality first: a video or pictures, then the sound.

Both spellings of the keys are read alike: ``bitrateInfo`` of the website is ``bit_rate`` of the app.
What does not belong here: finding posts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from media_pipeline.model import Candidate, MediaType, Role
from media_pipeline.posts.platforms.base import Medium
from media_pipeline.posts.values import count, dig, items, mapping, text, web_address

_NO_URL = "the export gives no URL for it"
_PLAYABLE = ("PlayAddrStruct", "playAddr", "play_addr", "play_addr_h264", "play_addr_bytevc1", "play_addr_265")
_DOWNLOADS = ("downloadAddr", "download_addr", "download_suffix_logo_addr", "ui_alike_download_addr")
_COVERS = (
    "originCover",
    "origin_cover",
    "cover",
    "reflowCover",
    "shareCover",
    "zoomCover",
    "dynamicCover",
    "dynamic_cover",
    "ai_dynamic_cover",
    "ai_dynamic_cover_bak",
    "animated_cover",
)
_PICTURES = ("imageURL", "displayImage", "display_image")
_WATERMARKED_PICTURES = ("owner_watermark_image", "user_watermark_image")


def is_photo_post(raw: Mapping[str, Any]) -> bool:
    """Whether it shows pictures; such a post has a ``video`` too, whose only track is the sound."""
    return bool(_pictures(raw))


def media_of(raw: Mapping[str, Any]) -> Iterator[Medium]:
    """Yield the video or the pictures, then what is beside them."""
    if is_photo_post(raw):
        for picture in _pictures(raw):
            yield _picture(mapping(picture))
        yield from _cover_of_pictures(raw)
    elif isinstance(raw.get("video"), dict):
        yield _video(mapping(raw.get("video")))
        yield from _sound_of_video(mapping(raw.get("video")))
    yield from _soundtrack(raw)


def _pictures(raw: Mapping[str, Any]) -> list[Any]:
    entries = items(dig(raw, "imagePost", "images")) or items(dig(raw, "image_post_info", "images"))
    return [entry for entry in entries if isinstance(entry, dict)]


def _picture(entry: Mapping[str, Any]) -> Medium:
    size = (count(entry.get("imageWidth")), count(entry.get("imageHeight")))
    smaller = [mapping(copy).get("bitrate_image") for copy in items(entry.get("bitrate_images"))]
    candidates = (
        *_of_keys(entry, _PICTURES, "picture", size=size),
        *(candidate for copy in smaller for candidate in _candidates(copy, "smaller copy")),
        *_of_keys(entry, ("thumbnail",), "thumbnail", Role.POSTER),
        *_of_keys(entry, _WATERMARKED_PICTURES, "watermarked copy", Role.WATERMARKED),
    )
    return _medium(MediaType.IMAGE, candidates)


def _cover_of_pictures(raw: Mapping[str, Any]) -> Iterator[Medium]:
    shared = mapping(raw.get("imagePost"))
    candidates = (
        *_of_keys(mapping(shared.get("cover")), _PICTURES, "cover", Role.COVER),
        *_of_keys(mapping(shared.get("shareCover")), _PICTURES, "cover", Role.COVER),
        *_of_keys(mapping(dig(raw, "image_post_info", "image_post_cover")), _PICTURES, "cover", Role.COVER),
        *_of_keys(mapping(raw.get("video")), _COVERS, "cover", Role.COVER),
    )
    if candidates:
        yield _medium(MediaType.IMAGE, candidates, Role.COVER, key="cover")


def _video(video: Mapping[str, Any]) -> Medium:
    """Steps of quality with sound come first: those of ``Format`` dash are pictures alone, however large.

    The sound of those stands in ``bitrateAudioInfo``. Not every export has steps, so what plays by default is next.
    """
    steps = sorted(_steps(video), key=lambda step: (step.rule == _SILENT, -_pixels(step), -(step.bitrate or 0)))
    size = (count(video.get("width")), count(video.get("height")))
    bitrate, codec = count(video.get("bitrate")), text(video.get("codecType"))
    candidates = (
        *(step for step in steps if step.rule != _SILENT),
        *_of_keys(video, _PLAYABLE, "default play address", size=size, bitrate=bitrate, codec=codec),
        *_of_keys(video, ("download_no_watermark_addr",), "download without watermark", size=size),
        *(step for step in steps if step.rule == _SILENT),
        *_of_keys(video, _COVERS, "cover", Role.POSTER),
        *_of_keys(video, _DOWNLOADS, "download, watermarked", Role.WATERMARKED),
    )
    # A post has one video, which nobody can replace; its URLs have no name in common.
    return _medium(MediaType.VIDEO, candidates, key="video")


_WITH_SOUND = "most pixels, then highest bitrate"
_SILENT = "DASH video without sound"


def _steps(video: Mapping[str, Any]) -> Iterator[Candidate]:
    for entry in (*items(video.get("bitrateInfo")), *items(video.get("bit_rate"))):
        step = mapping(entry)
        is_silent = (text(step.get("Format")) or text(step.get("format"))) == "dash"
        for key in ("PlayAddr", "play_addr"):
            yield from _candidates(
                step.get(key),
                _SILENT if is_silent else _WITH_SOUND,
                bitrate=count(step.get("Bitrate")) or count(step.get("bit_rate")),
                codec=_codec(step),
            )


def _codec(step: Mapping[str, Any]) -> str | None:
    """As the website names it; the app has a flag, by TikTok's own name for H.265."""
    is_bytevc1 = step.get("is_bytevc1")
    return text(step.get("CodecType")) or ("bytevc1" if is_bytevc1 in (1, True) else None)


def _pixels(candidate: Candidate) -> int:
    return (candidate.width or 0) * (candidate.height or 0)


def _sound_of_video(video: Mapping[str, Any]) -> Iterator[Medium]:
    """The tracks that belong to the silent steps."""
    tracks = [mapping(track) for track in items(video.get("bitrateAudioInfo"))]
    candidates = [
        Candidate(address, bitrate=count(track.get("Bitrate")), role=Role.SOUNDTRACK, rule="sound of the DASH video")
        for track in tracks
        for address in map(web_address, mapping(track.get("UrlList")).values())
        if address
    ]
    if candidates:
        ordered = sorted(candidates, key=lambda candidate: -(candidate.bitrate or 0))
        yield _medium(MediaType.AUDIO, tuple(ordered), Role.SOUNDTRACK, key="sound of the video")


def _soundtrack(raw: Mapping[str, Any]) -> Iterator[Medium]:
    music = mapping(raw.get("music"))
    names_it = "playUrl" in music or "play_url" in music
    candidates = _of_keys(music, ("playUrl", "play_url"), "sound of the post", Role.SOUNDTRACK)
    if is_photo_post(raw):
        video = mapping(raw.get("video"))
        candidates = (*candidates, *_of_keys(video, _PLAYABLE, "sound of the slideshow", Role.SOUNDTRACK))
    if names_it or candidates:
        yield _medium(MediaType.AUDIO, candidates, Role.SOUNDTRACK, key="sound")


def _medium(
    media_type: MediaType, candidates: tuple[Candidate, ...], role: Role = Role.MEDIA, key: str | None = None
) -> Medium:
    has_one = any(candidate.role is role for candidate in candidates)
    return Medium(media_type, candidates, role, note=None if has_one else _NO_URL, key=key)


def _of_keys(
    value: Mapping[str, Any],
    keys: tuple[str, ...],
    rule: str,
    role: Role = Role.MEDIA,
    *,
    size: tuple[int | None, int | None] = (None, None),
    bitrate: int | None = None,
    codec: str | None = None,
) -> tuple[Candidate, ...]:
    """The candidates under each of ``keys``, in that order."""
    return tuple(
        candidate
        for key in keys
        # Few of the keys that an address may have are there in one record.
        if (address := value.get(key))
        for candidate in _candidates(address, rule, role, size=size, bitrate=bitrate, codec=codec)
    )


def _candidates(
    address: Any,
    rule: str,
    role: Role = Role.MEDIA,
    *,
    size: tuple[int | None, int | None] = (None, None),
    bitrate: int | None = None,
    codec: str | None = None,
) -> Iterator[Candidate]:
    """One for each mirror; the size that stands beside the mirrors is theirs, else it is ``size``."""
    own = mapping(address)
    width = count(own.get("Width")) or count(own.get("width")) or size[0]
    height = count(own.get("Height")) or count(own.get("height")) or size[1]
    for mirror in _mirrors(address):
        yield Candidate(mirror, width, height, bitrate, role=role, rule=rule, codec=codec)


def _mirrors(address: Any) -> Iterator[str]:
    """The URLs of an address: text, an array, an object with an array of them, or one URL a size (``zoomCover``)."""
    own = mapping(address)
    listed = [own.get(key) for key in ("UrlList", "urlList", "url_list")]
    for value in (address, *items(address), *(url for urls in listed for url in items(urls)), *_by_size(own)):
        if url := web_address(value):
            yield url


def _by_size(address: Mapping[str, Any]) -> list[Any]:
    """Largest first."""
    sizes = [key for key in address if key.isascii() and key.isdecimal() and len(key) < 6]
    return [address[key] for key in sorted(sizes, key=int, reverse=True)]
