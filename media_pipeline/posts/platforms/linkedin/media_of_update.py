"""The media of one update of Voyager, best quality first.

Raw pages name a component by its type (``com.linkedin.voyager.feed.render.ImageComponent``), newer ones by a short
name (``imageComponent``), and normalized pages put its type beside its values (``$type``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from media_pipeline.model import Candidate, MediaType, Role
from media_pipeline.posts.platforms.base import Medium
from media_pipeline.posts.platforms.linkedin.update import reshared_update, text_of
from media_pipeline.posts.values import count, dig, items, mapping, moment, text, web_address

_NO_URL = "the export gives no URL for it"
_VECTOR_PLACES = (
    ("vectorImage",),
    ("com.linkedin.common.VectorImage",),
    ("detailData", "vectorImage"),
    ("detailDataUnion", "vectorImage"),
    ("image", "com.linkedin.common.VectorImage"),
    (),
)
_PLAIN_PLACES = (("imageUrl",), ("detailData", "imageUrl"), ("imageUrl", "url"), ("detailData", "imageUrl", "url"))


def media_of_update(update: Mapping[str, Any]) -> list[Medium]:
    """The media of an update; one that only repeats another shows that one's."""
    inner = reshared_update(update)
    repeated = _of_content(inner.get("content")) if inner and not text_of(update) else []
    return repeated or _of_content(update.get("content"))


def _of_content(content: Any) -> list[Medium]:
    """One component, or several beside each other."""
    held = mapping(content)
    typed = text(held.get("$type"))
    components = [(typed, content)] if typed else list(held.items())
    return [medium for name, component in components for medium in _of_component(name, mapping(component))]


def _of_component(type_name: str, component: Mapping[str, Any]) -> Iterator[Medium]:
    name = type_name.rpartition(".")[2]
    read = _READERS.get(name[:1].lower() + name[1:])
    if read and component:
        yield from read(component)


def _images(component: Mapping[str, Any]) -> Iterator[Medium]:
    for image in items(component.get("images")):
        yield _picture(mapping(image))


def _one_image(component: Mapping[str, Any]) -> Iterator[Medium]:
    if image := mapping(component.get("image")):
        yield _picture(image)


def _picture(image: Mapping[str, Any]) -> Medium:
    candidates = tuple(_artifacts(image, Role.MEDIA, "largest artifact"))
    alt_text = text(image.get("accessibilityText"))
    return Medium(
        MediaType.IMAGE, candidates, alt_text=alt_text, note=None if candidates else _NO_URL, key=_asset_of(image)
    )


def _asset_of(image: Any) -> str | None:
    """The URN of the uploaded picture."""
    entries = items(dig(image, "attributes")) or [image]
    vectors = (mapping(dig(entry, *place)) for entry in entries for place in _VECTOR_PLACES)
    return next((urn for vector in vectors if (urn := text(vector.get("digitalmediaAsset")))), None)


def _artifacts(image: Any, role: Role, rule: str) -> list[Candidate]:
    """Every size of a picture, the largest first."""
    entries = items(dig(image, "attributes")) or [image]
    vectors = [mapping(dig(entry, *place)) for entry in entries for place in _VECTOR_PLACES]
    sized = [candidate for vector in vectors for candidate in _sizes(vector, role, rule)]
    plain = [
        Candidate(address, role=role, rule="as exported")
        for entry in entries
        for place in _PLAIN_PLACES
        if (address := web_address(dig(entry, *place)))
    ]
    return sorted(sized, key=_pixels, reverse=True) + plain


def _sizes(vector: Mapping[str, Any], role: Role, rule: str) -> Iterator[Candidate]:
    root = text(vector.get("rootUrl")) or ""
    for artifact in items(vector.get("artifacts")):
        address = web_address(root + (text(dig(artifact, "fileIdentifyingUrlPathSegment")) or ""))
        if address and address != root:
            size = count(dig(artifact, "width")), count(dig(artifact, "height"))
            yield Candidate(address, *size, role=role, rule=rule, expires_at=moment(dig(artifact, "expiresAt")))


def _pixels(candidate: Candidate) -> int:
    return (candidate.width or 0) * (candidate.height or 0)


def _video(component: Mapping[str, Any]) -> Iterator[Medium]:
    metadata = mapping(component.get("videoPlayMetadata")) or component
    files = sorted(_progressive(metadata), key=lambda file: (_pixels(file), file.bitrate or 0), reverse=True)
    streams = [
        Candidate(address, rule="HLS playlist")
        for stream in items(metadata.get("adaptiveStreams"))
        for playlist in items(dig(stream, "masterPlaylists"))
        if (address := web_address(dig(playlist, "url")))
    ]
    posters = [
        poster
        for place in (metadata.get("thumbnail"), component.get("thumbnail"))
        for poster in _artifacts(place, Role.POSTER, "preview picture")
    ]
    note = None if files or streams else _NO_URL
    yield Medium(MediaType.VIDEO, (*files, *streams, *posters), note=note, key=text(metadata.get("media")))


def _progressive(metadata: Mapping[str, Any]) -> Iterator[Candidate]:
    for stream in items(metadata.get("progressiveStreams")):
        for location in items(dig(stream, "streamingLocations")):
            if address := web_address(dig(location, "url")):
                yield Candidate(
                    address,
                    count(dig(stream, "width")),
                    count(dig(stream, "height")),
                    bitrate=count(dig(stream, "bitRate")),
                    rule="progressive, by pixels and bitrate",
                    expires_at=moment(dig(location, "expiresAt")),
                )


def _document(component: Mapping[str, Any]) -> Iterator[Medium]:
    document = mapping(component.get("document"))
    address = web_address(document.get("transcribedDocumentUrl"))
    expires_at = moment(document.get("transcribedDocumentUrlExpiresAt"))
    files = [Candidate(address, rule="as exported", expires_at=expires_at)] if address else []
    covers = [cover for page in _cover_pages(document) for cover in _artifacts(page, Role.COVER, "page picture")]
    yield Medium(
        MediaType.DOCUMENT, (*files, *covers), alt_text=text(document.get("title")), note=None if files else _NO_URL
    )


def _cover_pages(document: Mapping[str, Any]) -> list[Any]:
    pages = document.get("coverPages")
    return items(pages) or items(dig(pages, "pagesAsVectorImages")) or items(dig(pages, "pages"))


def _link(component: Mapping[str, Any]) -> Iterator[Medium]:
    for key in ("largeImage", "smallImage", "image"):
        previews = _artifacts(component.get(key), Role.LINK_PREVIEW, "picture of the linked page")
        if previews:
            yield Medium(MediaType.IMAGE, tuple(previews), role=Role.LINK_PREVIEW)
            return


def _carousel(component: Mapping[str, Any]) -> Iterator[Medium]:
    for item in items(component.get("items")):
        yield from _of_content(dig(item, "content"))


_READERS: Mapping[str, Callable[[Mapping[str, Any]], Iterator[Medium]]] = {
    "imageComponent": _images,
    "linkedInVideoComponent": _video,
    "videoComponent": _video,
    "documentComponent": _document,
    "celebrationComponent": _one_image,
    "articleComponent": _link,
    "externalVideoComponent": _link,
    "entityComponent": _link,
    "eventComponent": _link,
    "jobComponent": _link,
    "newsletterComponent": _link,
    "promoComponent": _link,
    "carouselContent": _carousel,
    "carouselComponent": _carousel,
}
