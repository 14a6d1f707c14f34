"""`media-pipeline`: every command, thin over the stages and Dagster's jobs.

What belongs here: arguments, what is printed, exit codes (0 done, 1 failed, 2 wrong usage or settings).
"""

from __future__ import annotations

import sys

from media_pipeline import session
from media_pipeline.cli import exports, integrity, media, media_duplicates, running
from media_pipeline.cli.app import app
from media_pipeline.settings import SettingsError
from media_pipeline.terminal import err

# A command joins the application when its module is imported, and `--help` lists them in this order.
__all__ = ["app", "exports", "integrity", "main", "media", "media_duplicates", "running"]


def main() -> None:
    """The command line; every error of ours is one line and a non-zero exit code."""
    try:
        app()
    except SettingsError as error:
        err.print(f"[red]error:[/red] {error}", soft_wrap=True)
        sys.exit(2)
    except Exception as error:
        said = session.explained(error)
        if said is None:
            raise
        err.print(f"error: {said}", soft_wrap=True, markup=False)
        sys.exit(1)
