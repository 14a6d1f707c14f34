"""A library of posts with media of every kind, stored and not."""

from __future__ import annotations

from typing import Any

from media_pipeline_tests import faulty_host
from media_pipeline_tests.faulty_host import FaultyHost
from media_pipeline_tests.imaging import formats
from media_pipeline_tests.library import Library, picture, tweet
from media_pipeline_tests.stages.either_database import video

POSTS = 8
SHOWN = 6
"""Media that are stored, and shown."""


def posts_of_every_kind(host: FaultyHost) -> list[dict[str, Any]]:
    """Pictures, one of them twice; a video; an animation; a document; sound; one that is gone; and words alone."""
    shown, copy = (host.serve(path, picture(1, 600, 400)) for path in ("/1.jpg", "/7.jpg"))
    clip = host.serve("/2.mp4", formats.video("mp4", seconds=1, movflags="faststart"), mime_type="video/mp4")
    gif = host.serve("/3.gif", formats.animation("GIF"), mime_type="image/gif")
    pdf = host.serve("/4.pdf", formats.pdf(), mime_type="application/pdf")
    sound = host.serve("/5.mp3", formats.sound("mp3", "libmp3lame"), mime_type="audio/mpeg")
    gone = host.serve("/6.jpg", fault=faulty_host.status(404))
    return [
        tweet(1, shown, text="A harbour at dawn\nwith two lines"),
        video((clip, 1000), number=2),
        tweet(3, gif, text="It moves"),
        tweet(4, pdf, author="bob", text="The report"),
        tweet(5, sound, author="bob", text="Listen"),
        tweet(6, gone, author="bob", text="It was here"),
        tweet(7, copy, text="The harbour once more"),
        tweet(8, text="Straße nach München"),
    ]


def fill(library: Library, host: FaultyHost) -> None:
    """Import everything."""
    library.land("posts.json", posts_of_every_kind(host))
    library.run()
