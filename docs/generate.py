"""Writes what follows from the code (`make docs`): {settings,cli,errors,tables}.md, .env.example, the rooms' drawing.

A test holds that they are up to date.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grimp
from pydantic import SecretStr
from typer.main import get_command

import media_pipeline
from media_pipeline.catalog.typed_tables import TYPED_TABLES
from media_pipeline.cli.program import app
from media_pipeline.model import MediaPipelineError
from media_pipeline.settings import GROUPS, Settings

ROOT = Path(__file__).parents[1]

SETTINGS_HEAD = """# Settings

Every setting is an environment variable, or a line of a `.env` file in the folder where the command or Dagster runs
(the environment wins). An empty value means the default. A wrong value stops the start with one line that names it.
Lists are separated by spaces or commas, or written as JSON. This page is made from `media_pipeline/settings/`
by `make docs`.
"""

SETTINGS_FOOT = """
## Examples

PostgreSQL and a bucket (see also `deploy/postgres/dagster.yaml` for Dagster's own history):

```sh
MEDIA_CATALOG_URL=postgresql://media:secret@db.example.org/media
AWS_S3_BUCKET=my-archive
AWS_S3_REGION=eu-central-1
```

Cloudflare R2, MinIO, or Google Cloud Storage by its S3 interoperability:

```sh
AWS_S3_ENDPOINT_URL=https://ACCOUNT.r2.cloudflarestorage.com
AWS_S3_ENDPOINT_URL=http://127.0.0.1:9000
AWS_S3_ENDPOINT_URL=https://storage.googleapis.com
```

Everything through a mirror on this machine; or dead links from the Internet Archive once the host itself has failed:

```sh
MEDIA_FETCH_VIA=http://127.0.0.1:8765/{url}
MEDIA_ALLOWED_HOSTS=127.0.0.1:8765

MEDIA_FETCH_VIA={url} https://web.archive.org/web/2id_/{url}
```

Hosts that want a login: cookies that a browser's add-on exported, a token for an API, and an in-house host with a
certificate of its own authority. Each host gets what is its own, also after a redirect; no host's answer changes any
of it. A file or an entry that can't be read stops the run before its first request:

```sh
MEDIA_COOKIES_FILE=cookies.txt
MEDIA_HOST_HEADERS={"api.example.org": {"Authorization": "Bearer secret"}, "*.example.com": {"X-Key": "7"}}
MEDIA_ALLOWED_HOSTS=mirror.example.net:8443
MEDIA_CA_FILE=example-net.pem
```
"""

ERRORS_HEAD = """# Errors

Every error of this project is a class below `media_pipeline.model.MediaPipelineError`. Its text is one line that says
what happened and where; the command line prints that line and ends with exit code 1 (2 for usage and settings), and a
Dagster run shows it as the cause of the failed step. An arrow marks a class below the one before it. This page is made
from the docstrings of the classes by `make docs`.
"""

ERRORS_INSIDE = """
## Errors that stay inside

These never end a command. They become the status of one reference, a fault of one part of an export, or a warning.
"""

TABLES_HEAD = """# Tables for other programs

The assets `posts` and `media` write Parquet, one file for each partition, in Hive's layout:

```
<storage>/tables/posts/platform=twitter/import_date=2025-11-01/posts.parquet
<storage>/tables/media/platform=twitter/import_date=2025-11-01/media.parquet
```

DuckDB, pandas and Spark read the folder of a table whole. The columns `platform` and `import_date` are in the path:

```python
pandas.read_parquet("data/tables/posts")
duckdb.sql("SELECT * FROM read_parquet('data/tables/media/**/*.parquet', hive_partitioning = true)")
```

A file is replaced whole when its partition is materialized again; a reader never sees half of one. A partition without
posts has a file without rows and with the same types. Times are UTC; any column may be null. A partition holds the
posts whose believed sighting is its own: a post that a newer export brings again is in the table of that one, and in
the older table too until that is materialized again. The files name authors, so they are private (0600) whatever
`MEDIA_PUBLIC` says. Columns may be added; a column that is there keeps its name, type and meaning.

This page is made from `media_pipeline/catalog/typed_tables.py` by `make docs`.
"""

ENV_HEAD = """# Copy to .env and change what you need: every line shows the default. docs/settings.md says more.
"""

GROUND = ("settings", "policy", "model")
"""Rooms that nearly every other imports: their edges would hide the others."""

DRAWING_BEGINS = "<!-- made from the imports by `make docs` -->"
DRAWING_ENDS = "<!-- end of what `make docs` makes -->"


def groups() -> list[tuple[str, list[str]]]:
    """The heading of each group, and its own settings."""
    return [(group.title, [name for name in group.__annotations__ if name in group.model_fields]) for group in GROUPS]


def settings_page() -> str:
    """docs/settings.md."""
    lines = [SETTINGS_HEAD]
    for title, names in groups():
        lines += [f"\n## {title}\n", "| setting | default | what it is |", "| --- | --- | --- |"]
        lines += [f"| `{name.upper()}` | {_shown(name)} | {_description(name)} |" for name in names]
    return "\n".join(lines) + "\n" + SETTINGS_FOOT


def tables_page() -> str:
    """docs/tables.md."""
    lines = [TABLES_HEAD]
    for table in TYPED_TABLES:
        lines += [f"\n## {table.name}\n", "| column | type | what it is |", "| --- | --- | --- |"]
        lines += [f"| `{column.name}` | `{column.kind.value}` | {column.meaning} |" for column in table.columns]
    return "\n".join(lines) + "\n"


def env_example() -> str:
    """.env.example."""
    lines = [ENV_HEAD]
    for title, names in groups():
        lines.append(f"# --- {title} ---\n")
        for name in names:
            lines += [f"# {_description(name)}", f"# {name.upper()}={_default(name)}\n"]
    return "\n".join(lines)


def cli_page() -> str:
    """docs/cli.md."""
    group = get_command(app)
    lines = ["# Command line\n", (group.help or "").strip(), "\nThis page is made from the commands by `make docs`.\n",
             "Exit codes: 0 done, 1 failed, 2 wrong usage or settings, 130 interrupted. `--json` prints facts for "
             "scripts, by the catalogue's column names. Messages and progress go to standard error.\n"]  # fmt: skip
    lines += ["`media-pipeline --version` prints the installed version; `--help` after any command explains it.\n"]
    for name, command in group.commands.items():  # type: ignore[attr-defined]
        lines += [f"## media-pipeline {name}\n", (command.help or "").strip() + "\n"]
        rows = [_parameter(parameter) for parameter in command.params if parameter.name != "help"]
        if rows:
            lines += ["| argument | what it is |", "| --- | --- |", *rows, ""]
    return "\n".join(lines)


def architecture_page() -> str:
    """docs/architecture.md, with the drawing of the rooms between its two marks."""
    before, rest = (ROOT / "docs" / "architecture.md").read_text().split(DRAWING_BEGINS)
    return f"{before}{DRAWING_BEGINS}\n{_rooms_drawn()}\n{DRAWING_ENDS}{rest.split(DRAWING_ENDS)[1]}"


def _rooms_drawn() -> str:
    """The imports between rooms as a Mermaid flowchart: each edge is at least one import statement."""
    package = "media_pipeline"
    graph = grimp.build_graph(package, cache_dir=None)
    rooms = sorted(graph.find_children(package))
    for room in rooms:
        graph.squash_module(room)
    edges = [
        f"    {room.removeprefix(f'{package}.')} --> {imported.removeprefix(f'{package}.')}"
        for room in rooms
        for imported in sorted(graph.find_modules_directly_imported_by(room))
        if imported in rooms and imported not in (room, *(f"{package}.{name}" for name in GROUND))
    ]
    return "\n".join(["```mermaid", "flowchart TD", *edges, "```"])


def errors_page() -> str:
    """docs/errors.md."""
    for module in pkgutil.walk_packages(media_pipeline.__path__, "media_pipeline."):
        if "migrations" not in module.name and not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    rows = list(_error_rows(MediaPipelineError, 0))
    inside = [f"| `{name}` | {place} | {means} |" for name, place, means, to_do in rows if not to_do]
    shown = [f"| `{name}` | {place} | {means} | {to_do} |" for name, place, means, to_do in rows if to_do]
    return "\n".join(
        [ERRORS_HEAD, "| error | module | what it means | what to do |", "| --- | --- | --- | --- |", *shown,
         ERRORS_INSIDE, "| error | module | what it means |", "| --- | --- | --- |", *inside, ""]
    )  # fmt: skip


def _error_rows(base: type[Exception], depth: int) -> Iterator[tuple[str, str, str, str]]:
    """Name, module, meaning and advice of every class below; an arrow for each class between it and the root."""
    for kind in sorted(base.__subclasses__(), key=lambda kind: kind.__name__):
        means, _, to_do = (inspect.getdoc(kind) or "").partition("\n\nTo do:")
        if kind.__module__.startswith("media_pipeline.") and not kind.__name__.startswith("_"):
            place = kind.__module__.removeprefix("media_pipeline.")
            yield f"{'→ ' * depth}{kind.__name__}", f"`{place}`", _cell(means), _cell(to_do)
            yield from _error_rows(kind, depth + 1)


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").replace("``", "`").split())


def pages() -> dict[Path, str]:
    """Every generated file with its text."""
    return {
        ROOT / "docs" / "settings.md": settings_page(),
        ROOT / "docs" / "cli.md": cli_page(),
        ROOT / "docs" / "errors.md": errors_page(),
        ROOT / "docs" / "tables.md": tables_page(),
        ROOT / ".env.example": env_example(),
        ROOT / "docs" / "architecture.md": architecture_page(),
    }


def _default(name: str) -> str:
    field = Settings.model_fields[name]
    value: Any = "" if field.default_factory else field.default
    if isinstance(value, SecretStr):
        return ""
    if isinstance(value, tuple):
        return " ".join(str(item) for item in value)
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else f"{value:g}" if isinstance(value, float) else str(value)


def _shown(name: str) -> str:
    default = _default(name)
    return f"`{default}`" if default else ""


def _description(name: str) -> str:
    return (Settings.model_fields[name].description or "").replace("|", "\\|")


def _parameter(parameter: Any) -> str:
    if parameter.param_type_name == "argument":
        return f"| `{parameter.name.upper()}` | {parameter.help or ''} |"
    names = ", ".join(f"`{option}`" for option in (*parameter.opts, *parameter.secondary_opts))
    said = parameter.default is not None and not parameter.is_flag and "Default" not in (parameter.help or "")
    default = f" Default: `{parameter.default}`." if said else ""
    if parameter.secondary_opts:
        default = f" Default: `{(parameter.opts if parameter.default else parameter.secondary_opts)[0]}`."
    return f"| {names} | {parameter.help or ''}{default} |"


if __name__ == "__main__":
    for path, text in pages().items():
        path.write_text(text)
