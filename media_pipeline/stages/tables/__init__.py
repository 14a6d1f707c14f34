"""Posts and media as files that other programs read: Parquet, a file for each partition.

What belongs here: writing and reading such files. What does not: their columns and rows
(:mod:`media_pipeline.catalog.typed_tables`).
"""
