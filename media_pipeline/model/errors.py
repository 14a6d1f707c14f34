"""The base of every error of ours."""

from __future__ import annotations


class MediaPipelineError(Exception):
    """The base of every error of ours: its text is one line that tells the user what to do."""
