"""What the tables' queries share: which files and posts are meant, and long lists and tables piece by piece.

What belongs here: a Selection, which the other rooms make, the conditions that follow from it, which stay in this
room, and pages. What does not: conditions that only one table's questions need.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import groupby, islice
from typing import Any, TypeVar

import sqlalchemy as sa

from media_pipeline.catalog.tables import imports, media_files, media_versions, post_media, posts
from media_pipeline.model import ImportPartition, Reason, Role, Status
from media_pipeline.policy.addresses import is_page, page_of
from media_pipeline.policy.decided import DIGITS, verdict_part
from media_pipeline.policy.reasons import SETTINGS_OF

Value = TypeVar("Value")
Key = TypeVar("Key")
Query = TypeVar("Query", bound=sa.Select[Any])

_FINAL_VERDICTS = (
    *(Status.GONE, Status.EXPIRED, Status.FORBIDDEN, Status.TOO_LARGE, Status.NOT_MEDIA, Status.UNSAFE),
    *(Status.ABANDONED, Status.QUARANTINED),
)
IN_LIST = 500
"""Values in one IN (…): SQLite takes 32,766 parameters, planners like fewer."""


@dataclass(frozen=True, slots=True)
class Selection:
    """Which files or posts of the library are meant: those that meet every limit that is set. None sets no limit.

    Partitions and limits on posts choose references, and with them the files that they hold. Without any of these,
    files are selected whether a reference holds them or not.
    """

    partitions: Sequence[ImportPartition] | None = None
    """Where the reference, or the post, was imported."""
    user: str | None = None
    """The author of the post: the handle, with or without @, or the platform's id."""
    post: str | None = None
    """The id of the post, ours or the platform's."""
    platform: str | None = None
    """Of the post."""
    since: date | None = None
    """The first day, UTC. With it, posts without a date are not meant."""
    until: date | None = None
    """The last day, UTC. With it, posts without a date are not meant."""
    text: str | None = None
    """A part of what the post says, in any case of ASCII letters."""
    statuses: Collection[Status] = (Status.STORED,)
    """A reference in another status does not count as one that holds its file."""
    with_versions: bool = False
    """Whether files are selected too that the references, in whatever status, held before their host sent others."""
    digest: str | None = None
    """The MD5 or SHA-256 of the file, in any case."""
    sha256s: Sequence[str] | None = None
    """The SHA-256 of the files. Functions that return one page put all of them into one statement: give those at most
    some thousands."""

    @property
    def limits_posts(self) -> bool:
        """Whether a limit is set on the post, wherever it was imported."""
        return any(
            limit is not None for limit in (self.user, self.post, self.platform, self.since, self.until, self.text)
        )

    def pieces(self) -> Iterator[Selection]:
        """This selection divided by ``sha256s`` into lists of at most IN_LIST, in the order of SHA-256."""
        if self.sha256s is None:
            yield self
            return
        for piece in pieces(sorted(set(self.sha256s))):
            yield replace(self, sha256s=piece)


EVERYTHING = Selection()


def selects_file(selection: Selection) -> sa.ColumnElement[bool]:
    """Condition on ``media_files``: the file is selected."""
    conditions: list[sa.ColumnElement[bool]] = []
    if selection.sha256s is not None:
        conditions.append(media_files.c.sha256.in_(selection.sha256s))
    if selection.digest is not None:
        digest = selection.digest.lower()
        conditions.append(sa.or_(media_files.c.md5_sum == digest, media_files.c.sha256 == digest))
    if selection.partitions is not None or selection.limits_posts:
        held = _of_references(selection, sa.select(post_media.c.sha256))
        held = held.where(post_media.c.status.in_(selection.statuses))
        conditions.append(media_files.c.sha256.in_(_with_versions(selection, held)))
    return sa.and_(sa.true(), *conditions)


def _with_versions(selection: Selection, held: sa.Select[tuple[str]]) -> sa.Select[tuple[str]] | sa.CompoundSelect[Any]:
    if not selection.with_versions:
        return held
    versions = sa.select(media_versions.c.sha256).join(post_media, post_media.c.media_id == media_versions.c.media_id)
    return sa.union(held, _of_references(selection, versions))


def _of_references(selection: Selection, query: sa.Select[tuple[str]]) -> sa.Select[tuple[str]]:
    """A query of ``post_media`` that keeps the selected references, whatever their status."""
    if selection.partitions is not None:
        query = query.where(in_partitions(post_media.c.import_id, selection.partitions))
    if selection.limits_posts:
        query = query.join(posts, posts.c.post_id == post_media.c.post_id)
        query = query.where(selects_post(replace(selection, partitions=None)))
    return query


def is_decided_otherwise(decided_under: Mapping[Reason, str]) -> sa.ColumnElement[bool]:
    """Condition on ``post_media``: its verdict hangs on settings that have changed since.

    ``decided_under``: the word of the present settings (:mod:`media_pipeline.policy.decided`) by reason. Verdicts of
    before schema 0013 name no settings.
    """
    columns = post_media.c
    return sa.and_(
        columns.status.in_(_FINAL_VERDICTS),
        sa.or_(
            sa.false(),
            *(
                sa.and_(
                    columns.reason == reason, sa.func.substr(columns.decided_under, 1, DIGITS) != verdict_part(word)
                )
                for reason, word in decided_under.items()
                if reason in SETTINGS_OF
            ),
        ),
    )


def is_wanted_by_now(roles: Collection[Role]) -> sa.ColumnElement[bool]:
    """Condition on ``post_media``: it was skipped for its role, which is among these."""
    columns = post_media.c
    return sa.and_(columns.status == Status.SKIPPED, columns.media_url.is_not(None), columns.role.in_(roles))


def selects_post(selection: Selection) -> sa.ColumnElement[bool]:
    """Condition on ``posts``: the post is selected. Limits on files and on statuses are not looked at."""
    conditions: list[sa.ColumnElement[bool]] = []
    if selection.partitions is not None:
        conditions.append(in_partitions(posts.c.import_id, selection.partitions))
    if selection.user is not None:
        conditions.append(_by_author(selection.user))
    if selection.post is not None:
        conditions.append(sa.or_(posts.c.post_id == selection.post, posts.c.native_id == selection.post))
    if selection.platform is not None:
        conditions.append(posts.c.platform == selection.platform)
    if selection.since is not None:
        conditions.append(posts.c.posted_at >= datetime.combine(selection.since, time(), UTC))
    if selection.until is not None:
        conditions.append(posts.c.posted_at < datetime.combine(selection.until, time(), UTC) + timedelta(days=1))
    if selection.text is not None:
        conditions.append(posts.c.text.icontains(selection.text, autoescape=True))
    return sa.and_(sa.true(), *conditions)


def is_named(names: Collection[str]) -> sa.ColumnElement[bool]:
    """Condition on ``posts``: one of these is our id, the platform's id, or the address of its page as it is there."""
    return sa.or_(posts.c.post_id.in_(names), posts.c.native_id.in_(names), posts.c.url.in_(names))


def post_ids_named(connection: sa.Connection, name: str) -> list[str]:
    """The posts that a person means by our id, the platform's id, or the address of its page in whatever form."""
    exact = list(connection.execute(sa.select(posts.c.post_id).where(is_named([name]))).scalars())
    return exact or post_ids_at(connection, name)


def post_id_named(connection: sa.Connection, name: str) -> str:
    """Our id of the one post that a person means so; where it is none or several, the name as it is, for Selection."""
    found = post_ids_named(connection, name)
    return found[0] if len(found) == 1 else name


def post_ids_at(connection: sa.Connection, address: str) -> list[str]:
    """The posts whose page has this address in whatever form; its end, such as Instagram's short code, is one too.

    Every post is looked at.
    """
    page = page_of(address)
    if page is None:
        return []
    alike = sa.select(*posts.c["post_id", "url"]).where(posts.c.url.contains(f"/{page.name}", autoescape=True))
    rows = connection.execute(alike, execution_options={"yield_per": 500})
    return [row.post_id for row in rows if is_page(page, row.url)]


def ranges(partitions: Iterable[ImportPartition]) -> list[tuple[str, date, date]]:
    """Partitions as (platform, first date, last date), each as long as its dates are contiguous."""
    found: list[tuple[str, date, date]] = []
    for platform, group in groupby(sorted(partitions, key=lambda p: (p.platform, p.import_date)), lambda p: p.platform):
        for partition in group:
            day = partition.import_date
            if found and found[-1][0] == platform and day - found[-1][2] <= timedelta(days=1):
                found[-1] = (platform, found[-1][1], day)
            else:
                found.append((platform, day, day))
    return found


def holds_import(partitions: Sequence[ImportPartition]) -> sa.ColumnElement[bool]:
    """Condition on ``imports``: its row lies in one of the partitions."""
    found = ranges(partitions)
    days: dict[str, list[date]] = {}
    for platform, first, last in found:
        if first == last:
            days.setdefault(platform, []).append(first)
    # Single days go into a list: SQLite refuses an expression of a thousand ORs, and weekly imports make as many.
    single = [sa.and_(imports.c.platform == platform, imports.c.import_date.in_(days[platform])) for platform in days]
    several = [
        sa.and_(imports.c.platform == platform, imports.c.import_date.between(first, last))
        for platform, first, last in found
        if first < last
    ]
    return sa.or_(sa.false(), *single, *several)


def in_partitions(column: sa.ColumnElement[str], partitions: Sequence[ImportPartition]) -> sa.ColumnElement[bool]:
    """Condition on an ``import_id`` column: the import lies in one of the partitions."""
    return column.in_(sa.select(imports.c.import_id).where(holds_import(partitions)))


def _by_author(user: str) -> sa.ColumnElement[bool]:
    """Condition on ``posts``: by the author with this handle (with or without @) or platform id."""
    # The database lowers both sides: SQLite's lower() leaves all but ASCII alone, Python's does not.
    handle = sa.func.lower(sa.literal(user.removeprefix("@"), posts.c.author_handle.type))
    return sa.or_(sa.func.lower(posts.c.author_handle) == handle, posts.c.author_id == user)


def pieces(values: Iterable[Value], size: int = IN_LIST) -> Iterator[list[Value]]:
    """The values in lists of at most ``size``."""
    iterator = iter(values)
    while piece := list(islice(iterator, size)):
        yield piece


def paged(ask: Callable[[Key], list[Value]], key: Callable[[Value], Key], first: Key) -> Iterator[list[Value]]:
    """The pages of a long answer, until one is empty: ``ask`` is given the key of the last row of the page before."""
    last = first
    while page := ask(last):
        yield page
        last = key(page[-1])


def page_after(query: Query, key: sa.ColumnElement[str], last: str, limit: int) -> Query:
    """The query for one page of rows in the order of this key, those after ``last``."""
    return query.where(key > last).order_by(key).limit(limit)
