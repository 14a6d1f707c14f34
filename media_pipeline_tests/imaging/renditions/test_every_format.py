"""Everything that people post, whole and broken, becomes renditions or a named failure, and leaves nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from media_pipeline.imaging.renditions.recipes import recipes_for, recipes_from
from media_pipeline.imaging.workers import FailureKind, RenditionTask, Workers, WorkFailure
from media_pipeline.settings import Settings
from media_pipeline_tests.imaging import motion_photos
from media_pipeline_tests.imaging.formats import FORMATS
from media_pipeline_tests.imaging.mutations import mutated
from media_pipeline_tests.patience import PATIENCE_SECONDS

MUTATIONS = 3
MOTION_PHOTO = "motion photo"
SETTINGS = Settings(media_image_workers=2, media_image_timeout_seconds=PATIENCE_SECONDS)


def motion_photo() -> bytes:
    return motion_photos.google(FORMATS["mp4"][1]())


def tasks_for(folder: Path, mutations: int) -> list[RenditionTask]:
    """Each format whole, or so many mutations of it."""
    tasks = []
    (folder / "made").mkdir()
    for name, (mime_type, make) in (FORMATS | {MOTION_PHOTO: ("image/jpeg", motion_photo)}).items():
        content = make()
        frames = 4 if name.startswith("animated") else None
        for seed in range(mutations) if mutations else [None]:
            path = folder / f"{name} {seed}"
            path.write_bytes(content if seed is None else mutated(content, seed))
            recipes = recipes_for(mime_type, recipes_from(SETTINGS), frames, name == MOTION_PHOTO)
            tasks.append(RenditionTask(path.name, path, mime_type, recipes, folder / "made"))
    return tasks


@pytest.mark.parametrize("mutations", [0, MUTATIONS])
def test_every_format_becomes_renditions_or_a_named_failure(tmp_path: Path, mutations: int) -> None:
    made, failures = [], []
    with Workers(SETTINGS) as workers:
        for task, result in workers.map_renditions(tasks_for(tmp_path, mutations)):
            if isinstance(result, WorkFailure):
                failures.append((task.key, result))
            else:
                made += result
    assert mutations or failures == []
    assert {failure.kind for _, failure in failures} <= {FailureKind.UNREADABLE, FailureKind.TRUNCATED}, failures
    paths = {file.path for file in made if file.path}
    assert paths == set((tmp_path / "made").iterdir())
    assert mutations or {file.kind for file in made} == {recipe.kind for recipe in recipes_from(SETTINGS)}
