"""The examples of docs/python.md are run as they stand, against a host on loopback."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from media_pipeline_tests.faulty_host import FaultyHost, status
from media_pipeline_tests.library import Library, picture

PAGE = Path(__file__).parents[1] / "docs" / "python.md"


def test_every_example_of_the_page_on_python_runs(
    library: Library, host: FaultyHost, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MEDIA_STORAGE_PATH", str(library.storage))
    monkeypatch.setenv("MEDIA_IMPORT_PATH", str(library.settings.import_path))
    monkeypatch.setenv("MEDIA_ALLOWED_HOSTS", host.address)
    names: dict[str, Any] = {
        "url": host.serve("/a.jpg", picture(1)),
        "other_url": host.serve("/b.jpg", picture(2)),
        "dead_url": host.serve("/gone.jpg", fault=status(404)),
    }
    examples = re.findall(r"^```python\n(.+?)^```", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    assert len(examples) == 5
    for example in examples:
        exec(compile(example, str(PAGE), "exec"), names)
    assert "opened read-only" in capsys.readouterr().out
    assert len(host.requests) == 3
