"""Who posted what beyond Twitter and LinkedIn: the sample's posts of the other six platforms. Nobody in it exists.

What belongs here: the story. What does not: how it is written down (``exports``).
"""

from __future__ import annotations

from media_pipeline.demo.artwork import clips, patterns, scenery
from media_pipeline.demo.artwork.encoding import jpeg, recompressed
from media_pipeline.demo.media import (
    bluesky_photo,
    facebook_photo,
    instagram_photo,
    instagram_video,
    mastodon_photo,
    reddit_photo,
    tiktok_photo,
    tiktok_video,
)
from media_pipeline.demo.sample import (
    IDA,
    MARTA,
    NILS,
    PIER,
    SQUARE,
    WIDE,
    SamplePost,
    evening_photo,
    first_light_photo,
)

UPRIGHT = (960, 1200)


def instagram() -> list[SamplePost]:
    """A carousel, and a video."""
    return [
        SamplePost(
            MARTA,
            "2026-07-04 10:10",
            "Ridges, three moods. Swipe.",
            (
                instagram_photo("ig-1", UPRIGHT, lambda: jpeg(scenery.hills(21, UPRIGHT, scenery.DAWN)), "Pink ridges"),
                instagram_photo("ig-2", UPRIGHT, lambda: jpeg(scenery.hills(22, UPRIGHT, scenery.FOREST))),
                instagram_photo("ig-3", UPRIGHT, lambda: jpeg(scenery.hills(23, UPRIGHT, scenery.NIGHT))),
            ),
        ),
        SamplePost(
            PIER,
            "2026-09-06 18:00",
            "The mast camera, once more around.",
            (instagram_video("ig-mast", clips.VIDEO_SIZE, lambda: clips.video(43, scenery.NOON)),),
        ),
    ]


def facebook() -> list[SamplePost]:
    """An album, and a picture that Twitter has too, byte for byte."""
    return [
        SamplePost(
            PIER,
            "2026-07-18 20:00",
            "The evening that everybody asked for.",
            (facebook_photo("fb-evening", WIDE, evening_photo),),
        ),
        SamplePost(
            PIER,
            "2026-08-30 09:00",
            "Open day at the observatory: the posters.",
            (
                facebook_photo("fb-poster-1", SQUARE, lambda: jpeg(patterns.quilt(8, 1200))),
                facebook_photo("fb-poster-2", SQUARE, lambda: jpeg(patterns.pulses(9, SQUARE))),
            ),
        ),
    ]


def tiktok() -> list[SamplePost]:
    """A video in three qualities, and a post of pictures."""
    return [
        SamplePost(
            IDA,
            "2026-09-14 15:30",
            "pov: you are a tide gauge",
            (tiktok_video("tt-gauge", clips.VIDEO_SIZE, lambda: clips.video(44, scenery.DUSK)),),
        ),
        SamplePost(
            IDA,
            "2026-09-16 12:00",
            "two maps i did not get paid for",
            (
                tiktok_photo("tt-map-1", UPRIGHT, lambda: jpeg(patterns.contours(24, UPRIGHT))),
                tiktok_photo("tt-map-2", UPRIGHT, lambda: jpeg(patterns.marble(25, UPRIGHT))),
            ),
        ),
    ]


def mastodon() -> list[SamplePost]:
    """A picture, and somebody who boosts it."""
    glass = SamplePost(
        NILS,
        "2026-08-03 09:00",
        "Stained glass, no. 26. Made with 90 points & a loop.",
        (mastodon_photo("md-glass", WIDE, lambda: jpeg(patterns.stained_glass(26, WIDE)), "Panes of teal and red"),),
    )
    return [glass, SamplePost(IDA, "2026-08-03 11:00", "", reposts=glass)]


def bluesky() -> list[SamplePost]:
    """Two pictures, and somebody who quotes them."""
    waves = SamplePost(
        MARTA,
        "2026-10-08 07:00",
        "Before and after the storm.",
        (
            bluesky_photo("bs-1", WIDE, lambda: jpeg(scenery.sea(27, WIDE)), "A calm sea"),
            bluesky_photo("bs-2", WIDE, lambda: jpeg(scenery.hills(28, WIDE, scenery.ARCTIC)), "Snow on the hills"),
        ),
    )
    return [waves, SamplePost(NILS, "2026-10-08 08:00", "The second one is my new wallpaper.", quotes=waves)]


def reddit() -> list[SamplePost]:
    """A gallery, and a smaller copy of a picture that others posted first."""
    return [
        SamplePost(
            NILS,
            "2026-09-25 21:00",
            "Two of mine, generated [OC]",
            (
                reddit_photo("rd-1", WIDE, lambda: jpeg(patterns.currents(29, WIDE)), "Lines in a current"),
                reddit_photo("rd-2", WIDE, lambda: jpeg(patterns.facets(30, WIDE)), "Triangles"),
            ),
        ),
        SamplePost(
            IDA,
            "2026-09-26 06:00",
            "First light over the ridges (not mine)",
            (reddit_photo("rd-first-light", (1440, 960), lambda: recompressed(first_light_photo(), 0.6, 60)),),
        ),
    ]
