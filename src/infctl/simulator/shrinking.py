"""Makes a scenario that fails as small as it goes: one thing less, as long as it still fails."""

from infctl.simulator.engine import Engine
from infctl.simulator.scenario import Scenario
from infctl.simulator.simulation import simulate

_MOST_TRIES = 150


def shrink(scenario: Scenario, rule: str, engine: Engine) -> Scenario:
    """The smallest scenario found that breaks the same rule."""
    tries = 0
    smallest = scenario
    while True:
        for candidate in smallest.smaller():
            tries += 1
            if tries > _MOST_TRIES:
                return smallest
            if any(v.rule == rule for v in simulate(candidate, engine).trace.violations):
                smallest = candidate
                break
        else:
            return smallest
