"""The pipeline as a component: a defs.yaml is all that a project needs."""

from __future__ import annotations

import re
from importlib.metadata import entry_points
from pathlib import Path

import dagster as dg
import pytest
import yaml
from dagster.components.testing import create_defs_folder_sandbox

from media_pipeline.defs.component import MediaPipelineComponent
from media_pipeline.settings import SettingsError

PAGE = Path(__file__).parents[2] / "docs" / "embedding.md"


def documented(tmp_path: Path) -> dict[str, object]:
    """The defs.yaml of the page, with folders of this test."""
    (text,) = re.findall(r"```yaml\n(.*?)```", PAGE.read_text(), re.DOTALL)
    return yaml.safe_load(text.replace("/srv", str(tmp_path)))


def loaded(body: dict[str, object]) -> dg.Definitions:
    with create_defs_folder_sandbox() as sandbox:
        path = sandbox.scaffold_component(component_cls=MediaPipelineComponent, defs_yaml_contents=body)
        with sandbox.load_component_and_build_defs(path) as (component, definitions):
            assert isinstance(component, MediaPipelineComponent)
            return definitions


def test_the_defs_yaml_of_the_page_loads_the_whole_pipeline_under_its_prefix(tmp_path: Path) -> None:
    definitions = loaded(documented(tmp_path))
    keys = {key.to_user_string() for key in definitions.resolve_asset_graph().get_all_asset_keys()}
    assert {"archive/raw_posts", "archive/s3_archive", "archive/media"} <= keys
    assert definitions.resolve_job_def("archive_media_pipeline")
    assert definitions.resolve_sensor_def("archive_new_imports")
    assert {spec.group_name for spec in definitions.resolve_all_asset_specs()} == {"social"}


@pytest.mark.parametrize("setting", [{"MEDIA_JPEG_QUALITY": 200}, {"media_jpeg_qualty": 70}])
def test_a_setting_of_the_defs_yaml_that_is_wrong_stops_the_loading_and_is_named(
    tmp_path: Path, setting: dict[str, int]
) -> None:
    body = documented(tmp_path)
    body["attributes"] = {"settings": setting}
    with pytest.raises(Exception, match=r"defs\.yaml") as caught:
        loaded(body)
    assert isinstance(caught.value.__cause__, SettingsError)
    assert next(iter(setting)).lower() in str(caught.value.__cause__).lower()


def test_dg_finds_the_component_by_its_entry_point() -> None:
    (found,) = [
        point for point in entry_points(group="dagster_dg_cli.registry_modules") if point.name == "media_pipeline"
    ]
    assert found.load().MediaPipelineComponent is MediaPipelineComponent
