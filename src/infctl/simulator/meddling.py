"""What others do to the world of a run, and a bug in what guards read."""

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

from infctl.content.facts import Facts
from infctl.ports.cluster import DEPLOYMENT
from infctl.simulator.environment import platform

if TYPE_CHECKING:
    from infctl.simulator.simulation import Simulation


def meddle(simulation: "Simulation", region: str) -> None:
    """Somebody scales what was scaled last, as kubectl does, right before our request goes out."""
    changed = [a.place for a in simulation.trace.acts if "Deployment" in "".join(a.changed)]
    region = changed[-1] if changed else region
    cluster = simulation.world.clusters.get(region)
    if cluster is None:
        return
    name = platform().service.name
    key = (DEPLOYMENT, name, f"{name}-stable")
    stored = cluster.storage.objects[key]
    wanted = stored.object["spec"]["replicas"] % 6 + 1
    after = {
        **stored.object,
        "metadata": dict(stored.object["metadata"]),
        "spec": {"replicas": wanted},
    }
    after["metadata"]["generation"] += 1
    for controller in cluster.controllers:
        controller(after)
    cluster.storage.write(key, after, stored.owners)
    simulation.trace.foreign[f"{region}/Deployment/{name}/{name}-stable"] = simulation.now()


class _Poison:
    """Whoever reads it meets a bug, and `told` hears of it."""

    def __init__(self, told: Callable[[], None]) -> None:
        self._told = told

    def __getattr__(self, name: str) -> Any:
        self._told()
        raise ZeroDivisionError(name)


def poison(facts: Facts, told: Callable[[], None]) -> Facts:
    """Facts that no guard can read to the end."""
    return replace(facts, snapshot=cast("Any", _Poison(told)))
