"""The command that names duplicates and, on demand, removes copies."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from media_pipeline.cli import session
from media_pipeline.cli.app import AsJson, User, app, print_facts
from media_pipeline.cli.terminal import err
from media_pipeline.settings import load_settings

if TYPE_CHECKING:
    from media_pipeline.catalog.near_duplicates import Tier
    from media_pipeline.stages.context import StageContext
    from media_pipeline.stages.duplicates.pruning import PixelCopy


@app.command()
def dedup(
    user: User = None,
    prune: Annotated[bool, typer.Option("--prune", help="Remove copies of the tier that --tier names.")] = False,
    unprune: Annotated[
        bool, typer.Option("--unprune", help="Make entries again of what --prune --tier same-bytes made links.")
    ] = False,
    tier: Annotated[
        str | None, typer.Option(help="Of --prune: same-bytes or same-pixels. Near duplicates are never removed.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run/--no-dry-run", help="Of --prune and --unprune: only say what would change.")
    ] = True,
    as_json: AsJson = False,
) -> None:
    """Name duplicates in the library, write the reports, and on demand remove copies, of all or of one author.

    same-bytes removes entries of the catalogue, and no bytes: the oldest entry is kept, and each other one stays as a
    link to it, by which its post still shows the medium. --unprune makes entries of the links again.

    same-pixels removes files: references to them hold the best of those pixels from then on, and the catalogue
    still says which file they held, and what was known of it. near only looks alike, and is for somebody to judge
    by the reports.
    """
    from media_pipeline.catalog import imports, stats
    from media_pipeline.stages.duplicates.dedup_report import report_duplicates

    if prune and unprune:
        raise typer.BadParameter("say either --prune or --unprune")
    chosen = _prunable_tier(prune, tier)
    with session.open_stage(load_settings()) as stage:
        with stage.database.read() as connection:
            partitions = imports.known_partitions(connection)
        report_duplicates(stage, partitions)
        found = _look(stage, user)
        removed = 0 if dry_run else _remove(stage, chosen, found.duplicates, found.copies)
        brought_back = _bring_back(stage, found.links) if unprune and not dry_run else 0
        if removed or brought_back:
            report_duplicates(stage, partitions)
            found = _look(stage, user)
        with stage.database.read() as connection:
            saved = stats.totals(connection, user=user)["bytes_saved"]
    facts = {
        "duplicates": len(found.duplicates),
        "duplicates_same_pixels": len(found.copies),
        "pruned": len(found.links),
        "removed": removed,
        "brought_back": brought_back,
        "bytes_saved": saved,
        "bytes_saved_if_pruned_same_pixels": sum(copy.file.file_size for copy in found.copies if copy.leaves),
    }
    print_facts(facts, as_json, f"Duplicates{f' of {user}' if user else ''}")
    if (prune or unprune) and dry_run:
        err.print(f"nothing was {'removed' if prune else 'brought back'}: add --no-dry-run")


@dataclass(frozen=True, slots=True)
class _Found:
    """Entries that are duplicates, files that have the pixels of others, and entries that are links."""

    duplicates: Sequence[str]
    copies: Sequence[PixelCopy]
    links: Sequence[str]


def _look(stage: StageContext, user: str | None) -> _Found:
    from media_pipeline.catalog import duplicates
    from media_pipeline.stages.duplicates.pruning import same_pixel_copies

    with stage.database.read() as connection:
        copies = list(same_pixel_copies(connection, user))
        return _Found(duplicates.prunable(connection, user), copies, duplicates.unprunable(connection, user))


def _bring_back(stage: StageContext, links: Sequence[str]) -> int:
    from media_pipeline.catalog import duplicates

    with stage.database.write() as connection:
        return duplicates.unprune(connection, links)


def _remove(stage: StageContext, tier: Tier | None, references: Sequence[str], copies: Iterable[PixelCopy]) -> int:
    """Remove the copies of one tier; return how many references are no entry any more, or hold another file."""
    from media_pipeline.catalog import duplicates
    from media_pipeline.catalog.near_duplicates import Tier
    from media_pipeline.stages.duplicates.pruning import prune_same_pixels

    if tier is Tier.SAME_PIXELS:
        return prune_same_pixels(stage, copies)
    if tier is Tier.SAME_BYTES:
        with stage.database.write() as connection:
            return duplicates.prune(connection, references)
    return 0


def _prunable_tier(prune: bool, tier: str | None) -> Tier | None:
    """The tier that is to be removed, or None."""
    from media_pipeline.catalog.near_duplicates import Tier

    if not prune:
        if tier is not None:
            raise typer.BadParameter("--tier belongs to --prune")
        return None
    if tier == "near":
        raise typer.BadParameter(
            "near duplicates only look alike: look at the reports; nothing removes them. "
            "--tier is same-bytes or same-pixels"
        )
    if tier not in ("same-bytes", "same-pixels"):
        raise typer.BadParameter("say what --prune may remove: --tier same-bytes or --tier same-pixels")
    return Tier(tier.replace("-", "_"))
