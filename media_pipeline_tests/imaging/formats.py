"""A whole file of every format that people post: small, and the same whenever it is made."""

from __future__ import annotations

import functools
import io
import tempfile
from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pillow_heif
from PIL import Image

from media_pipeline_tests.imaging import samples

pillow_heif.register_heif_opener()


def noise(width: int = 160, height: int = 120, seed: int = 7) -> Image.Image:
    pixels = np.random.default_rng(seed).normal(128, (60, 80, 100), (height, width, 3))
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))


def saved(picture: Image.Image, kind: str, **options: object) -> bytes:
    out = io.BytesIO()
    picture.save(out, kind, **options)
    return out.getvalue()


def animation(kind: str) -> bytes:
    frames = [noise(seed=number) for number in range(4)]
    return saved(frames[0], kind, save_all=True, append_images=frames[1:])


def _tiles(compression: str | None) -> bytes:
    return saved(noise(), "TIFF", compression=compression, dpi=(72, 72), software="tests")


def video(container: str, codec: str = "libx264", *, seconds: int = 4, **options: str) -> bytes:
    # By name: to put its index in front, ffmpeg opens the file a second time.
    with tempfile.NamedTemporaryFile() as file, av.open(file.name, "w", format=container, options=options) as target:
        stream = target.add_stream(codec, rate=10)
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height, stream.pix_fmt = 160, 96, "yuv420p"
        frames = [av.VideoFrame.from_image(noise(160, 96, number)) for number in range(40)]
        for number in range(10 * seconds):
            frame = frames[number % 40]
            frame.pts = None
            target.mux(stream.encode(frame))
        target.mux(stream.encode(None))
        target.close()
        return Path(file.name).read_bytes()


@functools.cache
def clip(seed: int = 0, width: int = 160, height: int = 96) -> bytes:
    """A video of two pictures; another seed, other bytes."""
    out = io.BytesIO()
    with av.open(out, "w", format="mp4") as target:
        stream = target.add_stream("libx264", rate=2)
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        for _ in range(2):
            frame = av.VideoFrame.from_image(Image.new("RGB", (width, height), (seed * 37 % 256, 90, 160)))
            target.mux(stream.encode(frame))
        target.mux(stream.encode(None))
    return out.getvalue()


def sound(container: str, codec: str, rate: int = 44100, **options: str) -> bytes:
    out = io.BytesIO()
    with av.open(out, "w", format=container, options=options) as target:
        stream = target.add_stream(codec, rate=rate)
        assert isinstance(stream, av.AudioStream)
        for _ in range(60):
            tones = (np.random.default_rng(1).random((1, 4410)) * 20000 - 10000).astype("int16")
            frame = av.AudioFrame.from_ndarray(tones, format="s16", layout="mono")
            frame.sample_rate = rate
            target.mux(stream.encode(frame))
        target.mux(stream.encode(None))
    return out.getvalue()


def video_with_sound() -> bytes:
    out = io.BytesIO()
    with av.open(out, "w", format="matroska") as target:
        pictures, tones = target.add_stream("mpeg4", rate=10), target.add_stream("aac", rate=44100)
        pictures.width, pictures.height, pictures.pix_fmt = 64, 48, "yuv420p"
        target.mux(pictures.encode(av.VideoFrame.from_image(noise(64, 48))))
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 4410), "int16"), format="s16", layout="mono")
        frame.sample_rate = 44100
        target.mux(tones.encode(frame))
        target.mux(pictures.encode(None))
        target.mux(tones.encode(None))
    return out.getvalue()


def pdf() -> bytes:
    return saved(noise(), "PDF", save_all=True, append_images=[noise(seed=8)])


WHOLE: dict[str, tuple[str, Callable[[], bytes]]] = {
    "jpeg": ("image/jpeg", lambda: saved(noise(), "JPEG")),
    "progressive jpeg": ("image/jpeg", lambda: saved(noise(), "JPEG", progressive=True)),
    "jpeg with restarts": ("image/jpeg", lambda: saved(noise(), "JPEG", restart_marker_rows=1)),
    "large jpeg": ("image/jpeg", lambda: saved(noise(900, 700), "JPEG", quality=97)),
    "jpeg of one colour": ("image/jpeg", lambda: saved(Image.new("RGB", (64, 48), "red"), "JPEG")),
    "png": ("image/png", lambda: saved(noise(), "PNG")),
    "grey jpeg": ("image/jpeg", lambda: saved(noise().convert("L"), "JPEG")),
    "cmyk jpeg": ("image/jpeg", lambda: saved(noise().convert("CMYK"), "JPEG")),
    "jpeg of a camera": ("image/jpeg", lambda: saved(noise(), "JPEG", exif=samples.camera_exif())),
    "animated png": ("image/png", lambda: animation("PNG")),
    "gif": ("image/gif", lambda: saved(noise(), "GIF")),
    "animated gif": ("image/gif", lambda: animation("GIF")),
    "webp": ("image/webp", lambda: saved(noise(), "WEBP")),
    "lossless webp": ("image/webp", lambda: saved(noise(), "WEBP", lossless=True)),
    "animated webp": ("image/webp", lambda: animation("WEBP")),
    "avif": ("image/avif", lambda: saved(noise(), "AVIF")),
    "animated avif": ("image/avif", lambda: animation("AVIF")),
    "heic": ("image/heic", lambda: saved(noise(), "HEIF")),
    "tiff": ("image/tiff", lambda: _tiles(None)),
    "lzw tiff": ("image/tiff", lambda: _tiles("tiff_lzw")),
    "tiff of two pages": ("image/tiff", lambda: animation("TIFF")),
    "bmp": ("image/bmp", lambda: saved(noise(), "BMP")),
    "ppm": ("image/x-portable-pixmap", lambda: saved(noise(), "PPM")),
    "mp4": ("video/mp4", lambda: video("mp4")),
    "mp4 with its index in front": ("video/mp4", lambda: video("mp4", movflags="faststart")),
    "fragmented mp4": ("video/mp4", lambda: video("mp4", movflags="frag_keyframe+empty_moov", min_frag_duration="1")),
    "fragmented mp4 with an index": (
        "video/mp4",
        lambda: video("mp4", movflags="frag_every_frame+empty_moov+default_base_moof+global_sidx"),
    ),
    "mov": ("video/quicktime", lambda: video("mov")),
    "3gp": ("video/3gpp", lambda: video("3gp", "mpeg4")),
    "webm": ("video/webm", lambda: video("webm", "libvpx")),
    "live webm": ("video/webm", lambda: video("webm", "libvpx", live="1")),
    "mkv": ("video/x-matroska", lambda: video("matroska")),
    "avi": ("video/x-msvideo", lambda: video("avi", "mpeg4")),
    "m4a": ("audio/mp4", lambda: sound("ipod", "aac")),
    "mp3": ("audio/mpeg", lambda: sound("mp3", "libmp3lame")),
    "mp3 without a count": ("audio/mpeg", lambda: sound("mp3", "libmp3lame", write_xing="0", id3v2_version="0")),
    "ogg": ("audio/ogg", lambda: sound("ogg", "libopus", 48000)),
    "wav": ("audio/wav", lambda: sound("wav", "pcm_s16le")),
    "pdf": ("application/pdf", pdf),
}
"""By name: the type, and what makes it. Each of these is known as truncated wherever it is cut."""
_ALL = {
    **WHOLE,
    "mpo": ("image/jpeg", lambda: saved(noise(), "MPO", save_all=True, append_images=[noise(80, 60)])),
    "ultra hdr jpeg": ("image/jpeg", lambda: samples.ultra_hdr(noise(), noise(80, 60))),
    "jpeg 2000": ("image/jp2", lambda: saved(noise(), "JPEG2000")),
    "jpeg 2000 codestream": ("image/j2c", lambda: saved(noise(), "JPEG2000", no_jp2=True)),
    "ico": ("image/vnd.microsoft.icon", lambda: saved(noise(64, 64), "ICO")),
}
"""And those whose end isn't looked at, or may be missing."""
FORMATS = {name: (mime_type, functools.cache(make)) for name, (mime_type, make) in _ALL.items()}
"""All, each made once."""
