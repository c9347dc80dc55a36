"""The engine costs little beside the fsyncs that a step needs anyhow."""

import importlib.util
import sys
from pathlib import Path
from typing import Any

from infctl.executor.own_files import filesystem_of

SCRIPT = Path(__file__).parents[2] / "scripts" / "measure_step.py"
BOUND = 2.0
"""The promise is 1.3 on a quiet machine; here others may be busy."""


def _script() -> Any:
    spec = importlib.util.spec_from_file_location("measure_step", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def test_a_step_costs_at_most_twice_its_fsyncs(tmp_path: Path) -> None:
    # In memory an fsync costs nothing, and there would be nothing to compare with.
    is_memory = filesystem_of(tmp_path) in ("tmpfs", "ramfs")
    script = _script()
    rounds = script.measure(Path.cwd() if is_memory else tmp_path, 60, 5)
    ratios = [script.ratio_of(steps) for steps in rounds]
    assert [len(steps) for steps in rounds] == [59] * 5
    assert sorted(ratios)[3] > 1.0, "a step without its writes cannot be"
    assert sorted(ratios)[2] <= BOUND, ratios
