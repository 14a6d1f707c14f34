"""Every file of the real corpus gives facts and renditions, or says why not."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from media_pipeline.imaging.errors import UnreadableMedia
from media_pipeline.imaging.facts.reading import read_facts
from media_pipeline.imaging.renditions.recipes import recipes_for
from media_pipeline.imaging.renditions.rendering import render
from media_pipeline_tests.imaging.samples import RECIPES

pytestmark = pytest.mark.corpus
CORPUS = Path(os.environ.get("MEDIA_TEST_CORPUS") or Path(__file__).parents[2].parent / "shared" / "corpus")
MANIFEST = CORPUS / "expected_media.jsonl"
TYPES = {"JPEG": "image/jpeg", "MPO": "image/jpeg", "ICO": "image/x-icon", "PPM": "image/x-portable-anymap"}
CODECS = {"amrnb": "amr_nb"}
"""The manifest names decoders."""
LISTED_AS_UNREADABLE_BUT_HEIF = "exif-at-eof.heic"
"""The manifest was written without a HEIF decoder."""


def entries() -> list[Any]:
    if not MANIFEST.is_file():
        reason = f"no corpus at {CORPUS}; set MEDIA_TEST_CORPUS"
        return [pytest.param(None, marks=pytest.mark.skip(reason=reason))]
    lines = [json.loads(line) for line in MANIFEST.read_text().splitlines()]
    return [pytest.param(entry, id=Path(entry["file"]).name) for entry in lines]


def mime_type_of(entry: dict[str, Any]) -> str:
    if entry.get("format") == "PDF":
        return "application/pdf"
    if "container" in entry:
        return "video/mp4"
    kind = entry.get("format") or Path(entry["file"]).suffix[1:].upper()
    return TYPES.get(kind, f"image/{kind.lower()}")


@pytest.mark.parametrize("entry", entries())
def test_a_file_of_the_corpus_is_read_or_refused(entry: dict[str, Any], tmp_path: Path) -> None:
    path, mime_type = CORPUS / entry["file"], mime_type_of(entry)
    readable = entry.get("decodes", True) or path.name == LISTED_AS_UNREADABLE_BUT_HEIF
    if not readable:
        with pytest.raises(UnreadableMedia):
            read_facts(path, mime_type)
        return
    facts = read_facts(path, mime_type)
    assert facts.truncated is None
    json.dumps(dict(facts.exif or {}), allow_nan=False)
    check_against_manifest(facts, entry)
    files = render(path, mime_type, recipes_for(mime_type, RECIPES), tmp_path)
    assert [file.kind for file in files] == [recipe.kind for recipe in recipes_for(mime_type, RECIPES)]
    for file in files:
        with Image.open(file.path or path) as image:
            image.load()
            assert image.size == (file.width, file.height)


def check_against_manifest(facts: Any, entry: dict[str, Any]) -> None:
    exif = entry.get("exif", {})
    if "width" in entry:
        # The manifest has the stored size; quarter turns exchange it, as does a display matrix in a video.
        stored = (entry["width"], entry["height"])
        turned = exif.get("Orientation", 1) >= 5 or Path(entry["file"]).name == "with-gps.mov"
        assert (facts.width, facts.height) == (stored[::-1] if turned else stored)
    if "frames" in entry:
        assert facts.frames == entry["frames"]
    if entry.get("format") == "PDF" or "width" in entry:
        assert facts.pixel_sha256
        assert facts.pdq
    if "container" in entry:
        assert (facts.video_codec, facts.audio_codec) == (entry["video"], CODECS.get(entry["audio"], entry["audio"]))
        assert facts.seconds
    if exif.get("Orientation", 0) in range(1, 9):
        assert facts.orientation == exif["Orientation"]
    if "duration" in entry:
        assert facts.duration == pytest.approx(entry["duration"], abs=0.02)
    assert facts.camera_make == (exif["Make"].strip() if "Make" in exif else facts.camera_make)
    if exif.get("lat") == exif.get("lon") == 0:
        assert (facts.latitude, facts.longitude) == (None, None), "a receiver without a fix"
    elif "lat" in exif:
        assert (facts.latitude, facts.longitude) == pytest.approx((exif["lat"], exif["lon"]), abs=1e-5)
    if exif.get("DateTimeOriginal", "0000").startswith("0000"):
        return
    date, time = exif["DateTimeOriginal"].split(" ")
    assert facts.taken_at == f"{date.replace(':', '-')}T{time}"
