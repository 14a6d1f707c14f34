"""Commands that hold store, archive and catalogue against each other, and bring back what was lost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from media_pipeline.cli import session, terminal
from media_pipeline.cli.app import AsJson, app, print_facts
from media_pipeline.cli.terminal import err, out
from media_pipeline.model import PlaceKind
from media_pipeline.settings import load_settings

if TYPE_CHECKING:
    from media_pipeline.stages.context import StageContext


@app.command()
def verify(
    md5: Annotated[str | None, typer.Argument(help="MD5 or SHA-256 of one file. Default: all.")] = None,
    archive: Annotated[
        bool,
        typer.Option("--archive", help="Ask the archive for everything that it should hold, in place of the store."),
    ] = False,
    read: Annotated[bool, typer.Option("--read", help="Of --archive: read every byte of every object.")] = False,
    orphans: Annotated[
        bool, typer.Option("--orphans", help="Look for files of the store that no row names, in place of reading it.")
    ] = False,
    adopt: Annotated[
        bool, typer.Option("--adopt", help="Of --orphans: take them in by their digests, with what the archive has.")
    ] = False,
    remove: Annotated[bool, typer.Option("--remove", help="Of --orphans: remove them.")] = False,
    as_json: AsJson = False,
) -> None:
    """Read stored files to their end and hold them against their checksums.

    A file that does not match is put aside, and brought back from the archive or fetched again by the next run. On a
    disk that can only be read nothing is changed. Exits with 1 when something is wrong.
    """
    if (read and not archive) or ((adopt or remove) and not orphans) or (adopt and remove) or (archive and orphans):
        raise typer.BadParameter("--read belongs to --archive; --adopt or --remove, one of them, to --orphans")
    if orphans:
        wrong = _verify_orphans(adopt, remove, as_json)
    elif archive:
        wrong = _verify_archive(read, as_json)
    else:
        wrong = _verify_store(md5, as_json)
    raise typer.Exit(1 if wrong else 0)


def _verify_store(digest: str | None, as_json: bool) -> bool:
    from media_pipeline.catalog import files
    from media_pipeline.catalog.selection import Selection
    from media_pipeline.stages.integrity.stored_files import verify_files

    settings = load_settings()
    only_look = session.is_read_only(settings)
    with session.open_stage(settings, writes=not only_look) as stage:
        chosen = Selection(digest=digest or None)
        with stage.database.read() as connection:
            if digest and not files.is_known(connection, chosen):
                raise typer.BadParameter(f"no file has the digest {digest}")
        found = verify_files(stage, chosen, only_look)
    corrupt = [
        {"sha256": file.sha256, "md5_sum": file.md5_sum, "local_path": file.local_path} for file in found.corrupt
    ]
    if only_look:
        err.print("the store can only be read: what is corrupt is named, and nothing is changed")
    _print(as_json, "Verification", {"checked": found.checked}, "corrupt", corrupt)
    return bool(corrupt)


def _verify_archive(read: bool, as_json: bool) -> bool:
    from media_pipeline.stages.archive.scrub import scrub_archive

    with session.open_stage(load_settings()) as stage:
        found = scrub_archive(stage, read)
    wrong = [{"s3_key": file.s3_key, "sha256": file.sha256, "error": reason} for file, reason in found.wrong]
    _print(as_json, "Archive", {"checked": found.checked}, "wrong", wrong)
    if wrong:
        err.print("what is wrong no longer counts as archived: `media-pipeline archive --all` sends it again")
    return bool(wrong)


def _verify_orphans(adopt: bool, remove: bool, as_json: bool) -> bool:
    from media_pipeline.stages.integrity import orphans

    with session.open_stage(load_settings(), begins=True) as stage:
        found = orphans.find(stage)
        places = [{"local_path": place} for place in (*found.originals, *found.drawn)]
        facts: dict[str, Any] = {}
        if adopt:
            return _adopt(stage, found, as_json)
        if remove:
            facts["removed"] = orphans.remove(stage, found)
    _print(as_json, "Files without a row", facts, "orphans", places)
    return bool(places) and not remove


def _adopt(stage: StageContext, found: Any, as_json: bool) -> bool:
    from media_pipeline.stages.integrity import orphans

    adopted = orphans.adopt(stage, found)
    facts = {"adopted": adopted.files, "references_given_their_bytes": adopted.references}
    _print(as_json, "Files without a row", facts, "refused", [{"error": reason} for reason in adopted.refused])
    return bool(adopted.refused)


def _print(as_json: bool, title: str, facts: Mapping[str, Any], name: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """Numbers and the rows that are wrong: counted and in a table, or whole in JSON."""
    if as_json:
        terminal.print_json({**facts, name: rows})
    else:
        terminal.print_facts(title, {**facts, name: len(rows)})
        terminal.print_table(name.capitalize(), rows)


@app.command()
def places(
    register: Annotated[
        PlaceKind | None,
        typer.Option("--register", help="Make the configured store, archive or import path the library's own."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show the library's id and its places: store, archive and import path; register a new or moved one on purpose.

    Commands that write stop where a place is not the library's own: a disk that is not mounted, a bucket of another
    library.
    """
    from media_pipeline.catalog import places as places_table

    settings = load_settings()
    if register is not None:
        _register(register, as_json)
        return
    with session.open_database(settings) as database, database.read() as connection:
        library = places_table.library_id(connection)
        rows = [
            {"kind": place.kind, "address": place.address, "current": place.is_current, "id": place.place_id}
            for place in places_table.all_of(connection)
        ]
    if as_json:
        terminal.print_json({"library": library, "places": rows})
    else:
        out.print(f"library {library or 'none yet: it gets its id with its first import'}")
        terminal.print_table("Places", rows)


def _register(kind: PlaceKind, as_json: bool) -> None:
    from media_pipeline.defs.resources import bucket_of
    from media_pipeline.stages.integrity.places import register
    from media_pipeline.storage.store import ContentStore

    settings = load_settings()
    with session.open_database(settings, begins=True) as database:
        store = ContentStore(settings.storage_path, settings.media_public)
        done = register(settings, database, store, bucket_of(settings), kind)
    facts = {
        "kind": done.kind,
        "address": done.address,
        "id": done.place_id,
        "new": done.is_new,
        "sampled": done.sample.sampled,
        "found": done.sample.found,
    }
    print_facts(facts, as_json, "Registered")


@app.command()
def backups(
    now: Annotated[bool, typer.Option("--now", help="Make one now.")] = False,
    restore: Annotated[
        str | None,
        typer.Option("--restore", help="Put this one in the place of the catalogue. No run may be under way."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """List the backups of the embedded catalogue, make one, or go back to one.

    They are made once a day, by the first command that writes, and before each migration. PostgreSQL is backed up by
    its own means.
    """
    from media_pipeline.catalog.backups import back_up_sqlite, restore_sqlite, sqlite_backups

    file = session.catalogue_file(load_settings())
    if now:
        back_up_sqlite(file, "by-hand")
    if restore is not None:
        aside = restore_sqlite(file, restore)
        err.print(f"restored {restore}; what was there lies in {aside}", soft_wrap=True)
    rows = [{"backup": path.name, "bytes": path.stat().st_size} for path in sqlite_backups(file)]
    if as_json:
        terminal.print_json(rows)
    else:
        terminal.print_table("Backups", rows)
