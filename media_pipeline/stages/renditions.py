"""Originals to pictures and videos to look at: made once for each content and recipe, in worker processes."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

import sqlalchemy as sa

from media_pipeline.catalog import files
from media_pipeline.catalog import renditions as renditions_table
from media_pipeline.catalog.renditions import NUMBERS, Made, Source
from media_pipeline.catalog.selection import pieces
from media_pipeline.imaging.contact_sheet import contact_sheet
from media_pipeline.imaging.renditions.recipes import MOVING, STILL, recipes_for, recipes_from
from media_pipeline.imaging.workers import RenditionTask, Workers, WorkFailure
from media_pipeline.model import ImportPartition, Recipe, RenderedFile, RenditionKind, Report
from media_pipeline.stages.context import ROWS_ASKED_FOR, TABLE_ROWS, Reports, StageContext
from media_pipeline.stages.progress import Progress

SHEET_PICTURES = 48
"""Pictures in a contact sheet: what a person takes in at a glance."""


def make_renditions(context: StageContext, partitions: Sequence[ImportPartition]) -> Reports:
    """Make what the stored files of the partitions lack."""
    render_missing(context, files.of_partitions(partitions))
    with context.database.read() as connection:
        totals = renditions_table.totals(connection, partitions)
    return {partition: _report(context, partition, totals.get(partition, {})) for partition in partitions}


def render_missing(context: StageContext, condition: sa.ColumnElement[bool] | None = None) -> int:
    """Make the renditions that stored files, or those that meet the condition, lack; return how many files had any.

    Still pictures first, since videos take their time. What other recipes made before is removed once the new are
    there.
    """
    recipes = recipes_from(context.settings)
    with Workers(context.settings) as workers:
        lacking = _make_stills(context, workers, condition, recipes)
        _make_videos(context, workers, condition, recipes)
    return lacking


def _make_stills(
    context: StageContext, workers: Workers, condition: sa.ColumnElement[bool] | None, recipes: Sequence[Recipe]
) -> int:
    """Return how many files lack any rendition, videos of them included."""
    lacking = 0
    with context.progress.of("renditions") as progress:
        for sources in _sources(context, condition):
            lacking += sum(1 for source in sources if _missing(source, recipes, frozenset(RenditionKind)))
            results = workers.map_renditions(_tasks(context, sources, recipes, STILL))
            for batch in pieces(results, context.settings.media_batch_size):
                _keep(context, batch)
                progress.advance(len(batch))
            _remove_outdated(context, sources, recipes, STILL)
    return lacking


def _make_videos(
    context: StageContext, workers: Workers, condition: sa.ColumnElement[bool] | None, recipes: Sequence[Recipe]
) -> None:
    """Each is written down as soon as it is made; the progress is that of their seconds."""
    with context.progress.of("seconds of video") as progress:
        for sources in _sources(context, condition):
            seconds = _Seconds(progress, sources)
            for task, result in workers.map_renditions(_tasks(context, sources, recipes, MOVING), seconds.are_done):
                _keep(context, [(task, result)])
                seconds.are_all_done(task)
            _remove_outdated(context, sources, recipes, MOVING)


class _Seconds:
    """How much of each video is done, so that none of its seconds counts twice when a worker begins anew."""

    def __init__(self, progress: Progress, sources: Sequence[Source]) -> None:
        self._progress = progress
        self._all = {source.sha256: max(1, round(source.duration or 0.0)) for source in sources}
        self._done = dict.fromkeys(self._all, 0)

    def are_done(self, task: RenditionTask, seconds: int) -> None:
        more = min(seconds, self._all[task.key]) - self._done[task.key]
        if more > 0:
            self._done[task.key] += more
            self._progress.advance(more)

    def are_all_done(self, task: RenditionTask) -> None:
        self.are_done(task, self._all[task.key])


def _sources(context: StageContext, condition: sa.ColumnElement[bool] | None) -> Iterator[list[Source]]:
    last = ""
    while True:
        with context.database.read() as connection:
            sources = renditions_table.sources(connection, condition, last, ROWS_ASKED_FOR)
        if not sources:
            return
        yield sources
        last = sources[-1].sha256


def _tasks(
    context: StageContext, sources: Sequence[Source], recipes: Sequence[Recipe], kinds: frozenset[RenditionKind]
) -> Iterator[RenditionTask]:
    folder = context.store.temporary_folder()
    for source in sources:
        missing = _missing(source, recipes, kinds)
        if missing:
            path = context.store.path_of(source.local_path)
            seconds = _seconds_for(context, source) if kinds is MOVING else None
            yield RenditionTask(source.sha256, path, source.mime_type, missing, folder, seconds)


def _seconds_for(context: StageContext, source: Source) -> float:
    settings = context.settings
    return settings.media_image_timeout_seconds + settings.media_video_time_factor * (source.duration or 0.0)


def _wanted(source: Source, recipes: Sequence[Recipe], kinds: frozenset[RenditionKind]) -> tuple[Recipe, ...]:
    if not source.has_picture:
        return ()
    return tuple(recipe for recipe in recipes_for(source.mime_type, recipes, source.frames) if recipe.kind in kinds)


def _missing(source: Source, recipes: Sequence[Recipe], kinds: frozenset[RenditionKind]) -> tuple[Recipe, ...]:
    return tuple(recipe for recipe in _wanted(source, recipes, kinds) if recipe.name not in source.recipes)


def _keep(context: StageContext, results: Sequence[tuple[RenditionTask, list[RenderedFile] | WorkFailure]]) -> None:
    """Write the results down in one transaction. A failure of the machine is left for the next run."""
    made: list[tuple[str, RenderedFile, str | None]] = []
    failed: list[tuple[RenditionTask, str]] = []
    for task, result in results:
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


def _adopt(context: StageContext, sha256: str, rendered: RenderedFile) -> str | None:
    if rendered.path is None:
        return None
    return context.store.adopt_rendition(
        rendered.path, sha256=sha256, kind=rendered.kind, recipe=rendered.recipe, extension=rendered.path.suffix[1:]
    )


def _remove_outdated(
    context: StageContext, sources: Sequence[Source], recipes: Sequence[Recipe], kinds: frozenset[RenditionKind]
) -> None:
    """Remove what other recipes made, of each kind once all that is wanted of it is there; until then it stays."""
    current = {recipe.name for recipe in recipes}
    wanted = {
        source.sha256: {(recipe.kind, recipe.name) for recipe in _wanted(source, recipes, kinds)}
        for source in sources
        if source.recipes - current
    }
    if not wanted:
        return
    with context.database.read() as connection:
        rows = [made for made in renditions_table.of_files(connection, wanted) if made.kind in kinds]
    there = {(made.sha256, made.recipe) for made in rows if made.is_there}
    outdated = [made for made in rows if _is_outdated(made, wanted[made.sha256], there)]
    # Files first: a row without its file is found again by the next run, a file without a row is not.
    for made in outdated:
        if made.local_path is not None:
            context.store.remove(made.local_path)
    if outdated:
        with context.database.write() as connection:
            renditions_table.forget(connection, outdated)


def _is_outdated(made: Made, wanted: Collection[tuple[str, str]], there: Collection[tuple[str, str]]) -> bool:
    names = {name for kind, name in wanted if kind == made.kind}
    return made.recipe not in names and all((made.sha256, name) in there for name in names)


def _report(context: StageContext, partition: ImportPartition, totals: dict[str, int]) -> Report:
    with context.database.read() as connection:
        thumbnails = renditions_table.thumbnails(connection, [partition], SHEET_PICTURES)
        failures = renditions_table.failures(connection, [partition], TABLE_ROWS)
    numbers: dict[str, int | float] = {name: totals.get(name, 0) for name in NUMBERS}
    numbers["bytes_saved"] = numbers["original_bytes"] - numbers["optimized_bytes"]
    pictures = [(media_id, context.store.path_of(path)) for media_id, path in thumbnails]
    markdown = {"contact_sheet": contact_sheet(pictures)} if pictures else {}
    return Report(numbers, tuple(failures), markdown)
