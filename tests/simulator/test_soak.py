"""An executor that lives for days: no memory and no file is left behind (B34)."""

import os

import pytest

from infctl.simulator.runner import run_soak

HOURS = float(os.environ.get("INFCTL_SOAK_HOURS", "0.5"))
"""72 by hand and in the night."""


@pytest.mark.timeout(max(120, int(HOURS * 50)))
def test_an_executor_that_lives_long_grows_by_nothing(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("CRITICAL")
    result = run_soak(0, HOURS * 3600)
    assert not result.failures
    assert result.virtual >= HOURS * 3600
    assert result.decided["retry"] >= HOURS
    before, after = result.memory
    assert after - before <= 10 * 1024
    assert result.files[0] == result.files[1]
