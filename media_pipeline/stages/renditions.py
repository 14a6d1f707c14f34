"""Originals to pictures to look at: made once for each content and recipe, in worker processes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import sqlalchemy as sa

from media_pipeline.catalog import files
from media_pipeline.catalog import renditions as renditions_table
from media_pipeline.catalog.renditions import Source
from media_pipeline.catalog.selection import pieces
from media_pipeline.imaging.contact_sheet import contact_sheet
from media_pipeline.imaging.renditions import recipes_for, recipes_from
from media_pipeline.imaging.workers import RenditionTask, Workers, WorkFailure
from media_pipeline.model import ImportPartition, Recipe, RenderedFile, Report
from media_pipeline.stages.context import ROWS_ASKED_FOR, TABLE_ROWS, Reports, StageContext

SHEET_PICTURES = 48
"""Pictures in a contact sheet: what a person takes in at a glance."""


def make_renditions(context: StageContext, partitions: Sequence[ImportPartition]) -> Reports:
    """Make what the stored files of the partitions lack."""
    render_missing(context, files.of_partitions(partitions))
    with context.database.read() as connection:
        totals = renditions_table.totals(connection, partitions)
    return {partition: _report(context, partition, totals.get(partition, {})) for partition in partitions}


def render_missing(context: StageContext, condition: sa.ColumnElement[bool] | None = None) -> int:
    """Make the renditions that stored files, or those that meet the condition, lack; return how many files had any."""
    recipes = recipes_from(context.settings)
    done, last = 0, ""
    folder = context.store.temporary_folder()
    with context.progress.of("renditions") as progress, Workers(context.settings) as workers:
        while True:
            with context.database.read() as connection:
                sources = renditions_table.sources(connection, condition, last, ROWS_ASKED_FOR)
            if not sources:
                return done
            last = sources[-1].sha256
            work = ((source, missing) for source in sources if (missing := _missing(source, recipes)))
            for batch in pieces(work, context.settings.media_batch_size):
                _render(context, workers, batch, folder)
                done += len(batch)
                progress.advance(len(batch))


def _missing(source: Source, recipes: Sequence[Recipe]) -> tuple[Recipe, ...]:
    wanted = recipes_for(source.mime_type, recipes) if source.has_picture else ()
    return tuple(recipe for recipe in wanted if recipe.name not in source.recipes)


def _render(
    context: StageContext, workers: Workers, work: Sequence[tuple[Source, tuple[Recipe, ...]]], folder: Path
) -> None:
    """Render one batch and write it down in one transaction. A failure of the machine is left for the next run."""
    made: list[tuple[str, RenderedFile, str]] = []
    failed: list[tuple[RenditionTask, str]] = []
    tasks = [
        RenditionTask(source.sha256, context.store.path_of(source.local_path), source.mime_type, recipes, folder)
        for source, recipes in work
    ]
    for task, result in workers.map_renditions(tasks):
        if isinstance(result, WorkFailure):
            context.log.warning(f"no renditions of {task.path.name}: {result.error}")
            if result.blames_file:
                failed.append((task, result.error))
        else:
            made += [(task.key, rendered, _adopt(context, task.key, rendered)) for rendered in result]
    if not made and not failed:
        return
    with context.database.write() as connection:
        for sha256, rendered, place in made:
            renditions_table.save(connection, sha256, rendered, place)
        for task, error in failed:
            for recipe in task.recipes:
                renditions_table.save_failure(connection, task.key, recipe.kind, recipe.name, error)


def _adopt(context: StageContext, sha256: str, rendered: RenderedFile) -> str:
    return context.store.adopt_rendition(
        rendered.path, sha256=sha256, kind=rendered.kind, recipe=rendered.recipe, extension=rendered.path.suffix[1:]
    )


def _report(context: StageContext, partition: ImportPartition, totals: dict[str, int]) -> Report:
    with context.database.read() as connection:
        thumbnails = renditions_table.thumbnails(connection, [partition], SHEET_PICTURES)
        failures = renditions_table.failures(connection, [partition], TABLE_ROWS)
    numbers: dict[str, int | float] = {
        name: totals.get(name, 0) for name in ("optimized", "thumbnails", "failed", "optimized_bytes", "original_bytes")
    }
    numbers["bytes_saved"] = numbers["original_bytes"] - numbers["optimized_bytes"]
    pictures = [(media_id, context.store.path_of(path)) for media_id, path in thumbnails]
    markdown = {"contact_sheet": contact_sheet(pictures)} if pictures else {}
    return Report(numbers, tuple(failures), markdown)
