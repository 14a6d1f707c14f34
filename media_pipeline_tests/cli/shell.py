"""The command line as a script calls it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

from media_pipeline_tests.library import Library


class Shell:
    """Runs `media-pipeline …` in a library's folder, in a process of its own."""

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

    def run(self, *arguments: str, code: int = 0, **environment: str) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [sys.executable, "-m", "media_pipeline.cli", *arguments],
            env={**self.environment, **environment},
            cwd=self.library.folder,
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert done.returncode == code, done.stdout + done.stderr
        return done

    def json(self, *arguments: str, code: int = 0) -> Any:
        return json.loads(self.run(*arguments, "--json", code=code).stdout)
