"""Hostile names through every command, into a terminal and into a pipe, and onto every page."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from html.parser import HTMLParser
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from media_pipeline.cli.program import app
from media_pipeline.stages.duplicates.dedup_report import report_duplicates
from media_pipeline.stages.imports.raw_posts import read_posts
from media_pipeline.stages.pages.writing import write_pages
from media_pipeline.stages.renditions.drawing import make_renditions
from media_pipeline_tests import faulty_host, forked
from media_pipeline_tests.cli.shell import Shell
from media_pipeline_tests.conftest import MakeLibrary
from media_pipeline_tests.faulty_host import FaultyHost
from media_pipeline_tests.hostile_text import HOSTILE, URLS, effects_in
from media_pipeline_tests.library import DAY, TWITTER, Library, picture, tweet

pytestmark = pytest.mark.long


class FreshShell(Shell):
    """Its consoles are made in each process: they ask once how wide they are, and whether they are a terminal's."""

    program = forked.Program(
        forked.COMMAND.module, tuple(name for name in forked.COMMAND.preloaded if name != "media_pipeline.cli.session")
    )


TERMINAL = {"FORCE_COLOR": "1", "TERM": "xterm-256color"}
PIPE: dict[str, str] = {}
SHOWN_ELSEWHERE = {"dev": "a server; its run's log is that of ingest --verbose", "demo": "shows its own sample only"}


def hostile_posts(host: FaultyHost) -> list[object]:
    """A post by each hostile name, that says it and shows a picture that others show too; and one of each address."""
    posts = []
    for number, text in enumerate(HOSTILE.values()):
        url = host.serve(f"/{number}.jpg", picture(number % 3))
        posts.append(tweet(number, url, f"{url}?{text[:200]}", author=text[:200], text=text))
    for number, url in enumerate(URLS.values(), len(posts)):
        posts.append(tweet(number, url, author=url))
    dead = host.serve("/dead.jpg", fault=faulty_host.status(404))
    return [*posts, tweet(len(posts), f"{dead}?[/red]\x1b]0;owned\x07", "https://files.example/a[/b]c.jpg")]


def hostile_exports(library: Library, host: FaultyHost) -> Path:
    """A folder of exports with hostile names: one holds the posts, the others what can't be read."""
    folder = library.folder / "exports"
    folder.mkdir(parents=True)
    for text in HOSTILE.values():
        # What no file system takes is left out of the name.
        name = re.sub(r"[/\x00\ud83d]", "_", text[:60])
        (folder / f"{name}.json").write_text(json.dumps([text]))
    (folder / "posts.json").write_text(json.dumps(hostile_posts(host)))
    return folder


@pytest.fixture
def shell(make_library: MakeLibrary, host: FaultyHost) -> Shell:
    """A library that holds the hostile posts, and a folder of hostile exports beside it."""
    library = make_library()
    hostile_exports(library, host)
    library.land("posts.json", (library.folder / "exports" / "posts.json").read_text())
    library.run()
    return FreshShell(library, COLUMNS="4000")


def commands(library: Library) -> Mapping[str, list[list[str]]]:
    """Every command, with the arguments by which it shows most."""
    exports = library.folder / "exports"
    query = "SELECT media_id, post_id FROM post_media WHERE error IS NOT NULL LIMIT 1"
    media_id, post_id = library.rows(query)[0]
    return {
        "ingest": [["ingest", str(exports), "-p", "twitter", "--date", DAY.isoformat(), "--verbose"]],
        "extract": [["extract", str(path)] for path in sorted(exports.iterdir())[:1]]
        + [["extract", str(exports / "posts.json"), *more] for more in ([], ["--coverage"])],
        "list": [["list"], ["list", "--user", "[/red]"], ["list", "--csv"], ["list", "--text", "\x1b]0;owned\x07"]],
        "show": [["show", post_id], ["show", "\x1b]0;owned\x07[/red]"]],
        "why": [["why", media_id], ["why", post_id], ["why", "\x1b]0;owned\x07[/red]"]],
        "retry": [["retry", "--host", "[/red]\x1b[2J"], ["retry", "--user", "\x1b]0;owned\x07"]],
        "download": [["download", "--verbose"]],
        "fetch": [["fetch", "[/red]\x1b]0;owned\x07", "http://127.0.0.1:9/[bold red]\x1b[2J", "javascript:alert(1)"]],
        "backfill": [["backfill", "--start-date", DAY.isoformat(), "--end-date", DAY.isoformat()]],
        "optimize": [["optimize"]],
        "archive": [["archive", "--all"]],
        "verify": [["verify"], ["verify", "--orphans"], ["verify", "\x1b]0;owned\x07[/red]"]],
        "places": [["places"]],
        "backups": [["backups", "--now"], ["backups", "--restore", "[/red]\x1b]0;owned\x07"]],
        "page": [["page", "--to", "page"], ["page", "--to", "page", "--user", "\x1b]0;owned\x07[/red]"]],
        "stats": [["stats"], ["stats", "--user", "\x1b]0;owned\x07[/red]"]],
        "dedup": [["dedup"]],
        "provenance": [["provenance", media_id], ["provenance", media_id, "--post"], ["provenance", "[/red]\x1b[2J"]],
        "migrate": [["migrate"]],
    }


@pytest.mark.parametrize(
    "surroundings", [pytest.param(PIPE, marks=pytest.mark.slow), TERMINAL], ids=["pipe", "terminal"]
)
def test_no_command_lets_a_hostile_name_do_anything_or_vanish(shell: Shell, surroundings: dict[str, str]) -> None:
    every = commands(shell.library)
    assert {*every, *SHOWN_ELSEWHERE} == {
        command.name or getattr(command.callback, "__name__", "") for command in app.registered_commands
    }
    printed: dict[str, str] = {}
    for name, calls in every.items():
        for arguments in calls:
            if name == "provenance" and surroundings is PIPE:
                # Into a pipe go the exact bytes, see test_provenance.
                continue
            done = shell.run(*arguments, code=None, **surroundings)
            assert done.returncode in (0, 1, 2), arguments
            assert "Traceback (most recent call last)" not in done.stderr, done.stderr
            # Into a pipe `list` parts its columns by tabs, and by none that came from outside.
            stdout = done.stdout.replace("\t", " ") if surroundings is PIPE and name == "list" else done.stdout
            assert not effects_in(stdout), (arguments, effects_in(stdout))
            assert not effects_in(done.stderr), (arguments, effects_in(done.stderr))
            printed[name] = printed.get(name, "") + done.stdout + done.stderr
    assert ("\x1b[" in "".join(printed.values())) == (surroundings is TERMINAL)
    for name in ("extract", "list"):
        text = re.sub(r"\x1b\[[0-9;]*m", "", printed[name])
        for shown in (
            "[/red]",
            "[bold red]loud[/bold red]",
            ":warning:",
            "\\x1b]0;owned\\x07title",
            "photo\\u202egpj.exe",
        ):
            assert shown in text, name


@pytest.mark.slow
def test_no_hostile_name_adds_a_column_or_a_line_to_a_list_in_a_pipe(shell: Shell) -> None:
    lines = shell.run("list").stdout.splitlines()
    assert len(lines) == len(json.loads(shell.run("list", "--json").stdout)) + 1
    assert {line.count("\t") for line in lines} == {lines[0].count("\t")}


def test_json_holds_hostile_names_exactly(shell: Shell) -> None:
    done = shell.run("list", "--json")
    assert not effects_in(done.stdout)
    handles = {row["author_handle"] for row in json.loads(done.stdout)}
    for name in ("closing markup", "title", "override", "script", "C1 controls"):
        assert HOSTILE[name] in handles
    posts = shell.run("extract", str(shell.library.folder / "exports" / "posts.json"), "--json").stdout
    assert not effects_in(posts)
    assert HOSTILE["title"] in {json.loads(line)["author"]["handle"] for line in posts.splitlines()}


class _Page(HTMLParser):
    """The elements and attributes of a page, and where it leads."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: set[str] = set()
        self.addresses: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.update([tag, *(f"{tag} {name}" for name, _ in attrs)])
        self.addresses += [value or "" for name, value in attrs if name in ("href", "src")]

    def handle_comment(self, data: str) -> None:
        self.found.add(f"comment {data}")


def _page_of(text: str) -> set[str]:
    page = _Page(text)
    for address in page.addresses:
        assert re.match(r"https?://[^\s\"<>]+$|data:image/webp;base64,|file:///|[A-Za-z0-9._/-]+$", address), address
    return page.found


def test_every_page_of_hostile_posts_has_the_elements_of_one_of_harmless_posts(
    make_library: MakeLibrary, host: FaultyHost, tmp_path: Path
) -> None:
    seen: list[list[set[str]]] = []
    for name in ("harmless", "hostile"):
        library = make_library(media_storage_path=tmp_path / name, media_import_path=tmp_path / f"{name}-imports")
        posts = hostile_posts(host)
        if name == "harmless":
            posts = [
                tweet(n, host.serve(f"/{n}.jpg", picture(n % 3)), "https://127.0.0.1:1/x") for n in range(len(posts))
            ]
        library.land("posts.json", posts)
        library.run()
        with library.open() as stage:
            written = write_pages(stage, tmp_path / f"{name}-page")
            sheets = [
                *report_duplicates(stage, [TWITTER])[TWITTER].markdown.values(),
                *make_renditions(stage, [TWITTER])[TWITTER].markdown.values(),
            ]
        pages = [written.index, *(library.storage / "reports").glob("*.html")]
        assert len(pages) == len(sheets) == 2
        seen.append([_page_of(page.read_text(encoding="utf-8")) for page in pages])
        for sheet in sheets:
            assert not effects_in(sheet)
            _assert_is_a_sheet(sheet)
    for harmless, hostile in zip(*seen, strict=True):
        assert hostile <= harmless


def _assert_is_a_sheet(sheet: str) -> None:
    tokens = MarkdownIt("commonmark").enable("table").parse(sheet)
    leaves = [leaf for token in tokens for leaf in token.children or ()]
    kinds = {leaf.type for leaf in leaves} | {
        token.type.removesuffix("_open") for token in tokens if token.nesting == 1
    }
    assert kinds <= {
        "text",
        "text_special",
        "image",
        "code_inline",
        "table",
        "thead",
        "tbody",
        "tr",
        "th",
        "td",
        "paragraph",
    }
    assert all(str(leaf.attrs["src"]).startswith("data:image/webp;base64,") for leaf in leaves if leaf.type == "image")


def test_the_tables_of_a_run_hold_no_control_characters(make_library: MakeLibrary, host: FaultyHost) -> None:
    from media_pipeline.defs.metadata import metadata_of

    library = make_library()
    for number, text in enumerate(HOSTILE.values()):
        library.land(f"{number}.json", json.dumps([text]))
    library.land("posts.json", hostile_posts(host))
    with library.open() as stage:
        table = metadata_of(read_posts(stage, [TWITTER])[TWITTER])["findings"]
    cells = [str(value) for record in table.records for value in record.data.values()]
    assert len(cells) > len(HOSTILE)
    assert not effects_in("".join(cells))
    assert not any("\n" in cell for cell in cells)
