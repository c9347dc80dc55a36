"""All objects of one region, in the order in which they are applied."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass

from infctl.platform.model import Platform
from infctl.platform.render import (
    autoscaling,
    fence,
    foundation,
    gateway,
    monitoring,
    network,
    server,
)
from infctl.platform.render.inventory import Reference, render_inventory
from infctl.platform.render.naming import GENERATION, Object, stable


@dataclass(frozen=True, slots=True)
class Rendered:
    """A region's objects in dependency order, without the inventory; `generation` names them."""

    region: str
    generation: str
    objects: tuple[Object, ...]

    def manifests(self, platform: Platform) -> list[Object]:
        """What `deploy render` writes: the objects and their inventory."""
        return [*self.objects, self.inventory(platform)]

    def inventory(self, platform: Platform, kept: Iterable[Reference] = ()) -> Object:
        """The inventory of these objects, and of `kept` ones."""
        mine = (Reference.of(manifest) for manifest in self.objects)
        return render_inventory(platform, (*mine, *kept), self.generation)


def render_region(platform: Platform, region: str) -> Rendered:
    """The same platform always gives the same bytes; ConfigurationError for unknown regions."""
    platform.region(region)
    objects = (
        foundation.render_namespace(platform),
        fence.render_system_namespace(),
        fence.render_fence(),
        *fence.render_policies(),
        foundation.render_priority_class(platform),
        foundation.render_service_account(platform),
        network.render_default_deny(platform),
        network.render_allowed(platform),
        server.render_service(platform),
        server.render_disruption_budget(platform),
        server.render_deployment(platform, region),
        gateway.render_gateway(platform),
        gateway.render_route(platform),
        gateway.render_traffic_policy(platform),
        autoscaling.render_scaled_object(platform),
        monitoring.render_service_monitor(platform),
        monitoring.render_rules(platform),
    )
    generation = _digest(objects)
    for manifest in objects:
        if manifest["kind"] == "Deployment" and manifest["metadata"]["name"] == stable(platform):
            manifest["metadata"]["annotations"][GENERATION] = generation
    return Rendered(region, generation, objects)


def _digest(objects: tuple[Object, ...]) -> str:
    canonical = json.dumps(objects, sort_keys=True, separators=(",", ":"))
    return "sha256:" + hashlib.sha256(canonical.encode()).hexdigest()
