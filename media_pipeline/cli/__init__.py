"""`media-pipeline`: every command, thin over the stages and Dagster's jobs.

What belongs in this room: arguments, what is printed, exit codes (0 done, 1 failed, 2 wrong usage or settings, 130
interrupted by Ctrl-C).
"""

from __future__ import annotations

import sys

INTERRUPTED = 130
"""As shells say it: 128 and the number of SIGINT. Typer makes it of a KeyboardInterrupt."""


def main() -> None:
    """The command line; every error of ours is one line and a non-zero exit code."""
    try:
        # Imported here: it takes up to a second, in which Ctrl-C is heard as well.
        from media_pipeline.cli.program import run

        code = run()
    except KeyboardInterrupt:
        sys.stderr.write("error: interrupted\n")
        code = INTERRUPTED
    sys.exit(code)
