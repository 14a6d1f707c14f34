"""Pages of archived posts: complete in their folder, whole at any moment, and as the library is."""

from __future__ import annotations

import hashlib
import os
import random
import re
import shutil
import signal
import subprocess
import tracemalloc
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from media_pipeline.catalog.selection import EVERYTHING, Selection
from media_pipeline.stages.archive.scrub import evict
from media_pipeline.stages.imports.media_manifest import write_manifests
from media_pipeline.stages.imports.raw_posts import read_posts
from media_pipeline.stages.integrity.places import WithinLibrary
from media_pipeline.stages.pages.folder import MARKER, PageFolderError, opened_folder
from media_pipeline.stages.pages.writing import Written, write_pages
from media_pipeline_tests import forked
from media_pipeline_tests.faulty_host import FaultyHost
from media_pipeline_tests.library import Library, picture, tweet
from media_pipeline_tests.pages import Page, all_pages
from media_pipeline_tests.patience import PATIENCE_SECONDS
from media_pipeline_tests.stages import posted
from media_pipeline_tests.stages.either_database import EitherLibrary, MakeEither

pytestmark = pytest.mark.long

KILLS = 4


@pytest.fixture
def library(make_either: MakeEither, host: FaultyHost, tmp_path: Path) -> EitherLibrary:
    library = make_either(media_archive_path=tmp_path / "archive")
    posted.fill(library, host)
    return library


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "page"


def write(library: Library, folder: Path, selection: Selection = EVERYTHING, **options: Any) -> Written:
    with library.open() as stage:
        return write_pages(stage, folder, selection, **options)


def files_in(folder: Path) -> dict[str, bytes]:
    """Every file but the marker."""
    found = (path for path in folder.rglob("*") if path.is_file() and path.name != MARKER)
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}


def test_a_page_shows_every_post_with_whole_text_and_every_medium_by_its_kind(
    library: EitherLibrary, folder: Path
) -> None:
    written = write(library, folder)
    (page,) = all_pages(folder)
    assert (written.totals.posts, written.totals.media, written.totals.stored) == (posted.POSTS, 7, posted.SHOWN)
    assert (page.tags["article"], page.tags["figure"]) == (posted.POSTS, 7)
    assert (page.tags["video"], page.tags["audio"], page.tags["img"]) == (2, 1, 3), "an animation plays as a video"
    assert "A harbour at dawn\nwith two lines" in page.words
    assert "Straße nach München" in page.words
    assert "No longer at its host" in page.words
    assert "the host says that it no longer exists (404)" in page.words
    assert any(name.endswith(".pdf") for name in page.local)
    assert page.words.index("A harbour") < page.words.index("It moves") < page.words.index("Listen")


def test_a_folder_that_was_moved_holds_everything_that_its_pages_link_to_and_nothing_else(
    library: EitherLibrary, folder: Path, tmp_path: Path
) -> None:
    write(library, folder, posts_together=3)
    moved = Path(shutil.move(folder, tmp_path / "elsewhere" / "page"))
    shutil.rmtree(library.storage / "media")
    pages = all_pages(moved)
    assert [page.tags["article"] for page in pages] == [3, 3, 2]
    linked = {name for page in pages for name in page.local}
    assert {name for name in linked if not (moved / name).is_file()} == set()
    assert set(files_in(moved)) == linked
    assert {re.sub(r"\d+", "N", address) for page in pages for address in page.web} <= {
        "https://x.com/ann/status/N",
        "https://x.com/bob/status/N",
    }
    for name, content in files_in(moved).items():
        if name.startswith("media/"):
            assert hashlib.sha256(content).hexdigest() in name


def test_no_copy_shares_its_inode_or_its_mode_with_the_store(library: EitherLibrary, folder: Path) -> None:
    write(library.with_settings(media_public=True), folder)
    paths = [path for path in folder.rglob("*") if path.is_file() and path.name != MARKER]
    assert {path.stat().st_nlink for path in paths} == {1}
    assert {path.stat().st_mode & 0o777 for path in paths} == {0o600}


def test_a_second_run_copies_nothing_and_changes_nothing(library: EitherLibrary, folder: Path) -> None:
    first = write(library, folder, posts_together=3)
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file() and path.name != MARKER}
    second = write(library, folder, posts_together=3)
    assert first.copied > 0
    assert (second.copied, second.copied_bytes, second.removed) == (0, 0, 0)
    assert {path: path.stat().st_mtime_ns for path in before} == before


def test_a_later_run_adds_what_is_new_and_removes_what_is_no_longer_shown(
    library: EitherLibrary, host: FaultyHost, folder: Path
) -> None:
    write(library, folder, posts_together=3)
    (folder / "notes.txt").write_text("mine")
    library.land("more.json", [tweet(9, host.serve("/9.jpg", picture(9, 600, 400)), author="cleo")])
    library.run()
    assert write(library, folder, posts_together=3).copied == 1, "the picture, which is shown whole"
    written = write(library, folder, Selection(user="@Cleo"), posts_together=3)
    assert written.pages == 1
    (page,) = all_pages(folder)
    assert set(files_in(folder)) == {"index.html", "notes.txt", *page.local}
    assert "Archived posts by @Cleo" in page.words


def test_a_page_shows_the_chosen_posts_and_no_other(library: EitherLibrary, folder: Path) -> None:
    for chosen, posts in [
        (Selection(user="bob"), 3),
        (Selection(platform="twitter"), 8),
        (Selection(platform="reddit"), 0),
        (Selection(since=date(2025, 11, 1)), 8),
        (Selection(since=date(2025, 11, 2)), 0),
    ]:
        written = write(library, folder, chosen)
        assert written.totals.posts == posts, chosen
        assert Page(written.index).tags["article"] == posts, chosen


def test_an_original_that_only_the_archive_has_is_fetched_back_where_nothing_stands_for_it(
    library: EitherLibrary, folder: Path
) -> None:
    small = library.with_settings(media_cache_limit_gb=1e-9)
    with small.open() as stage:
        assert evict(stage) == 5
    write(small, folder)
    page = Page(folder / "index.html")
    assert (page.tags["video"], page.tags["audio"], page.tags["img"]) == (2, 1, 3)
    assert "Only in the archive" not in page.words
    assert library.rows("SELECT count(*) FROM media_files WHERE local_path IS NOT NULL") == [(0,)], "evicted again"
    shutil.rmtree(library.settings.archive_path / "media")
    assert write(small, folder).copied == 0, "what the folder has is not asked for"


def test_an_original_that_is_not_fetched_back_is_named_by_its_key(library: EitherLibrary, folder: Path) -> None:
    with library.with_settings(media_cache_limit_gb=1e-9).open() as stage:
        evict(stage)
    with library.open() as stage:
        write_pages(stage, folder, heals=False)
    page = Page(folder / "index.html")
    assert "Only in the archive" in page.words
    (key,) = library.rows("SELECT s3_key FROM media_files WHERE mime_type = 'application/pdf'")[0]
    assert key in page.words


def test_a_file_in_quarantine_is_not_shown(library: EitherLibrary, folder: Path) -> None:
    sha256 = library.reference(next(url for url in urls(library) if url.endswith("/4.pdf")))["sha256"]
    library.rows("UPDATE media_files SET facts_error = 'odd' WHERE sha256 = ? RETURNING 1", sha256)
    library.rows("UPDATE post_media SET status = 'quarantined' WHERE sha256 = ? RETURNING 1", sha256)
    write(library, folder)
    page = Page(folder / "index.html")
    assert "Set aside" in page.words
    assert not any(sha256 in name for name in page.local)


def urls(library: EitherLibrary) -> list[str]:
    return [url for (url,) in library.rows("SELECT media_url FROM post_media")]


def test_a_file_that_the_store_has_lost_is_said_to_be_lost(library: EitherLibrary, folder: Path) -> None:
    shutil.rmtree(library.storage / "media" / "documents")
    library.rows("UPDATE media_files SET archived_at = NULL RETURNING 1")
    written = write(library, folder)
    assert "Not found in the store" in Page(folder / "index.html").words
    assert written.totals.lost == 1


def test_a_damaged_original_is_not_copied_and_comes_back_from_the_archive(library: EitherLibrary, folder: Path) -> None:
    stored = library.storage / library.rows("SELECT local_path FROM media_files WHERE extension = 'pdf'")[0][0]
    whole = stored.read_bytes()
    flip(stored)
    with library.open() as stage:
        write_pages(stage, folder, heals=False)
    assert "Only in the archive" in Page(folder / "index.html").words
    assert whole not in files_in(folder).values()
    written = write(library, folder)
    assert whole in files_in(folder).values()
    assert stored.read_bytes() == whole
    assert written.totals.lost == 0


def test_a_damaged_rendition_is_not_copied_and_drawn_again_by_the_next_run(
    library: EitherLibrary, folder: Path
) -> None:
    write(library, folder)
    names = files_in(folder).keys()
    shutil.rmtree(folder)
    for stored in (library.storage / "thumbnails").rglob("*.webp"):
        flip(stored)
    write(library, folder)
    assert not any(name.startswith("thumbnails/") for name in files_in(folder))
    library.run()
    write(library, folder)
    assert files_in(folder).keys() == names


def flip(path: Path) -> None:
    """Change a bit, and nothing that a look from outside shows."""
    content, times = bytearray(path.read_bytes()), path.stat()
    content[len(content) // 2] ^= 1
    path.chmod(0o600)
    path.write_bytes(content)
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))


def test_what_the_store_lacks_stays_on_a_page_that_has_it_already(library: EitherLibrary, folder: Path) -> None:
    write(library, folder)
    whole = files_in(folder)
    for name in ("media", "thumbnails", "optimized", "animations"):
        shutil.rmtree(library.storage / name)
    written = write(library, folder)
    assert files_in(folder) == whole
    assert (written.copied, written.removed, written.totals.lost) == (0, 0, 0)


def test_a_page_is_not_written_into_a_folder_of_the_library(library: EitherLibrary) -> None:
    for folder in (library.storage, library.storage / "tmp" / "page", library.settings.archive_path / "new"):
        with pytest.raises(WithinLibrary, match="name another place"):
            write(library, folder)


def test_nothing_is_written_through_a_link_within_the_folder(
    library: EitherLibrary, folder: Path, tmp_path: Path
) -> None:
    with opened_folder(folder):
        pass
    (tmp_path / "elsewhere").mkdir()
    (folder / "media").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(PageFolderError, match="is a link"):
        write(library, folder)
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_a_folder_that_is_a_link_to_nothing_is_refused(folder: Path, tmp_path: Path) -> None:
    folder.symlink_to(tmp_path / "not mounted")
    with pytest.raises(PageFolderError, match="leads nowhere"), opened_folder(folder):
        pass


def test_posts_without_a_date_come_last_on_whichever_page(library: EitherLibrary, folder: Path) -> None:
    for number in (2, 3, 4):
        library.rows("UPDATE posts SET posted_at = NULL WHERE native_id = ? RETURNING 1", str(number))
    write(library, folder, posts_together=2)
    pages = all_pages(folder)
    assert [page.tags["article"] for page in pages] == [2, 2, 2, 2]
    words = "".join(page.words for page in pages)
    assert words.index("München") < words.index("Without a date") < words.index("The report")


def test_a_folder_that_holds_something_else_is_refused_and_left_alone(folder: Path) -> None:
    folder.mkdir()
    (folder / "index.html").write_text("mine")
    for place in (folder, folder / "index.html"):
        with pytest.raises(PageFolderError, match="holds something else; name an empty"), opened_folder(place):
            pass
    assert files_in(folder) == {"index.html": b"mine"}


def test_a_folder_that_another_run_is_writing_to_is_refused(folder: Path) -> None:
    with opened_folder(folder), pytest.raises(PageFolderError, match="another run is writing"), opened_folder(folder):
        pass


def test_a_run_that_is_killed_leaves_whole_files_and_the_next_one_finishes(
    library: EitherLibrary, host: FaultyHost, folder: Path, tmp_path: Path
) -> None:
    many = [tweet(n, host.serve(f"/{n}.jpg", picture(n, 700, 500))) for n in range(20, 80)]
    library.land("many.json", many)
    library.run()
    write(library, tmp_path / "whole")
    whole = files_in(tmp_path / "whole")
    chance = random.Random(7)
    for _ in range(KILLS):
        kill_after(library, folder, files=chance.randrange(len(whole)))
        left = {name: content for name, content in files_in(folder).items() if not name.startswith(".media-pipeline-")}
        assert {name for name, content in left.items() if content != whole[name]} == set()
    write(library, folder)
    assert files_in(folder) == whole


def kill_after(library: Library, folder: Path, files: int) -> None:
    """Run the command, and kill it once the folder holds so many files."""
    environment = {
        **os.environ,
        "MEDIA_STORAGE_PATH": str(library.storage),
        "MEDIA_IMPORT_PATH": str(library.settings.import_path),
        "MEDIA_ARCHIVE_PATH": str(library.settings.archive_path),
        "MEDIA_CATALOG_URL": library.settings.media_catalog_url,
    }
    with Path(os.devnull).open("w") as silence:
        arguments = ["page", "--to", str(folder)]
        started = forked.start(forked.COMMAND, arguments, environment, library.folder, silence, silence)
    while sum(len(names) for _, _, names in os.walk(folder)) < files:
        with suppress(subprocess.TimeoutExpired):
            started.wait(0.001)
            return
    started.send_signal(signal.SIGKILL)
    started.wait(PATIENCE_SECONDS)


def test_memory_does_not_grow_with_the_number_of_pages(make_either: MakeEither, folder: Path) -> None:
    library = make_either()
    said = "words " * 200
    library.land("few.json", [tweet(n, author="ann", text=said) for n in range(400)])
    library.land("many.json", [tweet(n, author="bob", text=said) for n in range(400, 2400)])
    library.run(stages=(read_posts, write_manifests))
    peaks = [_peak_of_writing(library, folder, user) for user in ("ann", "bob")]
    # Five times as many posts; what a page takes varies by a third with the moment of garbage collection.
    assert peaks[1] < 2.5 * peaks[0]


def _peak_of_writing(library: Library, folder: Path, user: str) -> int:
    tracemalloc.start()
    try:
        write(library, folder, Selection(user=user), posts_together=20)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
