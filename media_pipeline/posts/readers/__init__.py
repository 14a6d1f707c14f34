"""Export files as records: one module a file format, and :func:`read_export`, which picks it."""

from media_pipeline.posts.readers.export import (
    SUPPORTED_SUFFIXES,
    is_export_file,
    is_part_without_posts,
    read_each,
    read_export,
)

__all__ = ["SUPPORTED_SUFFIXES", "is_export_file", "is_part_without_posts", "read_each", "read_export"]
