"""Writes ``docs/catalog.md`` from the tables' comments: ``python -m media_pipeline_tests.catalog.page``."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path

import sqlalchemy as sa

from media_pipeline.catalog.tables import metadata
from media_pipeline.model import Reason, Status
from media_pipeline.policy.reasons import ADVICE

PAGE = Path(__file__).parents[2] / "docs" / "catalog.md"

ORDER = (
    "posts",
    "post_sightings",
    "post_media",
    "media_files",
    "renditions",
    "near_duplicates",
    "video_fingerprints",
    "imports",
    "import_files",
    "import_faults",
    "media_versions",
    "fetch_attempts",
    "run_leases",
    "library",
    "places",
    "removals",
)

INTRODUCTION = """\
# The catalogue

What is known of every import, post, medium, file and rendition: SQLite (`catalog.sqlite` under the storage path) or
PostgreSQL (`MEDIA_CATALOG_URL`), the same tables on both. SQLite is migrated when it is opened, PostgreSQL by
`media-pipeline migrate`. Read it with any tool; while nothing writes to it but this program, it can always go on
where it stopped.

Times are UTC. On SQLite they are text (`2026-11-20 12:00:00.000000`), as are JSON values. `*` marks a column that is
never empty.

## Ids

| id | is |
|---|---|
| `post_id` | `p-` and 17 hexadecimal digits of the SHA-256 of platform and native_id |
| `media_id` | `med-` and 17 hexadecimal digits of the SHA-256 of platform, native_id and media_key |
| `import_id` | the SHA-256 of an export file |
| `sha256` | the SHA-256 of a medium's bytes: the same bytes are one file, however many posts show them |

They follow from what they name, so that importing twice changes nothing, and two libraries agree on them.
"""

STATUSES = """\
## Statuses

Every media reference is in exactly one of them (`post_media.status`). `reason` says why it is not `stored`, `error`
what was seen.

| status | means |
|---|---|
"""

REASONS = """\
## Reasons

Why a reference is not `stored`, in one word (`post_media.reason`). `media-pipeline why` prints it with what to do.

| reason | means | what to do |
|---|---|---|
"""

TABLES = """\
## Tables

`posts` 1–n `post_media` n–1 `media_files` 1–n `renditions`; `posts` and `post_media` n–1 `imports`.
"""

QUERIES = """\
## Questions

Five that archivists ask, in SQL that both databases take.

Which files are a post's, and where do they lie?

```sql
SELECT post_media.position, post_media.status, media_files.local_path, media_files.archive_url
FROM posts
JOIN post_media ON post_media.post_id = posts.post_id
LEFT JOIN media_files ON media_files.sha256 = post_media.sha256
WHERE posts.platform = 'twitter' AND posts.native_id = '1001'
ORDER BY post_media.position
```

What could not be kept, and why?

```sql
SELECT post_media.status, post_media.reason, count(*) AS media, min(posts.url) AS example
FROM post_media
JOIN posts ON posts.post_id = post_media.post_id
WHERE post_media.status NOT IN ('stored', 'pending', 'skipped')
GROUP BY post_media.status, post_media.reason
ORDER BY media DESC, post_media.status
```

Who posted the same bytes, and who was first?

```sql
SELECT first_posts.author_handle AS first_author, first_posts.url AS first_url, posts.author_handle, posts.url
FROM post_media
JOIN posts ON posts.post_id = post_media.post_id
JOIN post_media AS first_media ON first_media.media_id = post_media.duplicate_of
JOIN posts AS first_posts ON first_posts.post_id = first_media.post_id
WHERE posts.author_handle <> first_posts.author_handle
ORDER BY first_posts.posted_at, posts.posted_at
```

Which pictures say where they were taken?

```sql
SELECT media_files.taken_at, media_files.latitude, media_files.longitude, media_files.local_path, posts.url
FROM media_files
JOIN post_media ON post_media.sha256 = media_files.sha256 AND post_media.status = 'stored'
JOIN posts ON posts.post_id = post_media.post_id
WHERE media_files.latitude IS NOT NULL
ORDER BY media_files.taken_at, posts.url
```

Where exactly does a post come from: which export file, which place in it, when was it read?

```sql
SELECT imports.path, posts.locator, imports.import_id, imports.seen_at
FROM posts
JOIN imports ON imports.import_id = posts.import_id
WHERE posts.platform = 'twitter' AND posts.native_id = '1001'
```
"""


def page() -> str:
    """The whole page."""
    tables = "\n".join(_table(metadata.tables[name]) for name in ORDER)
    statuses = STATUSES + "".join(f"| `{name}` | {meaning} |\n" for name, meaning in _members(Status))
    reasons = REASONS + "".join(
        f"| `{name}` | {meaning} | {ADVICE[Reason(name)]} |\n" for name, meaning in _members(Reason)
    )
    return "\n".join([INTRODUCTION, statuses, reasons, TABLES, tables, QUERIES])


def _table(table: sa.Table) -> str:
    lines = [f"### {table.name}", "", str(table.comment), "", "| column | type | is |", "|---|---|---|"]
    lines += [f"| {_name(column)} | {_type(column)} | {_meaning(column)} |" for column in table.columns]
    return "\n".join([*lines, ""])


def _name(column: sa.Column[object]) -> str:
    return f"**`{column.name}`**" if column.primary_key else f"`{column.name}`{'' if column.nullable else ' *'}"


def _type(column: sa.Column[object]) -> str:
    kind = column.type
    match kind.impl_instance if isinstance(kind, sa.types.TypeDecorator) else kind:
        case sa.DateTime():
            return "time"
        case sa.JSON():
            return "JSON"
        case sa.Integer():
            return "integer"
        case kind:
            return {"Text": "text", "String": "text", "Float": "number", "Date": "date", "Boolean": "true or false"}[
                type(kind).__name__
            ]


def _meaning(column: sa.Column[object]) -> str:
    references = [f"`{key.target_fullname}`" for key in column.foreign_keys]
    return f"{column.comment}; → {references[0]}" if references else str(column.comment)


def _members(kind: type[StrEnum]) -> Iterator[tuple[str, str]]:
    """Each member with the docstring below it, which Python does not keep."""
    (found,) = ast.parse(inspect.getsource(kind)).body
    assert isinstance(found, ast.ClassDef)
    for assignment, text in zip(found.body[1::2], found.body[2::2], strict=True):
        match assignment, text:
            case ast.Assign(value=ast.Constant(value=name)), ast.Expr(value=ast.Constant(value=meaning)):
                yield str(name), " ".join(str(meaning).replace("``", "`").split())
            case _:
                raise ValueError("every member has a docstring")


if __name__ == "__main__":
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(page(), encoding="utf-8")
