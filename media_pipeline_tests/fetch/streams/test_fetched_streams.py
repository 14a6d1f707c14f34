"""A medium whose URL leads to a list of parts is fetched like any other."""

from __future__ import annotations

import pytest

from media_pipeline.model import FetchedFile, FetchFailure, MediaType, Status
from media_pipeline_tests import faulty_host
from media_pipeline_tests.fetch.streams.sources import FRAMES, content_of, write
from media_pipeline_tests.fetch.streams.test_streams import serve


@pytest.fixture
def playlist(host, tmp_path) -> str:
    folder = tmp_path / "made"
    folder.mkdir()
    write(folder / "list.m3u8", "hls", hls_time="2", hls_list_size="0", hls_playlist_type="vod")
    serve(host, folder)
    return host.url("/list.m3u8")


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "fetched").mkdir()
    return tmp_path / "fetched"


def test_a_playlist_becomes_one_file_and_each_part_is_an_attempt(host, fetcher, playlist, folder) -> None:
    file = fetcher().fetch(playlist, folder)
    assert isinstance(file, FetchedFile)
    assert (file.mime_type, file.extension, file.media_type) == ("video/mp4", "mp4", MediaType.VIDEO)
    assert content_of(file.path).frames == FRAMES
    assert list(folder.iterdir()) == [file.path]
    asked = [attempt.url.rpartition("/")[2] for attempt in file.attempts]
    assert asked == ["list.m3u8", "list0.ts", "list1.ts", "list2.ts"]


def test_a_part_that_comes_on_the_second_try_is_no_loss(host, fetcher, playlist, folder) -> None:
    host.serve(
        "/list1.ts",
        (folder.parent / "made" / "list1.ts").read_bytes(),
        fault=faulty_host.first(1, faulty_host.status(503)),
    )
    file = fetcher().fetch(playlist, folder)
    assert isinstance(file, FetchedFile)
    assert content_of(file.path).frames == FRAMES


def test_a_part_that_comes_cut_is_asked_for_again(host, fetcher, playlist, folder) -> None:
    body = (folder.parent / "made" / "list1.ts").read_bytes()
    host.serve("/list1.ts", body, fault=faulty_host.first(1, lambda exchange: exchange.reply(200, body[:1000])))
    file = fetcher().fetch(playlist, folder)
    assert isinstance(file, FetchedFile)
    assert content_of(file.path).frames == FRAMES
    assert len(host.asked("/list1.ts")) == 2


def test_a_missing_part_is_a_failure_that_names_it(host, fetcher, playlist, folder) -> None:
    host.serve("/list1.ts", fault=faulty_host.status(404))
    failure = fetcher().fetch(playlist, folder)
    assert isinstance(failure, FetchFailure)
    assert failure.status is Status.FAILED
    assert "segment 2 of 3" in failure.error
    assert list(folder.iterdir()) == []


def test_a_part_at_a_private_address_is_not_asked_for(host, fetcher, playlist, folder) -> None:
    text = (folder.parent / "made" / "list.m3u8").read_bytes().replace(b"list1.ts", b"http://10.0.0.1/list1.ts")
    host.serve("/list.m3u8", text)
    failure = fetcher().fetch(playlist, folder)
    assert isinstance(failure, FetchFailure)
    assert failure.status is Status.UNSAFE
