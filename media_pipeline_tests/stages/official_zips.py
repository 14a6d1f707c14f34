"""Zips as platforms hand them to their users, with media in them."""

from __future__ import annotations

import io
import json
import zipfile

from media_pipeline_tests.imaging.formats import video
from media_pipeline_tests.library import picture
from media_pipeline_tests.posts.instagram_shapes import exported_album, exported_story

OWNER = {"profile_user": [{"string_map_data": {"Username": {"value": "anna.example"}}}]}
SUBTITLES = b"1\n00:00:00,000 --> 00:00:01,000\nhello\n"


def exported_zip() -> bytes:
    """Of Instagram: a post of a picture and a video with subtitles, a story, and a message that is not read."""
    zipped = io.BytesIO()
    with zipfile.ZipFile(zipped, "w") as archive:
        for name, value in (
            ("your_instagram_activity/media/posts_1.json", [exported_album()]),
            ("your_instagram_activity/media/stories.json", exported_story()),
            ("your_instagram_activity/messages/inbox/bob/message_1.json", {"messages": [{"photos": [{"uri": "x"}]}]}),
            ("personal_information/personal_information/personal_information.json", OWNER),
        ):
            archive.writestr(name, json.dumps(value))
        archive.writestr("media/posts/202405/1_n.webp", picture(1, kind="WEBP"))
        archive.writestr("media/posts/202405/AQ_2_v_1790", video("mp4", seconds=1))
        archive.writestr("media/posts/202405/3_n.srt", SUBTITLES)
        archive.writestr("media/stories/202405/4_n.jpg", picture(4))
    return zipped.getvalue()
