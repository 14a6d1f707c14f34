"""The demo from its empty folder to the page: exports, the host of their media, and what should come out.

What belongs here: the folder and what surrounds the runs. What does not: executing the runs and printing (``cli``),
which is done for the demo as for any import.
"""

from __future__ import annotations

import logging
import shlex
import shutil
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from media_pipeline.demo import elsewhere, sample
from media_pipeline.demo.expectation import Expectation, ExpectedMedium, MediaKey
from media_pipeline.demo.exports import bluesky, facebook, instagram, linkedin, mastodon, reddit, tiktok, twitter
from media_pipeline.demo.host import Answer, MediaHost
from media_pipeline.demo.sample import SamplePost
from media_pipeline.model import ImportPartition, MediaPipelineError
from media_pipeline.settings import Settings, shown
from media_pipeline.stages.context import opened
from media_pipeline.stages.imports.landing import land
from media_pipeline.stages.pages.writing import INDEX, write_pages
from media_pipeline.storage.held import DEV_LOCK, is_held

MARKER = ".media-pipeline-demo"
"""A file in a folder that the demo made; only such a folder is cleared."""
STORE = "store"
_MADE_BY_DEMO = ("exports", "imports", STORE, "page")
_MARKER_TEXT = "This folder belongs to `media-pipeline demo`, which clears it when it runs again.\n"


class DemoFolderError(MediaPipelineError):
    """The demo is to run in a folder that holds something else, or that `media-pipeline dev` shows.

    To do: Run the demo in an empty folder, or name another with `--folder`; or end `media-pipeline dev` first.
    """


@dataclass(frozen=True, slots=True)
class Export:
    """One export of the sample as it will lie on the disk."""

    name: str
    partition: ImportPartition
    content: bytes
    posts: Sequence[SamplePost]


@dataclass(frozen=True, slots=True)
class Demo:
    """A demo that is ready to be run: everything landed, the host listening."""

    folder: Path
    settings: Settings
    partitions: list[ImportPartition]
    host: MediaHost
    expectation: Expectation

    @property
    def page(self) -> Path:
        """The page that :meth:`finish` writes."""
        return self.folder / "page" / INDEX

    def finish(self) -> list[str]:
        """Write the page and say what came out otherwise than it should, a line each."""
        with opened(self.settings, logging.getLogger("media_pipeline")) as stage:
            write_pages(stage, self.page.parent)
            return self.expectation.differences(stage.database, self.partitions, self.host.requests())


@contextmanager
def prepared(folder: Path) -> Generator[Demo]:
    """Clear the demo's folder, make and land the sample, and serve its media on loopback until the ``with`` ends.

    Raises DemoFolderError when the folder is not one of the demo's.
    """
    _clear(folder)
    exports = _exports(datetime.now(UTC).date())
    expectation = _expectation(exports)
    with MediaHost(expectation.answers) as host:
        settings = demo_settings(folder, host)
        for one in exports:
            path = folder / "exports" / one.partition.platform / one.name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(one.content)
            if one.partition.platform == "twitter":
                # X hands out who the archive's owner is in a file of its own.
                path.with_name("account.js").write_bytes(twitter.account(sample.IDA))
            land(settings, path, one.partition)
        yield Demo(folder, settings, sorted({one.partition for one in exports}), host, expectation)


def demo_settings(folder: Path, host: MediaHost) -> Settings:
    """Every setting as its default but the places, whatever ``.env`` says: the demo never reaches anyone's bucket."""
    places: dict[str, Any] = {
        "media_storage_path": folder / STORE,
        "media_import_path": folder / "imports",
        "media_fetch_via": (host.template,),
        "media_allowed_hosts": (host.address,),
        # Few partitions, so that Dagster shows a graph that is filled.
        "media_start_date": datetime.now(UTC).date() - timedelta(days=1),
    }
    return Settings(**_defaults() | places)


def _defaults() -> dict[str, Any]:
    return {name: field.get_default(call_default_factory=True) for name, field in Settings.model_fields.items()}


def where_to_look(demo: Demo, usual: Settings, dev: str) -> Mapping[str, str]:
    """The places of a demo that was run, and the command that opens Dagster on it: ``dev`` with the demo's settings."""
    return {
        "the pictures": demo.page.as_uri(),
        "originals": str(demo.settings.storage_path / "media"),
        "archive": str(demo.settings.archive_path),
        "exports": str(demo.settings.import_path),
        "in Dagster": " ".join([*_variables(demo.settings, usual), dev]),
    }


def _variables(demo: Settings, usual: Settings) -> list[str]:
    """The environment in which a command works on the demo's state: its places, and the default of every setting that
    the usual environment or ``.env`` changes.
    """
    places = {
        "MEDIA_STORAGE_PATH": str(demo.media_storage_path),
        "MEDIA_IMPORT_PATH": str(demo.media_import_path),
        "MEDIA_START_DATE": str(demo.media_start_date),
    }
    defaults, set_now = shown(Settings(**_defaults())), shown(usual)
    undone = {name: value for name, value in defaults.items() if name not in places and set_now[name] != value}
    return [f"{name}={shlex.quote(value) if value else ''}" for name, value in (places | undone).items()]


def _clear(folder: Path) -> None:
    marker = folder / MARKER
    if folder.exists() and not marker.is_file() and (not folder.is_dir() or any(folder.iterdir())):
        raise DemoFolderError(f"{folder} holds something else; name an empty or new folder with --folder")
    if is_held(folder / STORE / "dagster" / DEV_LOCK):
        raise DemoFolderError(
            f"Dagster's UI shows what the last demo left in {folder}: end `media-pipeline dev` (Ctrl-C) and run the "
            "demo again, or name another folder with --folder"
        )
    for name in _MADE_BY_DEMO:
        entry = folder / name
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        else:
            entry.unlink(missing_ok=True)
    folder.mkdir(parents=True, exist_ok=True)
    marker.write_text(_MARKER_TEXT, encoding="utf-8")


def _exports(today: date) -> list[Export]:
    """Two days of all platforms, so that every partition of the demo holds something."""
    yesterday = today - timedelta(days=1)
    made: list[tuple[str, date, str, Callable[[Sequence[SamplePost]], bytes], list[SamplePost]]] = [
        ("stream.ndjson", yesterday, "twitter", twitter.v11_lines, sample.stream()),
        ("user-tweets.json", today, "twitter", twitter.graphql_timeline, sample.timeline()),
        ("tweets.js", today, "twitter", twitter.x_archive, sample.own_archive()),
        *_on_two_days(today, "company-posts.json", "linkedin", linkedin.scraped_posts, sample.company_posts()),
        *_on_two_days(today, "feed.json", "instagram", instagram.private_feed, elsewhere.instagram()),
        *_on_two_days(today, "page-feed.json", "facebook", facebook.graph_feed, elsewhere.facebook()),
        *_on_two_days(today, "item-list.json", "tiktok", tiktok.item_list, elsewhere.tiktok()),
        *_on_two_days(today, "statuses.ndjson", "mastodon", mastodon.statuses, elsewhere.mastodon()),
        *_on_two_days(today, "author-feed.json", "bluesky", bluesky.author_feed, elsewhere.bluesky()),
        *_on_two_days(today, "listing.json", "reddit", reddit.listing, elsewhere.reddit()),
    ]
    return [
        Export(name, ImportPartition(day, platform), write(posts), posts) for name, day, platform, write, posts in made
    ]


def _on_two_days(
    today: date,
    name: str,
    platform: str,
    write: Callable[[Sequence[SamplePost]], bytes],
    posts: list[SamplePost],
) -> list[tuple[str, date, str, Callable[[Sequence[SamplePost]], bytes], list[SamplePost]]]:
    """The first half of the posts in yesterday's export, the rest in today's."""
    half = len(posts) // 2
    stem, dot, suffix = name.partition(".")
    return [
        (name, today - timedelta(days=1), platform, write, posts[:half]),
        (f"{stem}-2{dot}{suffix}", today, platform, write, posts[half:]),
    ]


def _expectation(exports: Sequence[Export]) -> Expectation:
    posts = {
        (one.partition.platform, _native_id(post, one.partition.platform)): post
        for one in exports
        for outer in one.posts
        for post in outer.with_nested()
    }
    media: dict[MediaKey, ExpectedMedium] = {
        (*key, position): ExpectedMedium(medium.url, medium.status)
        for key, post in posts.items()
        for position, medium in enumerate(post.media)
    }
    faults = {"stream.ndjson": twitter.BROKEN_LINE_NUMBER}
    return Expectation(len(posts), media, _answers(posts.values()), faults)


def _native_id(post: SamplePost, platform: str) -> str:
    """The id that the post's export gives it."""
    match platform:
        case "twitter":
            return post.tweet_id
        case "linkedin":
            return post.activity_id
        case "facebook":
            return f"{post.author.number}_{post.serial}"
        case "bluesky":
            return f"at://{bluesky.did_of(post.author)}/app.bsky.feed.post/{post.serial}"
        case "reddit":
            return reddit.id_of(post)
        case _:
            return post.serial


def _answers(posts: Iterable[SamplePost]) -> dict[str, Answer]:
    """Make every medium that the host has; what two media share is made once."""
    served = {medium.url: (medium.make, medium.mime_type) for post in posts for medium in post.media if medium.make}
    with ThreadPoolExecutor(2, thread_name_prefix="draw") as pool:
        bodies = {make: pool.submit(make) for make, _ in served.values()}
    return {url: Answer(bodies[make].result(), mime_type) for url, (make, mime_type) in served.items()}
