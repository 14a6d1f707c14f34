"""The documentation is held against the code."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import pytest

from media_pipeline.defs import checks
from media_pipeline.defs.naming import PLAIN
from media_pipeline.model import Status
from media_pipeline.posts.platforms import platform_names
from media_pipeline.settings import Settings, names_of

ROOT = Path(__file__).parents[1]
PAGES = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]
RECORDS = sorted((ROOT / "docs" / "decisions").glob("[0-9]*.md"))


def _generator():
    spec = importlib.util.spec_from_file_location("docs_generate", ROOT / "docs" / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_generated_pages_are_up_to_date() -> None:
    stale = [path.name for path, text in _generator().pages().items() if path.read_text() != text]
    assert stale == [], "run `make docs`"


def test_every_setting_has_a_group_and_a_description() -> None:
    grouped = [name for _title, names in _generator().groups() for name in names]
    assert sorted(grouped) == sorted(Settings.model_fields)
    for name, field in Settings.model_fields.items():
        assert re.fullmatch(r"[A-Z].{20,}[.]", field.description or ""), f"{name}: a whole sentence"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_to_a_file_leads_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)#]+)", page.read_text())
    missing = [link for link in links if "://" not in link and not (page.parent / link).exists()]
    assert missing == []


def test_the_page_of_assets_names_every_check_and_job() -> None:
    text = (ROOT / "docs" / "assets.md").read_text()
    names = [
        spec.name
        for asset in ("raw_posts", "media_manifest", "cached_media", "dedup_report", "s3_archive")
        for spec in checks.specs_of(asset)
    ]
    names += [PLAIN.whole, PLAIN.manifests, PLAIN.originals, PLAIN.delivery, PLAIN.verify]
    assert [name for name in names if f"`{name}`" not in text] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_settings_that_a_page_names_exist(page: Path) -> None:
    named = set(re.findall(r"\b((?:MEDIA|AWS|DOWNLOAD)_[A-Z0-9_]+)\b", page.read_text()))
    known = {name for field in Settings.model_fields for name in names_of(field)} | {
        "MEDIA_ID",
        "MEDIA_TEST_CORPUS",
        "MEDIA_TEST_SEED",
    }
    assert named - known == set()


def test_the_page_of_fetching_names_every_status_that_a_link_may_end_in() -> None:
    text = (ROOT / "docs" / "fetching.md").read_text()
    elsewhere = {Status.PENDING, Status.SKIPPED}
    assert [status.value for status in Status if status not in elsewhere and f"`{status.value}`" not in text] == []


def test_the_page_of_fetching_names_every_kind_of_refusal() -> None:
    """As the code writes them: ``Refusal(Status.X, "kind"`` and ``UnsafeUrlError("kind"``."""
    text = (ROOT / "docs" / "fetching.md").read_text()
    code = "".join(path.read_text() for path in sorted((ROOT / "media_pipeline" / "fetch").rglob("*.py")))
    kinds = set(re.findall(r'Refusal\(\s*Status\.[A-Z_]+,\s*"([a-z_]+)"', code))
    kinds |= set(re.findall(r'UnsafeUrlError\(\s*[^()]*?"([a-z_]+)"', code))
    inside = {"host_left_alone", "range_refused", "worker_died"}
    assert len(kinds) > 20
    assert [kind for kind in sorted(kinds - inside) if f"`{kind}`" not in text] == []


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.name)
def test_a_decision_has_a_number_a_date_and_the_three_headings(record: Path) -> None:
    text = record.read_text()
    assert re.match(rf"# {record.name[:4]}: .+\n\nDate: 20\d\d-\d\d-\d\d\n", text)
    assert re.findall("^## (.+)$", text, re.MULTILINE) == ["Context", "Decision", "Consequences"]


def test_the_index_of_decisions_names_each_record_by_its_title() -> None:
    index = (ROOT / "docs" / "decisions" / "README.md").read_text()
    titles = {record.name: record.read_text().splitlines()[0].removeprefix("# ") for record in RECORDS}
    unnamed = [name for name, title in titles.items() if f"[{title[:4]}]({name}){title[4:]}" not in index]
    assert RECORDS
    assert unnamed == []


@pytest.mark.parametrize("name", [name for name in platform_names() if name != "url"])
def test_every_platform_is_named_where_readers_look_for_it(name: str) -> None:
    assert f"\n| {name} | " in (ROOT / "docs" / "platforms.md").read_text("utf-8")
    assert name in (ROOT / "README.md").read_text("utf-8").lower()
