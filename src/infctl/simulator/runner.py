"""Many scenarios in a row, and what they came to."""

import contextlib
import gc
import os
import resource
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from infctl.simulator.engine import INFCTL, Engine
from infctl.simulator.faults import FAULTS
from infctl.simulator.scenario import Scenario, draw, world_of
from infctl.simulator.shrinking import shrink
from infctl.simulator.simulation import Simulation, simulate
from infctl.simulator.soaking import endless
from infctl.simulator.trace import Violation

_MOST_SHOWN = 5
_TELL_SECONDS = 10.0
_MOST_UNCOLLECTED = 50_000


@dataclass(frozen=True, slots=True)
class Failure:
    """A seed that broke a rule, and the least of its scenario that still does."""

    seed: int
    violation: Violation
    smallest: Scenario


@dataclass(slots=True)
class Result:
    """`seconds` are true ones, `cpu` this process's own; memory in KiB, before and after."""

    seed: int
    runs: int = 0
    acts: int = 0
    virtual: float = 0.0
    seconds: float = 0.0
    cpu: float = 0.0
    injected: Counter[str] = field(default_factory=Counter)
    decided: Counter[str] = field(default_factory=Counter)
    reached: Counter[str] = field(default_factory=Counter)
    worlds: Counter[str] = field(default_factory=Counter)
    failures: list[Failure] = field(default_factory=list)
    failed: int = 0
    memory: tuple[int, int] = (0, 0)
    files: tuple[int, int] = (0, 0)


def run_many(
    seed: int,
    runs: int,
    kinds: Sequence[str] = tuple(FAULTS),
    tell: Callable[[str], None] = lambda _: None,
    engine: Engine = INFCTL,
) -> Result:
    """The scenarios of `runs` seeds; the first failures are made as small as they go."""
    _warm_up(seed)
    result = _begin(seed)
    began, busy = time.monotonic(), time.process_time()
    told = began
    with _rarely_collecting():
        for number in range(seed, seed + runs):
            add(result, simulate(draw(number, kinds), engine), engine)
            if time.monotonic() - told > _TELL_SECONDS:
                told = time.monotonic()
                tell(f"{result.runs} of {runs} runs, {result.failed} failed")
    _end(result, began, busy)
    return result


def run_soak(seed: int, seconds: float, kinds: Sequence[str] = tuple(FAULTS)) -> Result:
    """One executor that lives for so many virtual seconds."""
    del kinds
    _warm_up(seed)
    result = _begin(seed)
    began, busy = time.monotonic(), time.process_time()
    add(result, simulate(endless(seed, seconds)), INFCTL)
    _end(result, began, busy)
    return result


def add(result: Result, simulation: Simulation, engine: Engine) -> None:
    """Count one run in."""
    trace = simulation.trace
    result.runs += 1
    result.acts += len(trace.acts)
    result.virtual += simulation.ended
    result.injected.update(trace.injected)
    result.decided.update(trace.decided)
    result.reached.update(trace.reached)
    result.worlds[world_of(simulation.scenario)] += 1
    if not trace.violations:
        return
    result.failed += 1
    if len(result.failures) < _MOST_SHOWN:
        found = trace.violations[0]
        scenario = simulation.scenario
        result.failures.append(Failure(scenario.seed, found, shrink(scenario, found.rule, engine)))


@contextlib.contextmanager
def _rarely_collecting() -> Iterator[None]:
    """A run's tasks and futures refer to each other until it is over: looking often is in vain."""
    before = gc.get_threshold()
    gc.set_threshold(_MOST_UNCOLLECTED)
    try:
        yield
    finally:
        gc.set_threshold(*before)


def _warm_up(seed: int) -> None:
    """What is made once for all runs is none of these."""
    simulate(draw(seed, ()))


def _begin(seed: int) -> Result:
    gc.collect()
    return Result(seed, memory=(_memory(), 0), files=(_files(), 0))


def _end(result: Result, began: float, busy: float) -> None:
    result.seconds = time.monotonic() - began
    result.cpu = time.process_time() - busy
    gc.collect()
    result.memory = (result.memory[0], _memory())
    result.files = (result.files[0], _files())


def _memory() -> int:
    """Resident memory of this process in KiB (proc(5), statm)."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() // 1024


def _files() -> int:
    return len(os.listdir("/proc/self/fd"))  # noqa: PTH208
