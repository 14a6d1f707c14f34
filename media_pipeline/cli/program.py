"""All commands as one program, and the exit code that each way to end has.

What belongs here: what becomes of errors. What does not: the commands.
"""

from __future__ import annotations

import typer

from media_pipeline.cli import (
    exports,
    fetching,
    integrity,
    media,
    media_duplicates,
    pages,
    running,
    session,
    verdicts,
)
from media_pipeline.cli.app import app
from media_pipeline.cli.interruption import INTERRUPTED
from media_pipeline.cli.terminal import (
    OutputLost,
    flush_output,
    give_up_output,
    open_output,
    print_error,
    print_unforeseen,
)
from media_pipeline.settings import SettingsError

# A command joins the application when its module is imported, and `--help` lists them in this order.
__all__ = [
    "app",
    "exports",
    "fetching",
    "integrity",
    "media",
    "media_duplicates",
    "pages",
    "run",
    "running",
    "verdicts",
]


def run() -> int:
    """Run the command that the arguments name, and return the exit code."""
    open_output()
    try:
        code = app(standalone_mode=False) or 0
        flush_output()
        return _interrupted() if code == INTERRUPTED else code
    except session.WorkInterrupted:
        return _interrupted(": what has come is kept, and the same command goes on from there")
    except KeyboardInterrupt:
        return _interrupted()
    except OutputLost as error:
        give_up_output()
        if not error.has_no_reader:
            print_error(str(error))
        return 1
    except typer.TyperException as error:
        return _wrong_usage(error)
    except SettingsError as error:
        print_error(str(error))
        return 2
    except Exception as error:  # noqa: BLE001 - the traceback of what nobody foresaw may hold foreign text too
        said = session.explained(error)
        if said is None:
            print_unforeseen(error)
        else:
            print_error(said)
        return 1


def _interrupted(what_is_kept: str = "") -> int:
    print_error(f"interrupted{what_is_kept}")
    return INTERRUPTED


def _wrong_usage(error: typer.TyperException) -> int:
    # Without arguments the help was printed, and nothing is left to be said.
    if said := error.format_message().strip():
        context = getattr(error, "ctx", None)
        print_error(f"{said} (see {context.command_path} --help)" if context else said)
    return error.exit_code
