"""One seed of choice, to repeat what went wrong: MEDIA_TEST_SEED."""

from __future__ import annotations

import os

import pytest

from media_pipeline_tests.simulation.conftest import MakeSimulation
from media_pipeline_tests.simulation.simulation import simulate

SEED = int(os.environ.get("MEDIA_TEST_SEED", "1"))


@pytest.mark.slow
def test_nothing_is_lost_with_one_seed_of_choice(simulated: MakeSimulation) -> None:
    simulate(simulated(SEED), SEED)
