"""Dagster's own memory after a clock was years ahead: sensors and schedules would wait for that time to come.

The daemon asks when a sensor was last evaluated and when a schedule last ticked. A time in the future means "not yet
due", for as many years as the clock was ahead.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, cast

import dagster as dg
from dagster._core.scheduler.instigation import InstigatorState

from media_pipeline.defs.naming import PLAIN
from media_pipeline.policy.clocks import CLOCKS_APART, is_from_the_future

OURS = PLAIN.instigators
"""What other projects have in the same Dagster is left alone."""


def forget_the_future(instance: dg.DagsterInstance) -> None:
    """Give sensors, schedules and their ticks the present time where theirs has not come yet.

    A daemon that runs meanwhile remembers the last schedules itself, and needs a restart.
    """
    now = datetime.now(UTC)
    after = (now + CLOCKS_APART).timestamp()
    for state in instance.all_instigator_state():
        if state.instigator_name not in OURS:
            continue
        ticks = instance.get_ticks(state.instigator_origin_id, state.selector_id, after=after)
        for tick in ticks:
            instance.update_tick(tick._replace(tick_data=tick.tick_data._replace(timestamp=now.timestamp())))
        _correct(instance, state, now)


def _correct(instance: dg.DagsterInstance, state: InstigatorState, now: datetime) -> None:
    data = cast(Any, state.instigator_data)
    if data is None:
        return
    # Of a sensor and of a schedule, whatever is a number with a fraction is a time.
    wrong = {
        name: now.timestamp()
        for name, value in data._asdict().items()
        if isinstance(value, float) and is_from_the_future(datetime.fromtimestamp(value, UTC), now)
    }
    if wrong:
        instance.update_instigator_state(state.with_data(data._replace(**wrong)))
