"""`media-pipeline`: every command, thin over the stages and Dagster's jobs.

What belongs in this room: arguments, what is printed, exit codes (0 done, 1 failed, 2 wrong usage or settings, 130
interrupted by Ctrl-C).
"""

from __future__ import annotations

import sys

from media_pipeline.cli import interruption


def main() -> None:
    """The command line; every error of ours is one line and a non-zero exit code."""
    try:
        interruption.listen()
        # Imported here: it takes up to a second, in which Ctrl-C is heard as well.
        from media_pipeline.cli.program import run

        code = run()
    except KeyboardInterrupt:
        interruption.end("error: interrupted\n")
    if code == interruption.INTERRUPTED:
        interruption.end()
    sys.exit(code)
