"""Placeholders that only several downloads together give away: one URL at which redirects of different media end, and
bytes that are flagged already.

What belongs here: finding these among outcomes that are about to be written down, and taking back what was taken for a
medium before. What does not: the rule (:mod:`media_pipeline.policy.placeholders`), and placeholders that one download
gives away (:mod:`media_pipeline.fetch.dispatch.journey`).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from media_pipeline.catalog import placeholders as flagged_files
from media_pipeline.catalog import redirect_ends, removals
from media_pipeline.catalog.database import Connection
from media_pipeline.model import FetchedFile, FetchFailure, Reason, Status
from media_pipeline.policy.placeholders import End, Placeholders, host_of, is_shared
from media_pipeline.stages.context import StageContext
from media_pipeline.stages.downloads.outcomes import Outcome
from media_pipeline.stages.downloads.url_book import Download
from media_pipeline.stages.integrity.stored_files import set_aside

_WHY = "different media of its host are redirected to one placeholder"

Outcomes = Sequence[tuple[Download, Outcome]]


@dataclass(slots=True)
class Sorted:
    """Outcomes as they are to be written down."""

    outcomes: list[tuple[Download, Outcome]]
    again: list[tuple[Download, Outcome]] = field(default_factory=list[tuple[Download, Outcome]])
    """Downloads whose file is a placeholder: they are made again, and then the rest of their candidates is asked."""
    digests: list[str] = field(default_factory=list[str])
    """Of what references held that have given it back."""

    @property
    def without_row(self) -> list[str]:
        """Places of the files that came with ``again``."""
        return [outcome.local_path for _, outcome in self.again if outcome.local_path]


def sort(connection: Connection, outcomes: Outcomes, known: Placeholders) -> Sorted:
    """Tell media from placeholders; ``known`` learns the URLs of the latter. Before the outcomes are written down."""
    result = Sorted(_without_flagged(connection, outcomes))
    by_end: dict[tuple[str, str], list[tuple[Download, Outcome]]] = {}
    for download, outcome in result.outcomes:
        if isinstance(outcome.result, FetchedFile) and outcome.result.final_url:
            end = host_of(outcome.result.url), outcome.result.final_url
            by_end.setdefault(end, []).append((download, outcome))
    met_at = redirect_ends.met_at(connection, {url for _, url in by_end})
    for (host, url), pairs in by_end.items():
        met = met_at[url]
        held = _of_host(host, met.ends)
        new = [end for download, outcome in pairs for end in _ends(download, outcome)]
        if (host, url) in known.ends or host in met.hosts or is_shared(url, [*held.values(), *new]):
            known.ends.add((host, url))
            result.again += pairs
            holding = {*held, *(_of_host(host, met.asked_again).keys() & _holding_already(pairs))}
            result.digests += redirect_ends.give_back(connection, holding, _WHY)
    again = {id(download) for download, _ in result.again}
    result.outcomes = [pair for pair in result.outcomes if id(pair[0]) not in again]
    removals.begin(connection, result.without_row)
    return result


def put_aside(context: StageContext, digests: Collection[str]) -> None:
    """Move the placeholders that references held to quarantine, unless others hold the same bytes."""
    if digests:
        with context.database.read() as connection:
            files = redirect_ends.unheld(connection, digests)
        for file in files:
            set_aside(context, file, f"a placeholder: {_WHY}")


def _of_host(host: str, ends: Mapping[str, End]) -> dict[str, End]:
    return {media_id: end for media_id, end in ends.items() if host_of(end.asked) == host}


def _holding_already(outcomes: Outcomes) -> set[str]:
    """References that hold these very bytes, and that were asked for again."""
    return {
        reference.media_id
        for download, outcome in outcomes
        if isinstance(outcome.result, FetchedFile)
        for reference in download.references
        if reference.sha256 == outcome.result.sha256
    }


def _ends(download: Download, outcome: Outcome) -> list[End]:
    result = outcome.result
    if not isinstance(result, FetchedFile):
        return []
    return [
        End(reference.media_key, result.url, frozenset(candidate.url for candidate in reference.candidates))
        for reference in download.references
    ]


def _without_flagged(connection: Connection, outcomes: Outcomes) -> list[tuple[Download, Outcome]]:
    """What is flagged as a placeholder never takes the place of what a reference holds."""
    asked_again = {
        outcome.result.sha256
        for download, outcome in outcomes
        if isinstance(outcome.result, FetchedFile) and _would_replace(download, outcome.result)
    }
    authors = flagged_files.authors_of(connection, asked_again)
    return [(download, _refused(download, outcome, authors)) for download, outcome in outcomes]


def _refused(download: Download, outcome: Outcome, authors: dict[str, int]) -> Outcome:
    file = outcome.result
    if not isinstance(file, FetchedFile) or file.sha256 not in authors or not _would_replace(download, file):
        return outcome
    error = f"the host sent a placeholder, which {authors[file.sha256]} authors share: {file.final_url or file.url}"
    return Outcome(FetchFailure(Status.GONE, error, file.attempts, reason=Reason.PLACEHOLDER))


def _would_replace(download: Download, file: FetchedFile) -> bool:
    return any(reference.is_held and reference.sha256 != file.sha256 for reference in download.references)
