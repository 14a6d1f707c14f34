"""Who posted what: the people, posts and media of the sample, by export. Nobody in it exists.

What belongs here: the story. What does not: how it is written down (``export``) and what the pictures are made of.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from media_pipeline.demo.artwork import clips, patterns, printed, scenery
from media_pipeline.demo.artwork.encoding import camera_jpeg, jpeg, png, recompressed, webp
from media_pipeline.demo.media import (
    Medium,
    linkedin_document,
    linkedin_image,
    linkedin_video,
    twitter_gif,
    twitter_photo,
    twitter_video,
)

_TWITTER_EPOCH = 1_288_834_974_657
"""Milliseconds; what Twitter's ids count from, 22 bits up. LinkedIn's count from 1970."""


@dataclass(frozen=True, slots=True)
class Author:
    """Who posts. ``number`` is the platform's id of the account."""

    handle: str
    name: str
    number: int


@dataclass(frozen=True, slots=True)
class SamplePost:
    """One post, which may hold another that it repeats or quotes."""

    author: Author
    posted: str
    """``YYYY-MM-DD HH:MM``, UTC."""
    text: str
    own_media: tuple[Medium, ...] = ()
    reposts: SamplePost | None = None
    quotes: SamplePost | None = None

    @property
    def posted_at(self) -> datetime:
        return datetime.fromisoformat(self.posted).replace(tzinfo=UTC)

    @property
    def milliseconds(self) -> int:
        return int(self.posted_at.timestamp() * 1000)

    @property
    def tweet_id(self) -> str:
        return str((self.milliseconds - _TWITTER_EPOCH) << 22)

    @property
    def activity_id(self) -> str:
        return str(self.milliseconds << 22)

    @property
    def serial(self) -> str:
        """An id in digits that sorts by time, as most platforms have."""
        return str(self.milliseconds << 20)

    @property
    def media(self) -> tuple[Medium, ...]:
        """What it shows: a repost shows the media of what it repeats."""
        return self.reposts.media if self.reposts else self.own_media

    def with_nested(self) -> Iterator[SamplePost]:
        """This post and the one inside it."""
        yield self
        for inner in (self.reposts, self.quotes):
            if inner:
                yield from inner.with_nested()


MARTA = Author("marta_sample", "Marta Oberholz", 4_100_200_301)
NILS = Author("nils_sample", "Nils Aaker", 4_100_200_302)
IDA = Author("ida_sample", "Ida Lindqvist", 4_100_200_303)
PIER = Author("northpier_sample", "North Pier Observatory", 4_100_200_304)
PIER_COMPANY = Author("north-pier-sample", "North Pier Observatory", 90_210_001)
BRIGHTFIELD = Author("brightfield-sample", "Brightfield Maps", 90_210_002)
IDA_AT_WORK = Author("ida-lindqvist-sample", "Ida Lindqvist", 90_210_003)

WIDE, FULL, SQUARE = (1536, 1024), (2400, 1600), (1200, 1200)


def first_light_photo() -> bytes:
    return jpeg(scenery.hills(1, FULL, scenery.DAWN))


def evening_photo() -> bytes:
    return jpeg(scenery.hills(3, WIDE, scenery.DUSK))


def stream() -> list[SamplePost]:
    """Collected from Twitter's v1.1 API, a line each."""
    first_light = SamplePost(
        MARTA,
        "2026-07-03 05:12",
        "First light over the seven ridges. Two hours of waiting, four minutes of this.",
        (twitter_photo("first-light", FULL, first_light_photo, "Seven ridges in pink morning haze"),),
    )
    evening = twitter_photo("evening", WIDE, evening_photo, "A red sky behind dark mountains")
    four = SamplePost(
        MARTA,
        "2026-07-18 19:40",
        "One valley, four hours: noon, evening, night, and the fog of the next morning.",
        (
            twitter_photo("noon", WIDE, lambda: jpeg(scenery.hills(2, WIDE, scenery.NOON)), "Green hills at noon"),
            evening,
            twitter_photo("night", WIDE, lambda: jpeg(scenery.hills(4, WIDE, scenery.NIGHT)), "Moon over blue hills"),
            twitter_photo("fog", WIDE, lambda: jpeg(scenery.hills(7, WIDE, scenery.FOREST)), "Pale sun in fog"),
        ),
    )
    glass = SamplePost(
        NILS,
        "2026-08-02 14:05",
        "Ninety random points, and every pixel goes to the nearest. Then the same idea with triangles.",
        (
            twitter_photo("glass", WIDE, lambda: jpeg(patterns.stained_glass(2, WIDE)), "Stained glass, teal to red"),
            twitter_photo("facets", WIDE, lambda: jpeg(patterns.facets(3, WIDE)), "A surface of blue triangles"),
        ),
    )
    quilt = twitter_photo("quilt", SQUARE, lambda: jpeg(patterns.quilt(1, 1200)), "Quarter circles, discs, triangles")
    currents = twitter_photo("currents", WIDE, lambda: jpeg(patterns.currents(4, WIDE)), "Coloured lines in a current")
    copy_of_evening = twitter_photo("evening-again", (922, 614), lambda: recompressed(evening_photo(), 0.6, 55))
    panorama = twitter_photo(
        "panorama",
        (4000, 1000),
        lambda: jpeg(scenery.hills(13, (4000, 1000), scenery.DAWN, 9)),
        "A panorama of nine ranges of hills",
    )
    return [
        first_light,
        four,
        SamplePost(IDA, "2026-07-19 06:30", f"RT @{MARTA.handle}: {first_light.text}", reposts=first_light),
        SamplePost(NILS, "2026-07-27 09:15", "Quilt no. 1: five tiles, five colours, one seed.", (quilt,)),
        glass,
        SamplePost(IDA, "2026-08-02 15:22", "And with lines? <3 & thanks", (currents,), quotes=glass),
        SamplePost(PIER, "2026-08-09 04:58", "The whole coast this morning, from the gauge's mast.", (panorama,)),
        SamplePost(
            MARTA,
            "2026-08-11 20:03",
            "From the archive: the one that got away.",
            (twitter_photo("got-away", WIDE, bytes, "A lost picture").lost(),),
        ),
        SamplePost(MARTA, "2026-08-20 18:45", "You asked for the evening on its own. Here it is.", (evening,)),
        SamplePost(IDA, "2026-08-24 21:10", "Found this in my downloads. Whose is it?", (copy_of_evening,)),
    ]


def timeline() -> list[SamplePost]:
    """A timeline as x.com's web client receives it, in GraphQL."""
    tide = SamplePost(
        PIER,
        "2026-09-05 12:00",
        "The camera on the mast turned once around today. Four seconds of it.",
        (twitter_video("mast", clips.VIDEO_SIZE, lambda: clips.video(41, scenery.DAWN)),),
    )
    loop = (clips.LOOP_SIDE, clips.LOOP_SIDE)
    return [
        SamplePost(
            NILS,
            "2026-09-01 10:20",
            "Signals and stone.",
            (
                twitter_photo("pulses", SQUARE, lambda: jpeg(patterns.pulses(5, SQUARE)), "White ridge lines on black"),
                twitter_photo("marble", WIDE, lambda: jpeg(patterns.marble(6, WIDE)), "Blue marble with gold veins"),
            ),
        ),
        tide,
        SamplePost(NILS, "2026-09-12 16:31", "Do not stare.", (twitter_gif("wheel", loop, clips.loop_video),)),
        SamplePost(
            NILS,
            "2026-09-20 08:08",
            "Two spirals: one of numbers, one of seeds 🌻",
            (
                twitter_photo("julia", WIDE, lambda: jpeg(patterns.julia(WIDE)), "A Julia set in violet and orange"),
                twitter_photo("seeds", SQUARE, lambda: jpeg(patterns.sunflower(1200)), "Dots set like sunflower seeds"),
            ),
        ),
        SamplePost(
            MARTA,
            "2026-10-04 23:47",
            "While your camera slept:",
            (twitter_photo("aurora", WIDE, lambda: jpeg(scenery.aurora(8, WIDE)), "Green aurora above a wood"),),
            quotes=tide,
        ),
        SamplePost(
            PIER,
            "2026-10-06 07:30",
            "Members only: the new chart of the harbour.",
            (twitter_photo("members", WIDE, bytes).behind_login(),),
        ),
    ]


def own_archive() -> list[SamplePost]:
    """What X hands out to the owner of an account. It doesn't repeat who that is in every post."""
    sky = twitter_photo("planet", SQUARE, lambda: jpeg(scenery.planet(10, 1200)), "A banded planet before stars")
    city = twitter_photo("city", WIDE, lambda: jpeg(scenery.skyline(11, WIDE)), "A city at night, windows lit")
    relief = twitter_photo(
        "relief", (1400, 1050), lambda: webp(patterns.contours(9, (1400, 1050))), "Height lines of hills", "webp"
    )
    editor = twitter_photo(
        "editor", (1600, 1000), lambda: png(printed.screenshot((1600, 1000))), "A Python program in an editor", "png"
    )
    return [
        SamplePost(IDA, "2026-06-14 22:01", "Postcard from somewhere else.", (sky,)),
        SamplePost(IDA, "2026-06-30 21:33", "Last night in the city; tomorrow, the hills.", (city, relief)),
        SamplePost(IDA, "2026-07-08 11:11", "No picture today. It rained, and I read."),
        SamplePost(IDA, "2026-10-15 13:37", "Eleven lines to average a year of tides.", (editor,)),
    ]


def company_posts() -> list[SamplePost]:
    """Posts of LinkedIn as page scrapers write them."""
    upright = (1200, 1600)
    return [
        SamplePost(
            PIER_COMPANY,
            "2026-07-06 08:00",
            "Picture of the week, by our friend Marta Oberholz.",
            (linkedin_image("picture-of-the-week", FULL, first_light_photo),),
        ),
        SamplePost(
            PIER_COMPANY,
            "2026-08-15 09:30",
            "A year of water levels, and the two places where we will build the next gauges.",
            (
                linkedin_image("levels", (1500, 1000), lambda: png(printed.chart((1500, 1000))), extension="png"),
                linkedin_image("north-site", WIDE, lambda: jpeg(scenery.hills(6, WIDE, scenery.ARCTIC, 6, 0.6))),
                linkedin_image("south-site", WIDE, lambda: jpeg(scenery.hills(5, WIDE, scenery.DESERT, 5, 0.35))),
            ),
        ),
        SamplePost(
            IDA_AT_WORK,
            "2026-08-17 17:20",
            "My new office. Taken with my telephone, upright, unedited.",
            (linkedin_image("office", upright, lambda: camera_jpeg(scenery.lighthouse(12, upright)), "A lighthouse"),),
        ),
        SamplePost(
            PIER_COMPANY,
            "2026-09-22 10:00",
            "What the mast camera sees in the evening.",
            (linkedin_video("mast-evening", clips.VIDEO_SIZE, lambda: clips.video(42, scenery.DUSK)),),
        ),
        SamplePost(
            BRIGHTFIELD,
            "2026-10-01 07:45",
            "A new mark for Brightfield Maps. It works on every ground, since it has none of its own.",
            (linkedin_image("mark", (900, 900), lambda: png(patterns.badge(900)), "A compass rose", "png"),),
        ),
        SamplePost(
            BRIGHTFIELD,
            "2026-10-19 12:15",
            "Our loading animation is ready. We are sorry.",
            (linkedin_image("loading", (clips.LOOP_SIDE, clips.LOOP_SIDE), clips.gif, extension="gif"),),
        ),
        SamplePost(
            PIER_COMPANY,
            "2026-11-02 09:00",
            "Our annual report is out: tides, gauges and a year of waiting.",
            (linkedin_document("annual-report", _annual_report),),
        ),
        SamplePost(
            IDA_AT_WORK,
            "2026-11-05 16:50",
            "Why I stayed late.",
            (linkedin_image("late", WIDE, lambda: jpeg(scenery.sea(9, WIDE)), "A low sun over the sea"),),
        ),
    ]


def _annual_report() -> bytes:
    return clips.pdf(printed.report_pages(scenery.sea(9, (827, 551))))
