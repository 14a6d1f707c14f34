"""From the store to the archive, and the proof that the archive still holds what was sent.

What belongs here: sending, proving, and what may leave the store for the archive. What does not: the archive's protocol
(:mod:`media_pipeline.storage`).
"""
