"""The command line as a script calls it."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from typing import Any

from media_pipeline_tests import forked
from media_pipeline_tests.library import Library
from media_pipeline_tests.patience import PATIENCE_SECONDS


class Shell:
    """Runs `media-pipeline …` in a library's folder, in a process of its own."""

    program = forked.COMMAND

    def __init__(self, library: Library, **environment: str) -> None:
        self.library = library
        library.folder.mkdir(parents=True, exist_ok=True)
        self.environment = {
            **os.environ,
            "MEDIA_STORAGE_PATH": str(library.storage),
            "MEDIA_IMPORT_PATH": str(library.settings.import_path),
            "MEDIA_ALLOWED_HOSTS": ",".join(library.settings.media_allowed_hosts),
            "COLUMNS": "160",
            **environment,
        }

    def run(self, *arguments: str, code: int | None = 0, **environment: str) -> subprocess.CompletedProcess[str]:
        with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as errors:
            surroundings = {**self.environment, **environment}, self.library.folder
            started = forked.start(self.program, arguments, *surroundings, out, errors)
            started.wait(PATIENCE_SECONDS)
            out.seek(0)
            errors.seek(0)
            done = subprocess.CompletedProcess(arguments, started.wait(), out.read(), errors.read())
        assert code in (None, done.returncode), done.stdout + done.stderr
        return done

    def json(self, *arguments: str, code: int = 0) -> Any:
        return json.loads(self.run(*arguments, "--json", code=code).stdout)
