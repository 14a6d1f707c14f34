import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7
from PIL import Image

from media_pipeline.fetch.body import TemporaryFileError
from media_pipeline.fetch.outcome import Refusal
from media_pipeline.fetch.streams.download import StreamFile, download_stream
from media_pipeline.fetch.streams.plan import Limits
from media_pipeline.fetch.streams.remux import LocalTrack, remux
from media_pipeline.model import MediaType, Status
from media_pipeline_tests.faulty_host import HTML, FaultyHost, status
from media_pipeline_tests.fetch.streams.getting import get, ranged
from media_pipeline_tests.fetch.streams.sources import FRAMES, RATE, SECONDS, Content, content_of, write
from media_pipeline_tests.ids import telling

KEY = bytes(range(16))
LIST: dict[str, Any] = {"hls_time": "2", "hls_list_size": "0", "hls_playlist_type": "vod"}

LIMITS = Limits(10_000_000)
Fetch = Callable[..., StreamFile]


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Content:
    return content_of(write(tmp_path_factory.mktemp("source") / "source.mp4", "mp4"))


@pytest.fixture
def made(tmp_path: Path) -> Path:
    folder = tmp_path / "made"
    folder.mkdir()
    return folder


@pytest.fixture
def fetch(host: FaultyHost, tmp_path: Path) -> Fetch:
    """Fetches a list that the host serves; afterwards nothing but the result may be in the folder."""
    folder = tmp_path / "fetched"
    folder.mkdir()

    def fetch(path: str, limits: Limits = LIMITS) -> StreamFile:
        get(host.url(path), folder / "list", limits.list_bytes)
        text = (folder / "list").read_bytes()
        (folder / "list").unlink()
        try:
            stream = download_stream(host.url(path), text, get, folder, limits)
        except Refusal as refusal:
            assert list(folder.iterdir()) == ([refusal.evidence] if refusal.evidence else [])
            raise
        assert list(folder.iterdir()) == [stream.path]
        return stream

    return fetch


def serve(host: FaultyHost, folder: Path, under: str = "") -> None:
    for file in folder.rglob("*"):
        if file.is_file():
            host.serve(f"{under}/{file.relative_to(folder)}", file.read_bytes(), fault=ranged)


def holds(stream: StreamFile, source: Content) -> None:
    """The stream is the source: every picture, the first and the last alike, and all of the sound, in step."""
    found = content_of(stream.path)
    assert (found.frames, found.width) == (source.frames, source.width)
    assert (found.first, found.last) == (source.first, source.last)
    assert abs(found.samples - source.samples) <= 4096
    assert abs(found.starts_apart - source.starts_apart) < 0.05
    assert abs(found.seconds - SECONDS) < 0.3
    assert found.samples


def refused(fetch: Fetch, path: str, **options: object) -> Refusal:
    with pytest.raises(Refusal) as caught:
        fetch(path, **options)
    return caught.value


@pytest.mark.parametrize("options", [{}, {"hls_segment_type": "fmp4"}, {"hls_flags": "single_file"}], ids=telling)
def test_hls_becomes_an_mp4_with_every_picture_and_all_sound(host, made, fetch, source, options) -> None:
    write(made / "list.m3u8", "hls", **LIST, **options)
    serve(host, made)
    stream = fetch("/list.m3u8")
    assert (stream.type.mime_type, stream.size) == ("video/mp4", stream.path.stat().st_size)
    head = stream.path.read_bytes()
    assert head.index(b"moov") < head.index(b"mdat")
    holds(stream, source)


@pytest.mark.parametrize("options", [{"hls_segment_type": "fmp4"}, {}], ids=telling)
@pytest.mark.parametrize("iv", ["", ",IV=0x000102030405060708090A0B0C0D0E0F"])
def test_aes_128_is_decrypted_with_a_given_iv_and_with_the_segments_number(
    host, made, fetch, source, options, iv
) -> None:
    write(made / "list.m3u8", "hls", **LIST, **options)
    encrypt(made, iv)
    serve(host, made)
    holds(fetch("/list.m3u8"), source)
    assert len(host.asked("/key")) == 1


def test_an_init_section_may_be_encrypted_too(host, made, fetch, source) -> None:
    write(made / "list.m3u8", "hls", hls_segment_type="fmp4", **LIST)
    vector = bytes(range(16))
    encrypt(made, f",IV=0x{vector.hex()}")
    (made / "init.mp4").write_bytes(encrypted((made / "init.mp4").read_bytes(), vector))
    serve(host, made)
    holds(fetch("/list.m3u8"), source)


def test_a_folder_that_cannot_be_written_is_nobodys_fault_but_the_disks(host, made, tmp_path) -> None:
    write(made / "list.m3u8", "hls", **LIST)
    with pytest.raises(TemporaryFileError):
        download_stream(host.url("/list.m3u8"), (made / "list.m3u8").read_bytes(), get, tmp_path / "none", LIMITS)


def test_the_best_variant_is_taken_with_its_sound_from_a_list_of_its_own(host, made, fetch, tmp_path) -> None:
    for name, options in {
        "small": {"audio": None, "width": 32},
        "large": {"audio": None},
        "sound": {"video": None},
    }.items():
        (made / name).mkdir()
        # Written apart, ffmpeg would put off the picture alone by what reordered frames need.
        write(made / name / "list.m3u8", "hls", reordered=False, **LIST, **options)
    (made / "master.m3u8").write_text(
        "#EXTM3U\n"
        '#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="sound",DEFAULT=YES,URI="sound/list.m3u8"\n'
        '#EXT-X-STREAM-INF:BANDWIDTH=900000,RESOLUTION=32x48,AUDIO="a"\nsmall/list.m3u8\n'
        '#EXT-X-STREAM-INF:BANDWIDTH=300000,RESOLUTION=64x48,AUDIO="a"\nlarge/list.m3u8\n'
    )
    serve(host, made)
    holds(fetch("/master.m3u8"), content_of(write(tmp_path / "source.mp4", "mp4", reordered=False)))
    assert not host.asked("/small/list.m3u8")


def test_a_discontinuity_goes_on_where_the_part_before_it_ended(host, made, fetch, source) -> None:
    write(made / "list.m3u8", "hls", **LIST)
    text = (made / "list.m3u8").read_text()
    segments = text[text.index("#EXTINF") : text.index("#EXT-X-ENDLIST")]
    (made / "twice.m3u8").write_text(text.replace("#EXT-X-ENDLIST", f"#EXT-X-DISCONTINUITY\n{segments}#EXT-X-ENDLIST"))
    serve(host, made)
    stream = fetch("/twice.m3u8")
    found = content_of(stream.path)
    assert (found.frames, found.last) == (2 * FRAMES, source.last)
    assert abs(found.samples - 2 * SECONDS * RATE) <= 8192
    assert abs(found.seconds - 2 * SECONDS) < 0.5


def test_sound_alone_is_audio(host, made, fetch) -> None:
    write(made / "list.m3u8", "hls", video=None, **LIST)
    serve(host, made)
    stream = fetch("/list.m3u8")
    assert (stream.type.media_type, stream.type.extension) == (MediaType.AUDIO, "m4a")


@pytest.mark.parametrize("options", [{"use_timeline": "1"}, {"use_timeline": "0"}, {"single_file": "1"}], ids=telling)
def test_dash_joins_video_and_sound(host, made, fetch, source, options) -> None:
    write(made / "list.mpd", "dash", seg_duration="2", **options)
    serve(host, made)
    holds(fetch("/list.mpd"), source)


def test_dash_with_whole_files_takes_the_best_of_each_as_reddit_lists_them(host, made, fetch, source) -> None:
    write(made / "DASH_32.mp4", "mp4", audio=None, width=32)
    write(made / "DASH_64.mp4", "mp4", audio=None)
    write(made / "DASH_AUDIO_128.mp4", "mp4", video=None)
    (made / "list.mpd").write_text(
        manifest(
            '<AdaptationSet contentType="video">'
            '<Representation bandwidth="9000" width="32" height="48"><BaseURL>DASH_32.mp4</BaseURL></Representation>'
            '<Representation bandwidth="3000" width="64" height="48"><BaseURL>DASH_64.mp4</BaseURL></Representation>'
            '</AdaptationSet><AdaptationSet contentType="audio">'
            '<Representation bandwidth="1"><BaseURL>DASH_AUDIO_64.mp4</BaseURL></Representation>'
            '<Representation bandwidth="2"><BaseURL>DASH_AUDIO_128.mp4</BaseURL></Representation></AdaptationSet>'
        )
    )
    serve(host, made)
    holds(fetch("/list.mpd"), source)


def test_codecs_that_mp4_cannot_hold_are_kept_as_matroska(host, made, fetch) -> None:
    write(made / "a.webm", "webm", video="libvpx", audio=None)
    (made / "list.mpd").write_text(
        manifest(
            '<AdaptationSet mimeType="video/webm"><Representation><BaseURL>a.webm</BaseURL></Representation>'
            "</AdaptationSet>"
        )
    )
    serve(host, made)
    stream = fetch("/list.mpd")
    assert stream.type.extension == "mkv"
    assert content_of(stream.path).frames == FRAMES


def test_a_segment_may_be_on_another_host(host, made, fetch, source) -> None:
    write(made / "list.m3u8", "hls", **LIST)
    with FaultyHost() as other:
        serve(other, made)
        text = (made / "list.m3u8").read_text().replace("list1.ts", other.url("/list1.ts"))
        serve(host, made)
        host.serve("/list.m3u8", text.encode())
        holds(fetch("/list.m3u8"), source)
        assert other.asked("/list1.ts")


@pytest.mark.parametrize(
    ("fault", "expected", "kind"),
    [
        (status(404), Status.FAILED, "http_404"),
        (status(403), Status.FORBIDDEN, "http_403"),
        (status(500), Status.FAILED, "http_500"),
        (lambda exchange: exchange.reply(200, HTML), Status.NOT_MEDIA, "html"),
        (lambda exchange: exchange.reply(200, b""), Status.NOT_MEDIA, "empty"),
        (lambda exchange: exchange.reply(200, exchange.page.body[:-1000]), Status.FAILED, "truncated_segment"),
    ],
    ids=telling,
)
@pytest.mark.parametrize("options", [{}, {"hls_segment_type": "fmp4"}], ids=telling)
def test_one_bad_segment_fails_the_stream_and_is_named(host, made, fetch, fault, expected, kind, options) -> None:
    write(made / "list.m3u8", "hls", **LIST, **options)
    serve(host, made)
    ending = "m4s" if options else "ts"
    host.serve(f"/list1.{ending}", (made / f"list1.{ending}").read_bytes(), fault=fault)
    refusal = refused(fetch, "/list.m3u8")
    assert (refusal.status, refusal.kind) == (expected, kind)
    assert str(refusal).startswith("segment 2 of 3: ")


@pytest.mark.parametrize(("key", "kind"), [(None, "http_404"), (HTML, "broken_playlist"), (bytes(16), None)])
def test_a_missing_or_wrong_key_fails_the_stream(host, made, fetch, key, kind) -> None:
    write(made / "list.m3u8", "hls", **LIST)
    encrypt(made, "")
    (made / "key").unlink()
    serve(host, made)
    if key is not None:
        host.serve("/key", key)
    refusal = refused(fetch, "/list.m3u8")
    assert str(refusal).startswith("segment 1 of 3: ")
    assert refusal.kind == kind or kind is None


@pytest.mark.parametrize(
    ("edit", "kind"),
    [
        (lambda text: text.replace("#EXT-X-ENDLIST", ""), "live_stream"),
        (lambda text: text.replace("#EXTINF", '#EXT-X-KEY:METHOD=SAMPLE-AES,URI="skd://a"\n#EXTINF', 1), "drm"),
        (
            lambda text: text.replace(
                "#EXTINF", '#EXT-X-KEY:METHOD=AES-128,URI="key",KEYFORMAT="com.apple.streamingkeydelivery"\n#EXTINF', 1
            ),
            "drm",
        ),
        (lambda text: text.replace("#EXTINF", "#EXT-X-GAP\n#EXTINF", 1), "unsupported_stream"),
        (lambda text: text.replace("#EXTINF:", "#EXTINF:x", 1), "broken_playlist"),
        (lambda text: text.replace("#EXTINF", "#EXT-X-BYTERANGE:x@y\n#EXTINF", 1), "broken_playlist"),
        (lambda _: "#EXTM3U\n#EXT-X-ENDLIST\n", "broken_playlist"),
        (lambda _: "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nlist.m3u8\n", "broken_playlist"),
        (lambda _: "#EXTM3U\n" + "#EXTINF:1,\na.ts\n" * 100_000 + "#EXT-X-ENDLIST\n", "too_many_segments"),
        (lambda _: "#EXTM3U\n" + "#EXT-X-BYTERANGE:1@0\na.ts\n" * 100_000 + "#EXT-X-ENDLIST\n", "too_many_segments"),
        (lambda text: re.sub("#EXTINF:[0-9.]+", "#EXTINF:60", text), "wrong_duration"),
    ],
)
def test_a_list_that_cannot_be_archived_is_refused_by_name(host, made, fetch, edit, kind) -> None:
    write(made / "list.m3u8", "hls", **LIST)
    serve(host, made)
    host.serve("/list.m3u8", edit((made / "list.m3u8").read_text()).encode())
    assert refused(fetch, "/list.m3u8").kind == kind


def test_a_byte_range_that_the_host_cuts_is_refused(host, made, fetch) -> None:
    write(made / "list.m3u8", "hls", hls_flags="single_file", **LIST)
    serve(host, made)
    host.serve("/list.ts", fault=lambda exchange: exchange.reply(206, (made / "list.ts").read_bytes()[: 188 * 10]))
    assert refused(fetch, "/list.m3u8").kind == "wrong_range"


def test_a_stream_over_the_limit_is_too_large_after_no_more_than_the_limit(host, made, fetch) -> None:
    write(made / "list.m3u8", "hls", **LIST)
    serve(host, made)
    limit = (made / "list0.ts").stat().st_size + 1000
    assert refused(fetch, "/list.m3u8", limits=Limits(limit)).status is Status.TOO_LARGE


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ('<MPD type="dynamic"><Period/></MPD>', "live_stream"),
        ('<!DOCTYPE MPD [<!ENTITY a "b">]><MPD>&a;</MPD>', "broken_playlist"),
        ("<MPD><Period>", "broken_playlist"),
        ("<MPD/>", "broken_playlist"),
        ("<MPD><Period/><Period/></MPD>", "unsupported_stream"),
        (
            '<MPD><Period><AdaptationSet contentType="video"><ContentProtection/><Representation/></AdaptationSet>'
            "</Period></MPD>",
            "drm",
        ),
        (
            '<MPD mediaPresentationDuration="PT9S"><Period><AdaptationSet contentType="video"><Representation>'
            '<SegmentTemplate media="$Number$"><SegmentTimeline><S d="1" r="99999999999"/></SegmentTimeline>'
            "</SegmentTemplate></Representation></AdaptationSet></Period></MPD>",
            "too_many_segments",
        ),
    ],
)
def test_a_manifest_that_cannot_be_archived_is_refused_by_name(host, fetch, text, kind) -> None:
    host.serve("/list.mpd", text.encode())
    assert refused(fetch, "/list.mpd").kind == kind


def test_a_segment_cannot_make_ffmpeg_open_another_file(host, made, fetch, tmp_path) -> None:
    secret = write(tmp_path / "secret.ts", "mpegts")
    host.serve("/a.ts", f"#EXTM3U\n#EXTINF:6,\n{secret}\n#EXT-X-ENDLIST\n".encode())
    host.serve("/list.m3u8", b"#EXTM3U\n#EXTINF:6,\na.ts\n#EXT-X-ENDLIST\n")
    assert refused(fetch, "/list.m3u8").kind == "hls_playlist"


def encrypt(folder: Path, iv: str) -> None:
    """AES-128 for every segment that a list names, the init section left in the clear."""
    (folder / "key").write_bytes(KEY)
    text = (folder / "list.m3u8").read_text()
    for number, name in enumerate(re.findall(r"^list\d+\.\w+$", text, re.MULTILINE)):
        vector = bytes.fromhex(iv.removeprefix(",IV=0x")) if iv else number.to_bytes(16, "big")
        (folder / name).write_bytes(encrypted((folder / name).read_bytes(), vector))
    tag = f'#EXT-X-KEY:METHOD=AES-128,URI="key"{iv}\n'
    (folder / "list.m3u8").write_text(text.replace("#EXTINF", f"{tag}#EXTINF", 1))


def encrypted(data: bytes, vector: bytes) -> bytes:
    encryptor = Cipher(algorithms.AES(KEY), modes.CBC(vector)).encryptor()
    padder = PKCS7(128).padder()
    return encryptor.update(padder.update(data) + padder.finalize()) + encryptor.finalize()


def manifest(sets: str) -> str:
    return (
        '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" '
        f'mediaPresentationDuration="PT{SECONDS}S"><Period>{sets}</Period></MPD>'
    )


def test_picture_and_sound_whose_clocks_have_nothing_in_common_begin_together(host, made, fetch) -> None:
    for name, options in {"picture": {"audio": None}, "sound": {"video": None, "output_ts_offset": "5000"}}.items():
        (made / name).mkdir()
        write(made / name / "list.m3u8", "hls", reordered=False, **LIST, **options)
    host.serve(
        "/master.m3u8",
        b'#EXTM3U\n#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="sound",URI="sound/list.m3u8"\n'
        b'#EXT-X-STREAM-INF:BANDWIDTH=300000,AUDIO="a"\npicture/list.m3u8\n',
    )
    serve(host, made)
    found = content_of(fetch("/master.m3u8").path)
    assert abs(found.seconds - SECONDS) < 0.3
    assert abs(found.starts_apart) < 0.1


def test_a_discontinuity_to_another_size_is_refused(host, made, fetch) -> None:
    for name, width in (("a", 64), ("b", 32)):
        write(made / f"{name}.ts", "mpegts", width=width)
    host.serve("/list.m3u8", b"#EXTM3U\n#EXTINF:6,\na.ts\n#EXT-X-DISCONTINUITY\n#EXTINF:6,\nb.ts\n#EXT-X-ENDLIST\n")
    serve(host, made)
    assert refused(fetch, "/list.m3u8").kind == "unsupported_stream"


def test_a_discontinuity_to_another_encoding_of_the_same_size_decodes_throughout(host, made, fetch) -> None:
    for name, settings in (("a", "high"), ("b", "baseline")):
        write(made / f"{name}.ts", "mpegts", profile=settings)
    host.serve("/list.m3u8", b"#EXTM3U\n#EXTINF:6,\na.ts\n#EXT-X-DISCONTINUITY\n#EXTINF:6,\nb.ts\n#EXT-X-ENDLIST\n")
    serve(host, made)
    found, last = content_of(fetch("/list.m3u8").path), content_of(made / "b.ts")
    assert (found.frames, found.last) == (2 * FRAMES, last.last)


def test_a_discontinuity_to_another_init_section_is_refused(host, made, fetch) -> None:
    lists = []
    for name in ("high", "baseline"):
        (made / name).mkdir()
        write(made / name / "list.m3u8", "hls", hls_segment_type="fmp4", profile=name, **LIST)
        text = (made / name / "list.m3u8").read_text().replace("list", f"{name}/list").replace("init", f"{name}/init")
        lists.append(text[text.index("#EXT-X-MAP") : text.index("#EXT-X-ENDLIST")])
    host.serve("/list.m3u8", f"#EXTM3U\n{lists[0]}#EXT-X-DISCONTINUITY\n{lists[1]}#EXT-X-ENDLIST\n".encode())
    serve(host, made)
    refusal = refused(fetch, "/list.m3u8")
    assert (refusal.kind, "changes midway" in str(refusal)) == ("unsupported_stream", True)


def test_a_segment_with_a_latin_1_title_is_joined(tmp_path: Path) -> None:
    path = tmp_path / "a.mkv"
    with av.open(str(path), "w", metadata_encoding="latin-1") as container:
        container.metadata["title"] = "Caf\xe9"
        stream = container.add_stream("libx264", rate=10)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        stream.metadata["title"] = "\xe9t\xe9"
        container.mux(stream.encode(av.VideoFrame.from_image(Image.new("RGB", (64, 48)))))
        container.mux(stream.encode(None))
    remux([LocalTrack((path,), None, frozenset({MediaType.VIDEO}))], tmp_path / "joined")
    with av.open(str(tmp_path / "joined")) as joined:
        video = joined.streams.video[0]
        assert (video.width, video.height) == (64, 48)
