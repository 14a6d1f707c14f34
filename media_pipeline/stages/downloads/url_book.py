"""The book of URLs: which references wait for which URL, and what this run has found out about URLs.

What belongs here: grouping references by URL, in memory. What does not: rows, and when anything is fetched
(:mod:`media_pipeline.stages.downloads.loop`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from media_pipeline.catalog.archived import ArchivedFile
from media_pipeline.catalog.media_due import PendingMedia
from media_pipeline.model import FetchFailure
from media_pipeline.policy.final_answers import FinalAnswer

Answers = Mapping[str, FinalAnswer]


@dataclass
class Download:
    """One URL and the references that wait for it."""

    url: str | None
    """None for a reference whose file was lost, and whose export names no URL any more."""
    digest: str
    """Of the URL; without one, the reference's id."""
    references: list[PendingMedia] = field(default_factory=list[PendingMedia])
    archived: ArchivedFile | None = None
    """What the references held before, where the archive has it: for when the host no longer does."""
    answers: list[Answers | None] = field(default_factory=list[Answers | None])
    """For each reference the URLs whose hosts have answered for good; None: it has all of its URLs asked."""

    @property
    def asked_for(self) -> PendingMedia:
        """The reference by which the host is asked: the first that holds something, if one does."""
        return next((reference for reference in self.references if reference.is_held), self.references[0])

    @property
    def answered(self) -> Answers:
        """The URLs that none of the references has asked."""
        found: dict[str, FinalAnswer] = {}
        for answers in self.answers:
            if answers is None:
                return {}
            found |= answers
        return found


class UrlBook:
    """Open are the URLs that references wait for; closed those that this run has asked."""

    def __init__(self) -> None:
        self._open: dict[str, Download] = {}
        self._failures: dict[str, FetchFailure] = {}
        self._closed: set[str] = set()

    def waiting(self) -> list[str]:
        """Ids of the references that wait."""
        return [reference.media_id for download in self._open.values() for reference in download.references]

    def enter(
        self, reference: PendingMedia, archived: ArchivedFile | None, answers: Answers | None = None
    ) -> Download | None:
        """Have a reference wait for its URL; return the download if the URL is new in the book."""
        digest = reference.url_digest or reference.media_id
        known = self._open.get(digest)
        download = known or Download(reference.url, digest, archived=archived)
        download.references.append(reference)
        download.answers.append(answers)
        self._open[digest] = download
        return None if known else download

    def close(self, download: Download, failure: FetchFailure | None) -> None:
        """The URL was asked; with a failure, nothing of it is there."""
        self._open.pop(download.digest, None)
        self._closed.add(download.digest)
        if failure is not None:
            self._failures[download.digest] = failure

    def drop(self, download: Download) -> None:
        """The URL was not asked to the end, and is not in this run any more."""
        self._open.pop(download.digest, None)

    def failure_of(self, reference: PendingMedia) -> FetchFailure | None:
        """Why this run has nothing from the reference's URL, where that is known."""
        return self._failures.get(reference.url_digest)

    def may_be_known(self, reference: PendingMedia) -> bool:
        """Whether what another reference found under the URL will do: not when it is asked again on purpose."""
        return not reference.is_held or reference.url_digest in self._closed
