"""Libraries in a made-up world."""

import pytest

pytest.register_assert_rewrite(f"{__name__}.simulation", f"{__name__}.daemon")
