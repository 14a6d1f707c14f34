"""Streams, HLS and DASH: from a playlist or manifest to one file, without re-encoding.

What belongs here: choosing the best picture and sound, getting their segments, and joining them.
:mod:`~media_pipeline.fetch.streams.download` is the way in. What does not: sockets. Every byte comes through the
:class:`~media_pipeline.fetch.streams.plan.Get` that the caller hands in, and ffmpeg opens local files alone.
"""
