"""What finds neighbours. Numbers and text in, ids out.

What does not belong here: where fingerprints come from (:mod:`media_pipeline.imaging`), and where they are kept.
"""
