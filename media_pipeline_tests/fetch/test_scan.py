"""What clamd calls clean is clean, what it finds is named, and everything else is an error."""

from __future__ import annotations

import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from media_pipeline.fetch.scan import Scanner, ScannerError, ScannerUnavailable, scanner_of
from media_pipeline.settings import Settings
from media_pipeline_tests.clamd import FILE_MAX_BYTES, INFECTION, STREAM_MAX_BYTES, Clamd, pretender

CLEAN = bytes(range(256)) * 1200


@pytest.fixture(params=["tcp", "unix"])
def scanner(request: pytest.FixtureRequest, clamd: Clamd) -> Scanner:
    return Scanner(clamd.tcp_url if request.param == "tcp" else clamd.unix_url, connect_seconds=5)


def _file(folder: Path, content: bytes) -> Path:
    path = folder / "a.jpg"
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("content", [CLEAN, b"", b"x"], ids=["three chunks", "empty", "a byte"])
def test_a_clean_file_has_no_infection(scanner: Scanner, tmp_path: Path, content: bytes) -> None:
    scanner.ping()
    assert scanner.scan(_file(tmp_path, content)) is None


@pytest.mark.parametrize("place", [0, 1 << 17, len(CLEAN)])
def test_an_infection_is_named_wherever_it_stands(scanner: Scanner, tmp_path: Path, place: int) -> None:
    content = CLEAN[: max(place - 20, 0)] + INFECTION + CLEAN[place:]
    assert scanner.scan(_file(tmp_path, content)) == "Tests.MadeUp.UNOFFICIAL"


@pytest.mark.parametrize("size", [STREAM_MAX_BYTES + 1, 20 * STREAM_MAX_BYTES])
def test_a_file_above_clamds_limit_is_an_error_that_names_the_option(
    scanner: Scanner, tmp_path: Path, size: int
) -> None:
    with pytest.raises(ScannerError, match="StreamMaxLength"):
        scanner.scan(_file(tmp_path, bytes(size)))


def test_a_file_that_clamd_did_not_read_to_its_end_is_not_clean(scanner: Scanner, tmp_path: Path) -> None:
    with pytest.raises(ScannerError, match="MaxFileSize"):
        scanner.scan(_file(tmp_path, bytes(FILE_MAX_BYTES + 1)))


def test_many_threads_share_a_scanner(scanner: Scanner, tmp_path: Path) -> None:
    paths = [tmp_path / str(number) for number in range(40)]
    for number, path in enumerate(paths):
        path.write_bytes(CLEAN + (INFECTION if number % 2 else b""))
    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(scanner.scan, paths))
    assert [infection is not None for infection in found] == [number % 2 == 1 for number in range(40)]


def test_without_clamd_the_error_says_what_to_do(tmp_path: Path) -> None:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        closed = f"tcp://127.0.0.1:{found.getsockname()[1]}"
    for url in (closed, f"unix://{tmp_path / 'clamd.ctl'}", f"unix://{tmp_path / ('x' * 200)}"):
        scanner = Scanner(url, connect_seconds=5)
        for ask in (scanner.ping, lambda scanner=scanner: scanner.scan(_file(tmp_path, CLEAN))):
            with pytest.raises(ScannerUnavailable, match=r"not reachable.*start clamd or empty the setting"):
                ask()


def test_the_setting_decides_whether_there_is_a_scanner() -> None:
    assert scanner_of(Settings(_env_file=None)) is None
    assert scanner_of(Settings(_env_file=None, clamd_url="unix:///run/clamav/clamd.ctl")) is not None


def _reads_it_all(connection: socket.socket) -> None:
    """As clamd does, up to the empty chunk at the end."""
    stream = connection.makefile("rb")
    assert stream.read(len("zINSTREAM\0")) == b"zINSTREAM\0"
    while length := int.from_bytes(stream.read(4), "big"):
        stream.read(length)


def _answers(answer: bytes) -> Callable[[socket.socket], None]:
    def talk(connection: socket.socket) -> None:
        _reads_it_all(connection)
        connection.sendall(answer)

    return talk


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"stream: OK",
        b"stream: O",
        b"stream: ",
        b"stream: OK\0stream: OK\0",
        b"stream: Some.Virus FOU",
        b"OK\0",
        b"\0",
        b"UNKNOWN COMMAND\0",
        b"stream: Can't allocate memory ERROR\0",
        b"HTTP/1.1 200 OK\r\n\r\n<html>\0",
        b"\xff\xfe\x00",
        b"x" * 10_000,
        b"stream: Heuristics.Limits.Exceeded.MaxScanSize FOUND\0",
    ],
)
def test_any_answer_but_clean_or_found_is_an_error(tmp_path: Path, answer: bytes) -> None:
    with pretender(_answers(answer)) as url, pytest.raises(ScannerError) as caught:
        Scanner(url, connect_seconds=5).scan(_file(tmp_path, CLEAN))
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 5000


@pytest.mark.parametrize("size", [100, 20_000_000])
def test_a_clamd_that_hangs_up_at_once_has_not_called_anything_clean(tmp_path: Path, size: int) -> None:
    with pretender(lambda connection: None) as url, pytest.raises(ScannerError):
        Scanner(url, connect_seconds=5).scan(_file(tmp_path, bytes(size)))


def _never_answers(connection: socket.socket) -> None:
    while connection.recv(1 << 16):
        pass


def _drips(connection: socket.socket) -> None:
    _reads_it_all(connection)
    while True:
        connection.sendall(b"s")


@pytest.mark.parametrize("talk", [_never_answers, _drips], ids=["never answers", "never ends its answer"])
def test_a_clamd_that_never_comes_to_an_end_is_given_up(tmp_path: Path, talk: Callable[[socket.socket], None]) -> None:
    with pretender(talk) as url, pytest.raises(ScannerError):
        Scanner(url, connect_seconds=5, answer_seconds=0.2).scan(_file(tmp_path, CLEAN))


@pytest.mark.parametrize(
    "talk",
    [lambda connection: connection.sendall(b"220 mail\r\n\0"), lambda connection: None, _never_answers],
    ids=["a mail server", "hangs up", "never answers"],
)
def test_what_does_not_answer_a_ping_is_no_clamd(talk: Callable[[socket.socket], None]) -> None:
    with pretender(talk) as url, pytest.raises(ScannerUnavailable, match=r"^CLAMD_URL: .*start clamd or empty the"):
        Scanner(url, connect_seconds=0.3).ping()
