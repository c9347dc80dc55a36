"""Rollouts that take long: what was accepted becomes true only later."""

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

from infctl.fakes.controllers import Controller
from infctl.ports.cluster import DEPLOYMENT, Object

if TYPE_CHECKING:
    from infctl.simulator.simulation import Simulation


def rolled_out(simulation: "Simulation", region: str, at_once: Controller) -> Controller:
    """What is true at once, or only later while rollouts are slow."""

    def controller(found: Object) -> None:
        late = simulation.slow_until.get(region, 0.0)
        if found["kind"] != "Deployment" or late <= simulation.now():
            at_once(found)
            return
        key = (DEPLOYMENT, found["metadata"]["namespace"], found["metadata"]["name"])
        storage = simulation.world.clusters[region].storage

        def later() -> None:
            stored = storage.objects.get(key)
            if stored is not None:
                # The objects of the beginning are shared by all runs: none is changed in place.
                after = dict(stored.object)
                at_once(after)
                storage.objects[key] = replace(stored, object=after)

        asyncio.get_running_loop().call_at(late, later)

    return controller
