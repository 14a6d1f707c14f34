"""Whether store, places and catalogue agree, and what is done where they don't.

What belongs here: registered places, stored files against their digests, files without a row. What does not: the
archive's side (:mod:`media_pipeline.stages.archive`).
"""
