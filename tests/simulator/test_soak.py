"""An executor that lives for days: no memory and no file is left behind (B34)."""

import json
import os
import subprocess
import sys

import pytest

HOURS = float(os.environ.get("INFCTL_SOAK_HOURS", "0.5"))
"""72 by hand and in the night."""
ALONE = """
import json, logging, sys
from infctl.simulator.runner import run_soak
logging.disable(logging.CRITICAL)
result = run_soak(0, float(sys.argv[1]) * 3600)
print(json.dumps([len(result.failures), result.virtual, result.decided["retry"],
                  result.memory, result.files]))
"""


@pytest.mark.timeout(max(120, int(HOURS * 50)))
def test_an_executor_that_lives_long_grows_by_nothing() -> None:
    # In a process of its own: servers of other tests open and close files in this one.
    words = [sys.executable, "-c", ALONE, str(HOURS)]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    failures, virtual, retries, (before, after), files = json.loads(done.stdout)
    assert not failures
    assert virtual >= HOURS * 3600
    assert retries >= HOURS
    assert after - before <= 10 * 1024
    assert files[0] == files[1]
