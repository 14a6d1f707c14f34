"""A medium of a post is known by its key, not by its place, and one that left its post keeps its reference.

Ids stay as they are. A reference keeps the bytes that came: where its post has shown another medium in the same place
since, the reference becomes that of the medium which was fetched, as one that was removed, and the other medium becomes
a new reference that waits.
"""

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import groupby
from typing import Any

import sqlalchemy as sa
from alembic import op

from media_pipeline.policy import media_keys

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

time = sa.DateTime(timezone=True)
KEY = (
    "by what it is known again in another sighting of its post, and never computed anew: `id:` the platform's own key, "
    "`url:` its URL without size and signature, `place:` its position"
)
OTHER_COMMENTS = {
    "media_id": "`med-…`, from platform, native_id and media_key; before schema 0009, from position",
    "position": "from 0, in the order of the post; of one that was removed: where it stood",
}
EXPORTED = (
    *("import_id", "position", "media_type", "role", "media_url", "url_digest", "candidates"),
    *("alt_text", "url_expires_at"),
)
"""What a reference has from the export of its post."""
AT_ONCE = 1000
"""Rows that are written together."""

post_media = sa.table(
    "post_media",
    sa.column("media_id", sa.String()),
    sa.column("post_id", sa.String()),
    sa.column("import_id", sa.String()),
    sa.column("media_key", sa.String()),
    sa.column("position", sa.Integer()),
    sa.column("media_type", sa.String()),
    sa.column("role", sa.String()),
    sa.column("media_url", sa.Text()),
    sa.column("url_digest", sa.String()),
    sa.column("candidates", sa.JSON()),
    sa.column("alt_text", sa.Text()),
    sa.column("url_expires_at", time),
    sa.column("status", sa.String()),
    sa.column("attempts", sa.Integer()),
    sa.column("sha256", sa.String()),
    sa.column("fetched_url", sa.Text()),
    sa.column("version", sa.Integer()),
    sa.column("removed_at", time),
    sa.column("created_at", time),
    sa.column("updated_at", time),
)
posts = sa.table(
    "posts", sa.column("post_id", sa.String()), sa.column("platform", sa.String()), sa.column("native_id", sa.Text())
)


def upgrade() -> None:
    # A default, since SQLite adds no other column that must have a value; without it, the table would be copied.
    key = sa.Column("media_key", sa.String(256), nullable=False, server_default=sa.text("''"), comment=KEY)
    removed = sa.Column("removed_at", time, comment="when its post was first seen without it; empty: the post shows it")
    op.add_column("post_media", key)
    op.add_column("post_media", removed)
    # SQLite keeps no comments.
    if op.get_bind().dialect.name == "postgresql":
        op.alter_column("post_media", "media_id", existing_type=sa.String(21), comment=OTHER_COMMENTS["media_id"])
        op.alter_column("post_media", "position", existing_type=sa.Integer(), comment=OTHER_COMMENTS["position"])
    _give_keys()
    op.create_index(op.f("ix_post_media_post_id_media_key"), "post_media", ["post_id", "media_key"], unique=True)


def _give_keys() -> None:
    connection, now = op.get_bind(), datetime.now(UTC)
    keyed: list[dict[str, Any]] = []
    for rows in _rows_of_posts(connection):
        taken: set[str] = set()
        for row in rows:
            key = media_keys.free(_key_of(row), taken)
            taken.add(key)
            keyed.append({"id": row["media_id"], "key": key})
        _mend(connection, [row for row in rows if _is_torn(row)], taken, now)
        keyed = _written(connection, keyed, AT_ONCE)
    _written(connection, keyed, 1)


def _rows_of_posts(connection: sa.Connection) -> Iterator[list[Any]]:
    """The references of one post at a time, in order. Read in pages: what is written in between must not be read."""
    after = ""
    query = sa.select(post_media, posts.c.platform, posts.c.native_id).join(
        posts, posts.c.post_id == post_media.c.post_id
    )
    while True:
        ids = sa.select(posts.c.post_id).where(posts.c.post_id > after).order_by(posts.c.post_id).limit(AT_ONCE)
        page = connection.execute(ids).scalars().all()
        if not page:
            return
        rows = connection.execute(
            query.where(post_media.c.post_id > after, post_media.c.post_id <= page[-1]).order_by(
                post_media.c.post_id, post_media.c.position
            )
        )
        for _, some in groupby(rows.mappings().all(), lambda row: row["post_id"]):
            yield list(some)
        after = page[-1]


def _key_of(row: Any) -> str:
    if _is_only_video(row):
        return media_keys.native("video")
    url = _fetched(row) or row["media_url"]
    return media_keys.of_url(url) if url else media_keys.of_place(row["position"])


def _is_only_video(row: Any) -> bool:
    """TikTok's posts have one video, whose URLs have no name in common."""
    return row["platform"] == "tiktok" and row["media_type"] == "video" and row["role"] == "media"


def _fetched(row: Any) -> str | None:
    return row["fetched_url"] if row["sha256"] and not _is_only_video(row) else None


def _is_torn(row: Any) -> bool:
    """Whether the reference holds another medium than its post shows in its place."""
    fetched, shown = _fetched(row), _shown(row)
    return bool(fetched and shown) and media_keys.of_url(fetched or "") not in shown


def _shown(row: Any) -> set[str]:
    candidates: list[dict[str, Any]] = row["candidates"] or []
    urls: list[str | None] = [one["url"] for one in candidates if one.get("role", row["role"]) == row["role"]]
    return {media_keys.of_url(url) for url in [row["media_url"], *urls] if url}


def _mend(connection: sa.Connection, torn: list[Any], taken: set[str], now: datetime) -> None:
    """Each medium that the post shows goes to the reference that holds its bytes, else to a new one; a reference whose
    medium the post does not show any more is one that was removed.
    """
    left = list(torn)
    for row in torn:
        holder = next((other for other in left if media_keys.of_url(other["fetched_url"]) in _shown(row)), None)
        said = {name: row[name] for name in EXPORTED} | {"updated_at": now}
        if holder is not None:
            left.remove(holder)
            _update(connection, holder, said)
        elif row["media_url"]:
            _insert(connection, row, said, media_keys.free(media_keys.of_url(row["media_url"]), taken), taken)
    for row in left:
        _update(connection, row, _held_alone(row, now))


def _insert(connection: sa.Connection, row: Any, said: dict[str, Any], key: str, taken: set[str]) -> None:
    taken.add(key)
    parts = "\x1f".join((row["platform"], row["native_id"], f"key:{key}"))
    media_id = f"med-{hashlib.sha256(parts.encode('utf-8', 'surrogatepass')).hexdigest()[:17]}"
    new = {"media_id": media_id, "post_id": row["post_id"], "media_key": key, "created_at": said["updated_at"]}
    waits = {"status": "pending", "attempts": 0, "version": 1}
    connection.execute(sa.insert(post_media).values(**said, **new, **waits))


def _held_alone(row: Any, now: datetime) -> dict[str, Any]:
    fetched = row["fetched_url"]
    return {
        "media_url": fetched,
        "url_digest": hashlib.sha256(fetched.encode("utf-8", "surrogatepass")).hexdigest(),
        "candidates": [_candidate(fetched, row["role"])],
        "alt_text": None,
        "url_expires_at": None,
        "removed_at": now,
        "updated_at": now,
    }


def _update(connection: sa.Connection, row: Any, values: dict[str, Any]) -> None:
    connection.execute(sa.update(post_media).where(post_media.c.media_id == row["media_id"]).values(**values))


def _candidate(url: str, role: str) -> dict[str, Any]:
    nothing = dict.fromkeys(("width", "height", "bitrate", "codec", "expires_at"))
    return {"url": url, "role": role, "rule": "brought the bytes", **nothing}


def _written(connection: sa.Connection, keyed: list[dict[str, Any]], enough: int) -> list[dict[str, Any]]:
    """Write keys down once there are enough of them; return those that wait."""
    if len(keyed) < enough:
        return keyed
    by_id = sa.update(post_media).where(post_media.c.media_id == sa.bindparam("id"))
    connection.execute(by_id.values(media_key=sa.bindparam("key")), keyed)
    return []


def downgrade() -> None:
    op.drop_index(op.f("ix_post_media_post_id_media_key"), "post_media")
    op.drop_column("post_media", "removed_at")
    op.drop_column("post_media", "media_key")
