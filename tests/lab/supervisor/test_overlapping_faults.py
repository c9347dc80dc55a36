"""Faults that are in force at once: in whatever order they heal, everything comes back."""

from pathlib import Path

import pytest
from test_supervisor import Toys, pair, states, toys, wait_for

from infctl.lab.errors import LabError

__all__ = ["states", "toys"]


@pytest.fixture
def hurt(toys: Toys, states: Path) -> Toys:
    """A part and the one that it needs, both killed, each by a fault of its own."""
    del states
    toys.start(*pair(toys))
    toys.wait_states(front="ready", store="ready")
    for name in ("front", "store"):
        body = {"kind": "kill", "target": f"part/{name}", "ttl": 60}
        toys.ask("PUT", f"/faults/{name}", body)
    return toys


def test_a_part_is_started_once_what_it_needs_is_ready_after_its_deadline(toys: Toys) -> None:
    store = {"name": "store", "address": toys.at(1), "mode": "late", "deadline": 0.5}
    toys.start(store, {"name": "front", "address": toys.at(2), "after": "store"})
    parts = toys.wait_states(store="failed", front="failed")
    assert parts["front"]["reason"] == "needs store, which is failed"
    wait_for(lambda: toys.states() == {"store": "ready", "front": "ready"}, 20)


@pytest.mark.parametrize("order", [("front", "store"), ("store", "front")])
def test_a_part_comes_back_when_what_it_needs_is_healed_later(
    hurt: Toys, order: tuple[str, str]
) -> None:
    if order[0] == "front":
        with pytest.raises(LabError, match="needs store, which is killed"):
            hurt.ask("DELETE", "/faults/front")
    else:
        hurt.ask("DELETE", "/faults/store")
    hurt.ask("DELETE", f"/faults/{order[1]}")
    hurt.wait_states(front="ready", store="ready")


def test_a_part_that_a_fault_holds_is_not_started_by_another_ones_end(hurt: Toys) -> None:
    with pytest.raises(LabError, match="needs store"):
        hurt.ask("DELETE", "/faults/front")
    hurt.ask("PUT", "/faults/again", {"kind": "kill", "target": "region/east", "ttl": 60})
    hurt.ask("DELETE", "/faults/store")
    assert wait_for(lambda: hurt.states()["store"] == "killed")
    assert hurt.states()["front"] in ("failed", "killed")
    hurt.ask("DELETE", "/faults/again")
    hurt.wait_states(front="ready", store="ready")
