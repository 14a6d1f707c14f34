"""What is installed is what is imported: the package's imports against pyproject.toml, the two locks, the version."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def _normalised(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _names(requirements: list[str]) -> set[str]:
    return {_normalised(re.split(r"[\[<>=!~; ]", requirement)[0]) for requirement in requirements}


def _imported(tree: ast.AST) -> Iterator[str]:
    """Modules that code imports when it runs: what stands under ``if TYPE_CHECKING`` is for the type checker."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield node.module or ""
        elif isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            yield from _imported(ast.Module(node.orelse, []))
        else:
            yield from _imported(node)


def _pins(lock: str) -> dict[str, str]:
    return dict(re.findall(r"^([a-z][\w.-]*)(?:\[[\w,-]+\])?==(\S+)", (ROOT / lock).read_text(), re.MULTILINE))


def test_the_package_imports_only_what_its_dependencies_bring() -> None:
    optional = PROJECT["optional-dependencies"]
    allowed = _names(PROJECT["dependencies"] + optional["faces"])
    distributions = packages_distributions()
    undeclared = {
        f"{path.relative_to(ROOT)}: {name}"
        for path in sorted((ROOT / "media_pipeline").rglob("*.py"))
        for name in {imported.split(".")[0] for imported in _imported(ast.parse(path.read_text()))}
        if name not in sys.stdlib_module_names and name != "media_pipeline"
        if not allowed & {_normalised(distribution) for distribution in distributions.get(name, [])}
    }
    assert undeclared == set()


def test_the_runtime_lock_holds_every_dependency_and_nothing_of_the_developers() -> None:
    optional = PROJECT["optional-dependencies"]
    runtime = set(_pins("requirements.lock"))
    assert _names(PROJECT["dependencies"] + optional["build"]) - runtime == set()
    assert runtime & (_names(optional["dev"]) - _names(optional["build"])) == set()


def test_the_developers_lock_holds_the_runtime_lock_in_the_same_versions() -> None:
    runtime, developers = _pins("requirements.lock"), _pins("requirements-dev.lock")
    assert len(runtime) > 50
    assert {name: developers.get(name) for name in runtime} == runtime
    assert _names(PROJECT["optional-dependencies"]["dev"]) - set(developers) == {"media-pipeline"}


def test_every_pin_of_a_lock_has_a_hash_and_no_lock_names_an_index() -> None:
    for lock in ("requirements.lock", "requirements-dev.lock"):
        text = (ROOT / lock).read_text()
        pins = re.findall(r"^\S+==.*\n(.*)", text, re.MULTILINE)
        assert all("--hash=sha256:" in following for following in pins)
        assert "://" not in text


def test_the_command_prints_the_version_of_the_project() -> None:
    command = [sys.executable, "-m", "media_pipeline.cli", "--version"]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert printed == f"media-pipeline {PROJECT['version']}\n"


def test_the_version_has_an_entry_in_the_changelog_and_names_the_image() -> None:
    assert f"\n## {PROJECT['version']} " in (ROOT / "CHANGELOG.md").read_text()
    assert f"image: media-pipeline:{PROJECT['version']}\n" in (ROOT / "compose.yaml").read_text()
