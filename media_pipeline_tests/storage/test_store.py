import hashlib
import json
import os
import signal
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from media_pipeline.model import MediaType
from media_pipeline.storage.durable import StorageError
from media_pipeline.storage.store import ContentStore

CONTENT = b"the bytes of a picture"

COLLIDING = tuple(
    bytes.fromhex(
        "d131dd02c5e6eec4693d9a0698aff95c2fcab5" + first + "12467eab4004583eb8fb7f89"
        "55ad340609f4b30283e4888325" + second + "415a085125e8f7cdc99fd91dbd" + third + "280373c5b"
        "d8823e3156348f5bae6dacd436c919c6dd53e2" + fourth + "87da03fd02396306d248cda0"
        "e99f33420f577ee8ce54b67080" + fifth + "0d1ec69821bcb6a8839396f965" + sixth + "6ff72a70"
    )
    for first, second, third, fourth, fifth, sixth in (
        ("87", "71", "f", "b4", "a8", "2b"),
        ("07", "f1", "7", "34", "28", "ab"),
    )
)
"""Two blocks of one MD5: Wang, Feng, Lai and Yu, 2004 (https://eprint.iacr.org/2004/199)."""


@pytest.fixture
def store(tmp_path):
    with ContentStore(tmp_path / "data", public=False) as store:
        yield store


def temp_file(store: ContentStore, content: bytes, name: str = "download") -> Path:
    path = store.temporary_folder() / name
    path.write_bytes(content)
    return path


def adopt(store: ContentStore, content: bytes, name: str = "download", **changes: str) -> str:
    digests = {"sha256": hashlib.sha256(content).hexdigest(), "md5_sum": hashlib.md5(content).hexdigest()}
    chosen = {**digests, "extension": "jpg", **changes}
    return store.adopt(temp_file(store, content, name), media_type=MediaType.IMAGE, **chosen)


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def files_under(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file() and path.suffix != ".lock")


def test_an_original_lies_under_its_md5(store):
    md5_sum = hashlib.md5(CONTENT).hexdigest()
    relative = adopt(store, CONTENT)
    assert relative == f"media/images/{md5_sum[:2]}/{md5_sum}.jpg"
    assert store.path_of(relative).read_bytes() == CONTENT
    assert not list(store.temporary_folder().iterdir())


@pytest.mark.parametrize(
    ("media_type", "folder"),
    [
        (MediaType.IMAGE, "images"),
        (MediaType.VIDEO, "videos"),
        (MediaType.AUDIO, "audio"),
        (MediaType.DOCUMENT, "documents"),
    ],
)
def test_each_kind_has_its_folder(store, media_type, folder):
    relative = store.adopt(
        temp_file(store, CONTENT), sha256="ab" * 32, md5_sum="cd" * 16, media_type=media_type, extension="bin"
    )
    assert relative == f"media/{folder}/cd/{'cd' * 16}.bin"


def test_the_same_content_is_kept_once(store):
    first = adopt(store, CONTENT, "one")
    inode = store.path_of(first).stat().st_ino
    assert adopt(store, CONTENT, "two") == first
    assert store.path_of(first).stat().st_ino == inode
    assert len(files_under(store.root)) == 1


def test_two_contents_of_one_md5_are_both_kept(store):
    one, two = COLLIDING
    assert hashlib.md5(one).digest() == hashlib.md5(two).digest()
    relative = [adopt(store, one), adopt(store, two), adopt(store, two, "again")]
    assert relative[1] == relative[2] != relative[0]
    assert relative[1].endswith(f"-{hashlib.sha256(two).hexdigest()[:8]}.jpg")
    assert [store.path_of(path).read_bytes() for path in relative[:2]] == [one, two]


def test_a_damaged_file_is_replaced_by_the_right_one(store):
    relative = adopt(store, CONTENT)
    store.path_of(relative).write_bytes(b"damaged")
    assert adopt(store, CONTENT) == relative
    assert store.path_of(relative).read_bytes() == CONTENT


def test_many_threads_adopt_the_same_content(store):
    with ThreadPoolExecutor(8) as pool:
        places = set(pool.map(lambda number: adopt(store, CONTENT, f"t{number}"), range(40)))
    assert len(places) == 1
    assert [path.read_bytes() for path in files_under(store.root)] == [CONTENT]


@pytest.mark.parametrize(("public", "file_mode", "folder_mode"), [(False, 0o600, 0o700), (True, 0o644, 0o755)])
def test_modes_do_not_depend_on_the_umask(tmp_path, public, file_mode, folder_mode):
    umask = os.umask(0o027)
    try:
        with ContentStore(tmp_path / "data", public) as store:
            path = store.path_of(adopt(store, CONTENT))
            assert mode_of(path) == file_mode
            assert {mode_of(folder) for folder in list(path.parents)[:3]} == {folder_mode}
            assert mode_of(store.temporary_folder()) == 0o700
            aside = store.path_of(store.quarantine(temp_file(store, b"?"), "a.bin", {}))
            assert (mode_of(aside), mode_of(aside.parent)) == (0o600, 0o700)
    finally:
        os.umask(umask)


def test_a_failing_rename_leaves_nothing(store, monkeypatch):
    def full(self, target):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(StorageError, match=r"can't store .*/media/images/.*No space left.*free some space"):
        adopt(store, CONTENT)
    assert not files_under(store.root)


@pytest.mark.parametrize(("error", "advice"), [(28, "free some space"), (13, "write permission"), (30, "remount")])
def test_a_failing_fsync_is_an_error_that_says_what_to_do(store, monkeypatch, error, advice):
    temp = temp_file(store, CONTENT)
    store.adopt(temp_file(store, b"other", "b"), sha256="0", md5_sum="00", media_type=MediaType.IMAGE, extension="x")

    def refuse(descriptor):
        raise OSError(error, os.strerror(error))

    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(StorageError, match=advice):
        store.adopt(temp, sha256="1", md5_sum="00", media_type=MediaType.IMAGE, extension="jpg")
    assert not temp.exists()


def test_a_folder_in_the_way_is_named(tmp_path):
    (tmp_path / "data").write_text("a file")
    with ContentStore(tmp_path / "data", public=False) as store, pytest.raises(StorageError, match="data"):
        store.temporary_folder()


def test_renditions_lie_under_their_originals_sha256_and_recipe(store):
    sha256 = hashlib.sha256(CONTENT).hexdigest()
    places = [
        store.adopt_rendition(temp_file(store, b"r"), sha256=sha256, kind=kind, recipe=recipe, extension=extension)
        for kind, recipe, extension in (
            ("optimized", "optimized-1920-q85-v1", "jpg"),
            ("thumbnail", "thumbnail-300-q85-v1", "webp"),
        )
    ]
    assert places == [
        f"optimized/{sha256[:2]}/{sha256}-optimized-1920-q85-v1.jpg",
        f"thumbnails/{sha256[:2]}/{sha256}-thumbnail-300-q85-v1.webp",
    ]


def test_a_rendition_made_again_takes_the_place_of_the_old_one(store):
    named = {"sha256": "ab" * 32, "kind": "optimized", "recipe": "r", "extension": "jpg"}
    store.adopt_rendition(temp_file(store, b"old"), **named)
    relative = store.adopt_rendition(temp_file(store, b"new"), **named)
    assert store.path_of(relative).read_bytes() == b"new"


def test_quarantine_keeps_the_file_and_the_reason(store):
    relative = store.quarantine(temp_file(store, b"<html>"), "med-1.html", {"reason": "html", "url": "http://a/"})
    assert relative == "quarantine/med-1.html"
    assert store.path_of(relative).read_bytes() == b"<html>"
    assert json.loads(store.path_of(relative + ".json").read_text()) == {"reason": "html", "url": "http://a/"}


def test_a_stored_file_that_cannot_be_set_aside_is_not_lost(store, monkeypatch):
    path = store.path_of(adopt(store, CONTENT))

    def full(self, *_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(StorageError, match="No space left"):
        store.quarantine(path, path.name, {})
    assert path.read_bytes() == CONTENT


def test_a_stored_file_is_held_against_its_digest(store):
    relative = adopt(store, CONTENT)
    sha256 = hashlib.sha256(CONTENT).hexdigest()
    assert store.matches(relative, sha256, len(CONTENT))
    assert not store.matches(relative, sha256, len(CONTENT) + 1)
    assert not store.matches("media/images/00/missing.jpg", sha256, len(CONTENT))
    flipped = bytearray(CONTENT)
    flipped[3] ^= 1
    store.path_of(relative).write_bytes(flipped)
    assert not store.matches(relative, sha256, len(CONTENT))


@pytest.mark.parametrize("relative", ["", "/etc/passwd", "../outside", "media/../../outside", "link/secret"])
def test_no_path_leads_out_of_the_root(store, tmp_path, relative):
    store.temporary_folder()
    (store.root / "link").symlink_to(tmp_path)
    with pytest.raises(StorageError, match="not a path inside"):
        store.path_of(relative)


@pytest.mark.parametrize("name", ["../x", "a/b", "", ".hidden", "a b", "x" * 300])
def test_no_name_leads_out_of_the_quarantine(store, name):
    temp = temp_file(store, b"?")
    with pytest.raises(StorageError, match="file name"):
        store.quarantine(temp, name, {})
    assert temp.exists()


def test_a_file_is_removed_once(store):
    relative = adopt(store, CONTENT)
    assert store.remove(relative)
    assert not store.remove(relative)


def test_a_url_begins_with_the_base(store):
    relative = adopt(store, CONTENT)
    assert store.url_of(relative, "https://media.test/files/") == f"https://media.test/files/{relative}"
    assert store.url_of(relative, "") == store.path_of(relative).as_uri()


def leftovers(store: ContentStore) -> list[list[str]]:
    """What each process that is gone was adopting."""
    noted: list[list[str]] = []
    store.remove_leftovers(noted.append)
    return noted


def fail(_: list[str]) -> None:
    raise LookupError


def test_leftovers_of_the_killed_go_and_those_of_the_living_stay(tmp_path):
    root = tmp_path / "data"
    script = (
        "import sys, time, pathlib; from media_pipeline.storage.store import ContentStore\n"
        "folder = ContentStore(pathlib.Path(sys.argv[1]), public=False).temporary_folder()\n"
        "(folder / 'part').write_bytes(b'half'); print(folder, flush=True); time.sleep(3600)\n"
    )

    def start() -> tuple[subprocess.Popen[str], Path]:
        process = subprocess.Popen([sys.executable, "-c", script, str(root)], stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        return process, Path(process.stdout.readline().strip())

    (killed, dead_folder), (living, live_folder) = start(), start()
    try:
        killed.send_signal(signal.SIGKILL)
        killed.wait()
        with ContentStore(root, public=False) as store:
            own = temp_file(store, CONTENT)
            assert leftovers(store) == [[]]
            assert own.exists()
            assert not dead_folder.exists()
            assert (live_folder / "part").read_bytes() == b"half"
            assert leftovers(store) == []
    finally:
        living.kill()
        living.wait()
        for process in (killed, living):
            process.stdout.close()


def test_what_a_killed_process_adopted_is_told_to_the_next(tmp_path):
    script = (
        "import os, signal, sys\n"
        "from pathlib import Path\n"
        "from media_pipeline.model import MediaType\n"
        "from media_pipeline.storage.store import ContentStore\n"
        "store = ContentStore(Path(sys.argv[1]), public=False)\n"
        "for number in range(3):\n"
        "    file = store.temporary_folder() / 'a'\n"
        "    file.write_bytes(b'x')\n"
        "    digest = str(number) * 32\n"
        "    store.adopt(file, sha256=digest * 2, md5_sum=digest, media_type=MediaType.IMAGE, extension='jpg')\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    subprocess.run([sys.executable, "-c", script, str(tmp_path)], check=False)
    with ContentStore(tmp_path, public=False) as store:
        places = [f"media/images/{number}{number}/{str(number) * 32}.jpg" for number in range(3)]
        with pytest.raises(LookupError):
            store.remove_leftovers(fail)
        assert leftovers(store) == [places], "it was not seen to"
        assert leftovers(store) == []
        assert all(store.path_of(place).exists() for place in places), "they may have rows"


def test_what_was_adopted_in_a_run_that_broke_off_is_told_to_the_next(tmp_path):
    with pytest.raises(LookupError), ContentStore(tmp_path, public=False) as store:
        place = adopt(store, CONTENT)
        fail([])
    with ContentStore(tmp_path, public=False) as store:
        assert leftovers(store) == [[place]]
    assert not list((tmp_path / "tmp").iterdir())


def test_closing_removes_the_temporary_folder(tmp_path):
    with ContentStore(tmp_path, public=False) as store:
        temp_file(store, CONTENT)
    assert not list((tmp_path / "tmp").iterdir())


def test_a_store_that_was_never_used_has_no_leftovers(store):
    assert leftovers(store) == []
