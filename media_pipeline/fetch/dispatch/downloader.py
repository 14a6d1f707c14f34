"""Many downloads at a time, each request when its turn comes.

What belongs here: joining the schedule, the journeys of media, and the crew that makes requests. What does not: which
request is next (:mod:`media_pipeline.fetch.dispatch.schedule`), what a medium needs next
(:mod:`media_pipeline.fetch.dispatch.journey`), and who makes it (:mod:`media_pipeline.fetch.dispatch.crew`).

One thread, the dispatcher, owns all of that. Others reach it through ``_inbox``.
"""

from __future__ import annotations

import contextlib
import itertools
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Self

from media_pipeline.fetch.body import ReceivedBody
from media_pipeline.fetch.dispatch.crew import Crew, WorkerDied, processes_for
from media_pipeline.fetch.dispatch.journey import Again, Ended, Journey, Leg, Wanted
from media_pipeline.fetch.dispatch.medium import Fetched, Medium, failing_alone, soonest_end
from media_pipeline.fetch.dispatch.request import (
    Answer,
    Received,
    ReceivedPlaylist,
    ReceivedSegment,
    Request,
    SegmentFile,
    Unchanged,
)
from media_pipeline.fetch.dispatch.requester import RequesterSettings
from media_pipeline.fetch.dispatch.schedule import Answered, HostLimits, Schedule, is_ban, told_by
from media_pipeline.fetch.dispatch.worker import NumberedRequest, Reply, RequestDropped
from media_pipeline.fetch.http.addresses import host_of
from media_pipeline.fetch.outcome import Refusal, refusal_of_unforeseen
from media_pipeline.fetch.streams.plan import ByteRange, Limits
from media_pipeline.model import (
    FetchAttempt,
    MediaPipelineError,
    Status,
    Validators,
)
from media_pipeline.policy.placeholders import Placeholders
from media_pipeline.settings import Settings

MOST_DEATHS = 3
"""A request that was under way in so many dying workers is not made again: it may be what kills them."""

End = Callable[[Ended | MediaPipelineError], None]


class DownloadDropped(MediaPipelineError):
    """The downloader was told to stop, or closed, before this download had ended: it is still to be done.

    To do: Run again: the download is still due, and goes on where it stopped.
    """

    def __init__(self, attempts: tuple[FetchAttempt, ...] = ()) -> None:
        super().__init__("the run ended before this download had: run again")
        self.attempts = attempts
        """Requests that were made for it all the same."""


@dataclass(slots=True)
class _PendingRequest:
    """One leg under way: the request that is next, or being made."""

    number: int
    leg: Leg
    request: Request
    priority: float
    end: End
    """Called by the dispatcher when the leg has ended."""
    host: str
    deaths: int = 0


class Downloader:
    """Fetches media, ``media_download_workers`` requests at a time. Use it as a context manager.

    ``expected`` is about how many will come. Worker processes share the requests of many
    (:func:`processes_for`); for fewer, threads of this process make them. ``placeholders`` may learn more meanwhile.
    """

    def __init__(self, settings: Settings, expected: int, placeholders: Placeholders | None = None) -> None:
        self._settings = settings
        self._placeholders = placeholders or Placeholders(settings.placeholder_digests)
        self._schedule: Schedule[_PendingRequest] = Schedule(HostLimits.of(settings))
        self._under_way: dict[int, _PendingRequest] = {}
        self._doubtful: defaultdict[str, list[tuple[_PendingRequest, Refusal]]] = defaultdict(list)
        """Refusals by host that may be the beginning of a ban."""
        self._numbers = itertools.count()
        self._inbox: SimpleQueue[Callable[[], None]] = SimpleQueue()
        self._unsettled: set[Future[Fetched]] = set()
        self._gathered: list[Medium] | None = None
        self._streams = ThreadPoolExecutor(settings.media_download_workers, thread_name_prefix="stream")
        self._streaming = 0
        self._stopped = False
        self._closed = False
        self.processes = processes_for(settings, expected)
        """Worker processes beside this one."""
        self._crew = Crew(RequesterSettings.of(settings), settings.media_download_workers, self.processes)
        self._dispatcher = threading.Thread(target=self._dispatch, name="downloads", daemon=True)
        self._dispatcher.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def submit(self, wanted: Wanted, folder: Path) -> Future[Fetched]:
        """Fetch a medium into a new file in ``folder``, later. Raises DownloadDropped, here or there, after a stop.

        The future also raises TemporaryFileError when the folder can't be written.
        """
        if self._stopped:
            raise DownloadDropped
        settings = self._settings
        journey = Journey(wanted, settings.media_fetch_via, settings.media_backoff_seconds, self._placeholders)
        medium = Medium(journey, folder, soonest_end(wanted.candidates, datetime.now(UTC)))
        self._unsettled.add(medium.future)
        medium.future.add_done_callback(self._unsettled.discard)
        if self._gathered is None:
            self._post(lambda: self._start(medium))
        else:
            self._gathered.append(medium)
        return medium.future

    @contextmanager
    def together(self) -> Generator[None]:
        """What one thread submits in here begins at its end, all at once.

        Else a host that bans might seem to have nothing else to ask while the rest was still being submitted.
        """
        gathered: list[Medium] = []
        self._gathered = gathered
        try:
            yield
        finally:
            self._gathered = None
            if gathered:
                self._post(lambda: self._start_all(gathered))

    def stop(self) -> None:
        """Begin no more requests: those under way end, and so do the downloads that they complete.

        All others end with DownloadDropped.
        """
        self._stopped = True
        self._post(self._drop_waiting)

    def close(self) -> None:
        """Stop, and end every worker: what is under way in one ends with DownloadDropped.

        A worker that is ended leaves its half written files: the folder is the caller's to remove.
        """
        self._stopped = self._closed = True
        self._crew.wake()
        self._dispatcher.join()

    def _post(self, work: Callable[[], None]) -> None:
        """Have the dispatcher do something."""
        self._inbox.put(work)
        self._crew.wake()

    def _dispatch(self) -> None:
        """The one thread that hands out and takes in."""
        try:
            while not self._closed:
                self._take_in()
                self._hand_out()
        finally:
            try:
                self._end()
            finally:
                self._settle_the_rest()

    def _take_in(self) -> None:
        later = self._schedule.next_at()
        for number, result in self._crew.wait(None if later is None else max(0.0, later - time.monotonic())):
            self._arrived(self._under_way.pop(number), result)
        self._read_inbox()

    def _read_inbox(self) -> None:
        with contextlib.suppress(Empty):
            while True:
                self._inbox.get_nowait()()

    def _hand_out(self) -> None:
        self._crew.hand_out(self._following, len(self._schedule))
        for host, pending in self._schedule.left():
            pending.end(self._left_alone(host))

    def _following(self, most: int) -> list[NumberedRequest]:
        """Requests whose turn it is."""
        numbered: list[NumberedRequest] = []
        now = time.monotonic()
        while len(numbered) < most and (found := self._schedule.take(now)) is not None:
            pending = found[1]
            self._under_way[pending.number] = pending
            numbered.append((pending.number, pending.request))
        return numbered

    def _arrived(self, pending: _PendingRequest, result: Reply) -> None:
        """A request has ended."""
        host = pending.host  # a redirect leads the task to another one
        if isinstance(result, Answer):
            self._heed(host, result)
            self._go_on(pending, pending.leg.after(result))
        else:
            self._schedule.finished(host, Answered.NOTHING, time.monotonic())
            self._not_made(pending, result)
        self._judge(host)

    def _go_on(self, pending: _PendingRequest, step: Again | Ended) -> None:
        if isinstance(step, Again):
            pending.request = replace(pending.request, url=step.url)
            pending.host = host_of(step.url)
            self._wait_for_turn(pending, step.delay)
        elif isinstance(step, Refusal) and is_ban(step) and self._schedule.bans(pending.host):
            self._doubtful[pending.host].append((pending, step))
        else:
            pending.end(step)

    def _not_made(self, pending: _PendingRequest, error: MediaPipelineError) -> None:
        if isinstance(error, RequestDropped):
            self._wait_for_turn(pending)
        elif not isinstance(error, WorkerDied):
            pending.end(error)
        elif pending.deaths + 1 < MOST_DEATHS:
            pending.deaths += 1
            self._wait_for_turn(pending)
        else:
            message = f"{MOST_DEATHS} worker processes ended while they fetched it; see the system's log"
            pending.end(Refusal(Status.FAILED, "worker_died", message))

    def _heed(self, host: str, answer: Answer) -> None:
        """What an answer tells of how its host wants to be asked."""
        now, result = time.monotonic(), answer.result
        pause = result.retry_after_seconds if isinstance(result, Refusal) else None
        self._schedule.finished(host, told_by(answer), now, pause)
        if pause or self._schedule.closed_for(host, now):
            # What waits in workers would be asked all the same.
            self._crew.drop_waiting()

    def _judge(self, host: str) -> None:
        """A refusal is believed once its host serves others, or has nothing else to ask; in a ban it means nothing."""
        if host not in self._doubtful:
            return
        if self._schedule.closed_for(host, time.monotonic()):
            for pending, _ in self._doubtful.pop(host):
                pending.end(self._left_alone(host))
        elif not self._schedule.bans(host) or self._schedule.is_quiet(host):
            for pending, refusal in self._doubtful.pop(host):
                pending.end(refusal)

    def _left_alone(self, host: str) -> Refusal:
        seconds = self._schedule.closed_for(host, time.monotonic())
        message = f"{host} is left alone for {seconds / 60:.0f} minutes: it refuses everything, or asks for a pause"
        return Refusal(Status.FAILED, "host_left_alone", message, retry_after_seconds=seconds)

    def _wait_for_turn(self, pending: _PendingRequest, delay: float = 0.0) -> None:
        if self._stopped:
            pending.end(DownloadDropped())
        else:
            self._schedule.add(pending, pending.host, pending.priority, time.monotonic(), delay)

    def _start_all(self, media: Sequence[Medium]) -> None:
        for medium in media:
            self._start(medium)

    def _start(self, medium: Medium) -> None:
        if medium.future.set_running_or_notify_cancel():
            with failing_alone(medium):
                now = datetime.now(UTC)
                self._step(medium, medium.journey.start(now, try_expired=self._settings.media_try_expired))

    def _step(self, medium: Medium, step: Leg | Fetched) -> None:
        if isinstance(step, Leg):
            journey, url = medium.journey, step.first_url
            request = Request(url, medium.folder, url, journey.candidate.expires_at, journey.known)
            self._begin(step, request, medium.priority, lambda ended: self._leg_ended(medium, ended))
        else:
            medium.future.set_result(step)

    def _begin(self, leg: Leg, request: Request, priority: float, end: End) -> None:
        self._wait_for_turn(_PendingRequest(next(self._numbers), leg, request, priority, end, host_of(request.url)))

    def _leg_ended(self, medium: Medium, ended: Ended | MediaPipelineError) -> None:
        match ended:
            case DownloadDropped():
                medium.future.set_exception(DownloadDropped(medium.journey.attempts))
            case MediaPipelineError():
                medium.future.set_exception(ended)
            case ReceivedPlaylist():
                self._streaming += 1
                joined = self._streams.submit(self._stream, medium, ended)
                joined.add_done_callback(lambda joined: self._post(lambda: self._stream_ended(medium, joined)))
            case Received() | Unchanged() | Refusal():
                with failing_alone(medium):
                    self._step(medium, medium.journey.ended(ended))
            case ReceivedSegment():
                raise AssertionError("a leg of a medium brings no segment")

    def _stream(self, medium: Medium, listed: ReceivedPlaylist) -> Ended | MediaPipelineError:
        """In a thread of its own: the segments of a stream, joined. They are fetched like everything else."""
        # Imported here, since m3u8 and ffmpeg take 0.1 s that most runs never need.
        from media_pipeline.fetch.streams.download import download_stream

        def get(url: str, path: Path, limit: int, byte_range: ByteRange | None = None) -> str:
            future: Future[str] = Future()
            self._post(lambda: self._begin_segment(medium, url, SegmentFile(path, limit, byte_range), future))
            return future.result()

        try:
            stream = download_stream(listed.url, listed.text, get, medium.folder, Limits(self._settings.max_file_bytes))
        except (Refusal, MediaPipelineError) as error:
            return error
        except Exception as error:  # noqa: BLE001
            return refusal_of_unforeseen(error)
        body = ReceivedBody(stream.path, stream.sha256, stream.md5_sum, stream.size, stream.type)
        return Received(body, Validators(None, None))

    def _stream_ended(self, medium: Medium, joined: Future[Ended | MediaPipelineError]) -> None:
        self._streaming -= 1
        fault = joined.exception()
        if fault is None:
            self._leg_ended(medium, joined.result())
        else:
            medium.future.set_exception(fault)

    def _begin_segment(self, medium: Medium, url: str, segment: SegmentFile, future: Future[str]) -> None:
        def end(ended: Ended | MediaPipelineError) -> None:
            if isinstance(ended, Exception):
                future.set_exception(ended)
            elif isinstance(ended, ReceivedSegment):
                future.set_result(ended.url)

        leg = medium.journey.side_leg(url)
        request = Request(url, medium.folder, url, medium.journey.candidate.expires_at, segment=segment)
        self._begin(leg, request, medium.priority, end)

    def _drop_waiting(self) -> None:
        self._crew.drop_waiting()
        for pending in self._schedule.clear():
            pending.end(DownloadDropped())
        for host in list(self._doubtful):
            self._judge(host)

    def _end(self) -> None:
        self._stopped = self._closed = True
        for number, result in self._crew.close():
            self._arrived(self._under_way.pop(number), result)
        self._read_inbox()
        self._drop_waiting()
        for pending in self._under_way.values():
            pending.end(DownloadDropped())
        for pending, _ in itertools.chain(*self._doubtful.values()):
            pending.end(DownloadDropped())
        while self._streaming:
            self._inbox.get()()
        self._streams.shutdown()
        self._read_inbox()

    def _settle_the_rest(self) -> None:
        """After a fault of the dispatcher some are in no list: nobody must wait for them for ever."""
        self._stopped = True
        for future in list(self._unsettled):
            future.set_exception(DownloadDropped())
