"""Random steps, a maker for each kind of operation: what it asks for, and on which target."""

import hashlib
import random
from collections.abc import Callable
from typing import Any

from infctl.engine.operations import kinds
from infctl.model.plan import Operation
from infctl.platform import Platform
from infctl.platform.render import cloud_names
from infctl.ports.cluster import Object
from infctl.simulator.environment import NODES, NOTES

Sample = tuple[Operation, str]
"""An operation and what it changes: two of one target come one after the other."""
Maker = Callable[[random.Random, str, Platform], Sample]


def _scale(chance: random.Random, region: str, chosen: Platform) -> Sample:
    name = chosen.service.name
    args = {"region": region, "namespace": name, "name": f"{name}-stable"}
    wanted = {**args, "replicas": chance.randint(1, 6)}
    return Operation("scale_deployment", wanted, region=region), f"deployment/{region}"


def _switch(kind: str) -> Maker:
    def make(chance: random.Random, region: str, chosen: Platform) -> Sample:
        del chance
        keepers = {k: cloud_names.switches_bucket(chosen, k) for k in chosen.keepers(region)}
        key = cloud_names.switch_key(region)
        args = {"region": region, "keepers": keepers, "key": key, "reason": "simulated"}
        return Operation(kind, args, region=region), f"switch/{region}"

    return make


def _push(chance: random.Random, region: str, chosen: Platform) -> Sample:
    content = f"generation {chance.randint(1, 9)}"
    digest = f"sha256:{hashlib.sha256(content.encode()).hexdigest()}"
    name = chance.choice(("routing", "limits"))
    args = {
        "region": region,
        "namespace": chosen.service.name,
        "name": name,
        "content": content,
        "digest": digest,
        "generation": chance.randint(1, 9),
    }
    return Operation("push_config", args, region=region), f"config/{region}/{name}"


def _flag(chance: random.Random, region: str, chosen: Platform) -> Sample:
    state = chance.choice(("ENABLED", "DISABLED"))
    definition = {"state": state, "variants": {"on": True, "off": False}, "defaultVariant": "on"}
    args = {
        "region": region,
        "namespace": chosen.service.name,
        "flag": chance.choice(("cache", "spill")),
        "definition": chance.choice((definition, definition, None)),
    }
    return Operation("set_flag", args, region=region), f"flags/{region}"


def _ready(chance: random.Random, region: str, chosen: Platform) -> Sample:
    del chance
    name = chosen.service.name
    args = {"region": region, "namespace": name, "name": f"{name}-stable"}
    return Operation("wait_region_ready", args, region=region), ""


def _note(region: str, chance: random.Random, chosen: Platform) -> Object:
    number = chance.randint(1, 9)
    metadata = {"name": NOTES[number % 2], "namespace": chosen.service.name}
    text = f"note {number}"
    named = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata}
    return {**named, "data": {"region": region, "text": text}}


def _apply(chance: random.Random, region: str, chosen: Platform) -> Sample:
    manifest = _note(region, chance, chosen)
    args = {"region": region, "manifest": manifest}
    return Operation("apply_object", args, region=region), f"note/{region}"


def _remove(chance: random.Random, region: str, chosen: Platform) -> Sample:
    metadata = _note(region, chance, chosen)["metadata"]
    args = {"region": region, "api_version": "v1", "kind": "ConfigMap", **metadata}
    return Operation("remove_object", args, region=region), f"note/{region}"


def _close(kind: str) -> Maker:
    def make(chance: random.Random, region: str, chosen: Platform) -> Sample:
        del chosen
        args = {"region": region, "name": chance.choice(NODES)}
        return Operation(kind, args, region=region), f"node/{region}"

    return make


def _autoscaling(kind: str) -> Maker:
    def make(chance: random.Random, region: str, chosen: Platform) -> Sample:
        name = chosen.service.name
        args: dict[str, Any] = {"region": region, "namespace": name, "name": f"{name}-stable"}
        if kind == "pause_autoscaling" and chance.random() < 0.5:
            args["replicas"] = chance.randint(1, 6)
        return Operation(kind, args, region=region), f"autoscaling/{region}"

    return make


def _shares(chance: random.Random, region: str, chosen: Platform) -> Sample:
    name = chosen.service.name
    canary = chance.choice((0, 5, 50))
    weights = {f"{name}-stable": 100 - canary, f"{name}-canary": canary}
    args = {"region": region, "namespace": name, "name": name, "weights": weights}
    return Operation("set_route_weights", args, region=region), f"route/{region}"


def _weight(chance: random.Random, region: str, chosen: Platform) -> Sample:
    service = chosen.service
    args: dict[str, Any] = {"region": region, "zone": service.zone, "host": service.host}
    wanted = {**args, "weight": chance.choice((0, 1, 50, 255)), "samples": 0}
    operation = Operation("set_region_weight", wanted, region=region, needs_control_plane=True)
    return operation, f"record/{region}"


MAKERS: dict[str, tuple[int, Maker]] = {
    "scale_deployment": (5, _scale),
    "switch_region_off": (3, _switch("switch_region_off")),
    "switch_region_on": (2, _switch("switch_region_on")),
    "push_config": (3, _push),
    "set_flag": (3, _flag),
    "wait_region_ready": (1, _ready),
    "apply_object": (2, _apply),
    "remove_object": (2, _remove),
    "cordon_node": (1, _close("cordon_node")),
    "uncordon_node": (1, _close("uncordon_node")),
    "pause_autoscaling": (1, _autoscaling("pause_autoscaling")),
    "resume_autoscaling": (1, _autoscaling("resume_autoscaling")),
    "set_route_weights": (2, _shares),
    "set_region_weight": (2, _weight),
}
"""By kind: how often it is drawn, and who makes it."""
_SWITCHES = frozenset({"switch_region_off", "switch_region_on"})


def draw(chance: random.Random, chosen: Platform) -> Sample:
    """One operation of a kind that this infctl knows, somewhere."""
    known = {kind for kind, _ in kinds()}
    if len(chosen.regions) == 1:
        # Only other regions keep a region's switch.
        known -= _SWITCHES
    names = [name for name in MAKERS if name in known]
    weights = [MAKERS[name][0] for name in names]
    name = chance.choices(names, weights)[0]
    return MAKERS[name][1](chance, chance.choice(chosen.region_names), chosen)
