"""From media references to verified originals in the store.

What belongs here: which references are due, what an answer means to each of them, media that came with their export.
What does not: how a request is made and when (:mod:`media_pipeline.fetch`).
"""
