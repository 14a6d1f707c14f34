"""Whatever befalls a library, and whenever: started again until quiet, nothing is lost and nothing is fetched again.

A seed says what there is and what happens. Repeat one with MEDIA_TEST_SEED=<seed> and
``pytest -m slow media_pipeline_tests/simulation -k one_seed``.
"""

from __future__ import annotations

import pytest

from media_pipeline_tests.simulation.conftest import MakeSimulation
from media_pipeline_tests.simulation.simulation import simulate

pytestmark = pytest.mark.long


@pytest.mark.parametrize("seed", range(1, 21, 2))
def test_nothing_is_lost_whatever_befalls_a_library(simulated: MakeSimulation, seed: int) -> None:
    simulate(simulated(seed), seed)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(21, 201, 2))
def test_nothing_is_lost_with_many_more_seeds(simulated: MakeSimulation, seed: int) -> None:
    simulate(simulated(seed), seed)
