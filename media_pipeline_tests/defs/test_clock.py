"""Dagster's own memory of sensors and schedules after a clock was ten years ahead, on both databases."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import dagster as dg
import pytest
from dagster._core.definitions.run_request import InstigatorType
from dagster._core.remote_origin import InProcessCodeLocationOrigin, RemoteInstigatorOrigin, RemoteRepositoryOrigin
from dagster._core.scheduler.instigation import (
    InstigatorState,
    InstigatorStatus,
    ScheduleInstigatorData,
    SensorInstigatorData,
    TickData,
    TickStatus,
)
from dagster._core.types.loadable_target_origin import LoadableTargetOrigin

from media_pipeline.definitions import build_defs
from media_pipeline.defs.runs.clock import OURS, forget_the_future
from media_pipeline.defs.runs.launch import open_instance
from media_pipeline_tests.library import Library

pytestmark = pytest.mark.usefixtures("either_database")
AHEAD = timedelta(days=3650)


def _remember(instance: dg.DagsterInstance, name: str, when: datetime) -> InstigatorState:
    """What Dagster keeps of a sensor or schedule that ticked then."""
    location = InProcessCodeLocationOrigin(LoadableTargetOrigin(module_name="media_pipeline.definitions"))
    origin = RemoteInstigatorOrigin(RemoteRepositoryOrigin(location, "__repository__"), name)
    is_sensor = name in ("new_imports", "dead_runs", "theirs")
    data: Any = (
        SensorInstigatorData(last_tick_timestamp=when.timestamp(), min_interval=30, cursor="kept")
        if is_sensor
        else ScheduleInstigatorData("0 3 * * *", start_timestamp=when.timestamp())
    )
    kind = InstigatorType.SENSOR if is_sensor else InstigatorType.SCHEDULE
    state = instance.add_instigator_state(InstigatorState(origin, kind, InstigatorStatus.RUNNING, data))
    instance.create_tick(
        TickData(
            state.instigator_origin_id,
            name,
            kind,
            TickStatus.SKIPPED,
            when.timestamp(),
            skip_reason="nothing",
            selector_id=state.selector_id,
        )
    )
    return state


def _times(instance: dg.DagsterInstance, state: InstigatorState) -> list[datetime]:
    """Of the state, then of its ticks."""
    found = instance.get_instigator_state(state.instigator_origin_id, state.selector_id)
    assert found is not None
    assert found.instigator_data is not None
    written = [value for value in found.instigator_data._asdict().values() if isinstance(value, float)]
    ticks = instance.get_ticks(state.instigator_origin_id, state.selector_id)
    return [datetime.fromtimestamp(value, UTC) for value in (*written, *(tick.timestamp for tick in ticks))]


@pytest.mark.parametrize("name", OURS)
def test_a_sensor_or_schedule_that_ticked_in_the_future_has_ticked_now(library: Library, name: str) -> None:
    with open_instance(library.settings) as instance:
        state = _remember(instance, name, datetime.now(UTC) + AHEAD)
        assert min(_times(instance, state)) > datetime.now(UTC) + AHEAD / 2
    # Every start looks at it.
    with open_instance(library.settings) as instance:
        assert max(_times(instance, state)) <= datetime.now(UTC)
        assert len(_times(instance, state)) == 2
        found = instance.get_instigator_state(state.instigator_origin_id, state.selector_id)
        assert found is not None
        assert getattr(found.instigator_data, "cursor", "kept") == "kept"


@pytest.mark.parametrize(("name", "ago"), [("new_imports", timedelta(hours=1)), ("theirs", -AHEAD)])
def test_what_is_of_the_past_or_of_other_projects_is_left_as_it_is(library: Library, name: str, ago: timedelta) -> None:
    with open_instance(library.settings) as instance:
        state = _remember(instance, name, datetime.now(UTC) - ago)
        before = _times(instance, state)
        assert len(before) == 2
        forget_the_future(instance)
        assert _times(instance, state) == before


def test_the_sensors_and_schedules_that_are_looked_at_are_those_that_there_are(library: Library) -> None:
    repository = build_defs(library.settings).get_repository_def()
    named = [one.name for one in (*repository.sensor_defs, *repository.schedule_defs)]
    assert sorted(named) == sorted(OURS)
