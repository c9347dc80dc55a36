"""B21: whatever sequence of switches is asked for, one region at least stays on.

INFCTL_TOGGLES sets how many sequences are tried; the full number is 10,000.
"""

import os
import sys
from dataclasses import replace
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).parents[1]))

from toy_facts import PLATFORM, facts_at

from infctl.content.facts import Facts
from infctl.engine.guards import regions_on
from infctl.model.measured import Measured, unknown
from infctl.model.outcome import Word
from infctl.runbooks import failover

SEQUENCES = int(os.environ.get("INFCTL_TOGGLES", "1000"))
NAMES = PLATFORM.region_names
Toggle = tuple[str, str]
TOGGLES = st.lists(
    st.tuples(
        st.sampled_from(("off", "on", "health checks turn", "blind")), st.sampled_from(NAMES)
    ),
    min_size=1,
    max_size=30,
)


class World:
    """Switches that are set, and what health checks say of them, which comes later."""

    def __init__(self) -> None:
        self.off: set[str] = set()
        self.seen_off: set[str] = set()
        self.blind: set[str] = set()

    def facts(self) -> Facts:
        facts = facts_at(1.0)
        regions = []
        for region in facts.snapshot.regions:
            healthy = (
                unknown("test", 0.0, "no answer")
                if region.name in self.blind
                else Measured(region.name not in self.seen_off, 0.0, "test")
            )
            switch = Measured(region.name in self.off, 0.0, "test")
            regions.append(replace(region, dns_healthy=healthy, switched_off=switch))
        return replace(facts, snapshot=replace(facts.snapshot, regions=tuple(regions)))

    def toggle(self, verb: str, region: str) -> None:
        if verb == "on":
            self.off.discard(region)
        elif verb == "health checks turn":
            self.seen_off = set(self.off)
            self.blind.clear()
        elif verb == "blind":
            self.blind.add(region)
        else:
            facts = self.facts()
            plan = failover.plan(facts, region, "test")
            if regions_on(plan, facts).word is Word.PASSED:
                self.off.add(region)


@settings(max_examples=SEQUENCES, deadline=None)
@given(TOGGLES)
def test_no_sequence_of_switches_leaves_less_than_one_region_on(toggles: list[Toggle]) -> None:
    world = World()
    for verb, region in toggles:
        world.toggle(verb, region)
        assert set(NAMES) - world.off, toggles
