"""Originals to pictures and videos to look at: made once for each content and recipe, in worker processes."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace

from media_pipeline.catalog import archived, files, removals
from media_pipeline.catalog import renditions as renditions_table
from media_pipeline.catalog.database import Connection
from media_pipeline.catalog.renditions import NUMBERS, Made, Source
from media_pipeline.catalog.selection import EVERYTHING, Selection, pieces
from media_pipeline.imaging.pictures import preview
from media_pipeline.imaging.renditions.recipes import MOVING, STILL, recipes_for, recipes_from
from media_pipeline.imaging.workers import RenditionTask, Workers, WorkFailure
from media_pipeline.model import ImportPartition, Recipe, RenderedFile, RenditionKind, Report
from media_pipeline.stages.archive.scrub import evict, is_safe_in_archive
from media_pipeline.stages.context import ROWS_ASKED_FOR, TABLE_ROWS, Reports, StageContext
from media_pipeline.stages.integrity.stored_files import fetch_back
from media_pipeline.stages.progress import Progress
from media_pipeline.storage.archive import ArchiveError
from media_pipeline.views.sheets import SIDE, Picture, contact_sheet

SHEET_PICTURES = 48
"""Pictures in a contact sheet: what a person takes in at a glance."""


def make_renditions(context: StageContext, partitions: Sequence[ImportPartition]) -> Reports:
    """Make what the stored files of the partitions lack."""
    render_missing(context, Selection(partitions))
    with context.database.read() as connection:
        totals = renditions_table.totals(connection, partitions)
    return {partition: _report(context, partition, totals.get(partition, {})) for partition in partitions}


@dataclass(frozen=True, slots=True)
class Rendered:
    """How many files lacked a rendition, and how many of their originals could not be had from the archive."""

    files: int
    unavailable: int


def render_missing(context: StageContext, selection: Selection = EVERYTHING) -> Rendered:
    """Make the renditions that the selected files lack.

    Lacking are also those whose files are gone. An original that only the archive has is fetched back for it.
    Still pictures first, since videos take their time. What other recipes made before is removed once the new are
    there.
    """
    recipes = recipes_from(context.settings)
    originals = _Originals(context)
    with Workers(context.settings) as workers:
        lacking = _make_stills(context, workers, selection, recipes, originals)
        _make_videos(context, workers, selection, recipes, originals)
    return Rendered(lacking, len(originals.unavailable))


class _Originals:
    """Where originals lie: in the store, or fetched back into it from the archive."""

    def __init__(self, context: StageContext) -> None:
        self._context = context
        self._are_fetched = False
        self.unavailable: set[str] = set()

    def place_of(self, source: Source) -> str | None:
        """The place in the store; None when it can't be drawn from, which the log says: the archive does not give it
        back, or its bits have flipped, and what is drawn would stay wrong when the original is healed.
        """
        if source.sha256 in self.unavailable:
            return None
        place = source.local_path
        if place is None:
            place = fetch_back(self._context, source.sha256)
        elif not self._context.store.matches(place, source.sha256, source.file_size):
            self._context.log.warning(f"{place} is damaged, nothing is drawn from it: run `media-pipeline verify`")
            place = None
        if place is None:
            self.unavailable.add(source.sha256)
        self._are_fetched = self._are_fetched or source.local_path is None
        return place

    def make_room(self) -> None:
        """Let go of what was fetched back, where the store is over its limit."""
        if self._are_fetched:
            evict(self._context)
            self._are_fetched = False


def _make_stills(
    context: StageContext,
    workers: Workers,
    selection: Selection,
    recipes: Sequence[Recipe],
    originals: _Originals,
) -> int:
    """Return how many files lack any rendition, videos of them included."""
    lacking = 0
    with context.progress.of("renditions") as progress:
        for sources in _sources(context, selection):
            lacking += sum(1 for source in sources if _missing(source, recipes, frozenset(RenditionKind)))
            progress.expect(sum(1 for source in sources if _missing(source, recipes, STILL)))
            results = workers.map_renditions(_tasks(context, sources, recipes, STILL, originals))
            for batch in pieces(progress.each(results), context.settings.media_batch_size):
                _keep(context, batch)
            _remove_outdated(context, sources, recipes, STILL)
            originals.make_room()
    return lacking


def _make_videos(
    context: StageContext,
    workers: Workers,
    selection: Selection,
    recipes: Sequence[Recipe],
    originals: _Originals,
) -> None:
    """Each is written down as soon as it is made; the progress is that of their seconds."""
    with context.progress.of("seconds of video") as progress:
        for sources in _sources(context, selection):
            seconds = _Seconds(progress, [source for source in sources if _missing(source, recipes, MOVING)])
            tasks = _tasks(context, sources, recipes, MOVING, originals)
            for task, result in workers.map_renditions(tasks, seconds.are_done):
                _keep(context, [(task, result)])
                seconds.are_all_done(task)
            _remove_outdated(context, sources, recipes, MOVING)
            originals.make_room()


class _Seconds:
    """How much of each video is done, so that none of its seconds counts twice when a worker begins anew."""

    def __init__(self, progress: Progress, sources: Sequence[Source]) -> None:
        self._progress = progress
        self._all = {source.sha256: max(1, round(source.duration or 0.0)) for source in sources}
        self._done = dict.fromkeys(self._all, 0)
        progress.expect(sum(self._all.values()))

    def are_done(self, task: RenditionTask, seconds: int) -> None:
        more = min(seconds, self._all[task.key]) - self._done[task.key]
        if more > 0:
            self._done[task.key] += more
            self._progress.advance(more)

    def are_all_done(self, task: RenditionTask) -> None:
        self.are_done(task, self._all[task.key])


def _sources(context: StageContext, selection: Selection) -> Iterator[list[Source]]:
    def ask(connection: Connection, after: str) -> list[Source]:
        return renditions_table.sources(connection, selection, after, ROWS_ASKED_FOR)

    for sources in context.database.paged(ask, lambda source: source.sha256, ""):
        yield [_as_it_is(context, source) for source in sources]


def _as_it_is(context: StageContext, source: Source) -> Source:
    """The source without the recipes whose files are gone: they are made once more."""
    gone = {recipe for recipe, place in source.places if not context.store.path_of(place).exists()}
    return replace(source, recipes=source.recipes - gone) if gone else source


def _tasks(
    context: StageContext,
    sources: Sequence[Source],
    recipes: Sequence[Recipe],
    kinds: frozenset[RenditionKind],
    originals: _Originals,
) -> Iterator[RenditionTask]:
    folder = context.store.temporary_folder()
    for source in sources:
        missing = _missing(source, recipes, kinds)
        place = originals.place_of(source) if missing else None
        if place is not None:
            path = context.store.path_of(place)
            seconds = _seconds_for(context, source) if kinds is MOVING else None
            yield RenditionTask(source.sha256, path, source.mime_type, missing, folder, seconds)


def _seconds_for(context: StageContext, source: Source) -> float:
    settings = context.settings
    return settings.media_image_timeout_seconds + settings.media_video_time_factor * (source.duration or 0.0)


def _wanted(source: Source, recipes: Sequence[Recipe], kinds: frozenset[RenditionKind]) -> tuple[Recipe, ...]:
    if not source.has_picture:
        return ()
    suiting = recipes_for(source.mime_type, recipes, source.frames, source.is_motion_photo)
    return tuple(recipe for recipe in suiting if recipe.kind in kinds)


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
    there = {(made.sha256, made.recipe) for made in rows if made.is_there and _has_its_file(context, made)}
    outdated = [made for made in rows if _is_outdated(made, wanted[made.sha256], there)]
    # What was drawn of an original that is nowhere may be all that is left of it.
    nowhere = _nowhere(context, {made.sha256 for made in outdated})
    outdated = [made for made in outdated if made.sha256 not in nowhere]
    places = [made.local_path for made in outdated if made.local_path is not None]
    if outdated:
        with context.database.write() as connection:
            renditions_table.forget(connection, outdated)
            removals.begin(connection, places)
        context.remove(places)


def _has_its_file(context: StageContext, made: Made) -> bool:
    return made.local_path is None or context.store.path_of(made.local_path).exists()


def _nowhere(context: StageContext, sha256s: Collection[str]) -> set[str]:
    """Those of the originals that neither the store nor the present archive has."""
    if not sha256s:
        return set()
    with context.database.read() as connection:
        local = {
            file.sha256
            for file in files.local(connection, Selection(sha256s=tuple(sha256s)))
            if context.store.path_of(file.local_path).exists()
        }
        only_archived = archived.by_digest(connection, sorted(set(sha256s) - local))
    try:
        kept = {sha256 for sha256, file in only_archived.items() if is_safe_in_archive(context, file)}
    except ArchiveError as error:
        context.log.warning(f"outdated renditions are kept, since the archive can't be asked: {error}")
        kept = set[str]()
    return set(sha256s) - local - kept


def _is_outdated(made: Made, wanted: Collection[tuple[str, str]], there: Collection[tuple[str, str]]) -> bool:
    names = {name for kind, name in wanted if kind == made.kind}
    return made.recipe not in names and all((made.sha256, name) in there for name in names)


def _report(context: StageContext, partition: ImportPartition, totals: dict[str, int]) -> Report:
    with context.database.read() as connection:
        thumbnails = renditions_table.thumbnails(connection, [partition], SHEET_PICTURES)
        failures = renditions_table.failures(connection, [partition], TABLE_ROWS)
    numbers: dict[str, int | float] = {name: totals.get(name, 0) for name in NUMBERS}
    numbers["bytes_saved"] = numbers["original_bytes"] - numbers["optimized_bytes"]
    pictures = [Picture(preview(context.store.path_of(path), SIDE), (media_id,)) for media_id, path in thumbnails]
    markdown = {"contact_sheet": contact_sheet(pictures)} if pictures else {}
    return Report(numbers, tuple(failures), markdown)
