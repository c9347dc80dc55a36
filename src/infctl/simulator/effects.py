"""What an operation should have made true, as the simulator sees the world: no port is asked."""

from infctl.fakes.world import FakeWorld
from infctl.model.plan import Operation
from infctl.ports.cluster import CONFIG_MAP, Object
from infctl.simulator.environment import replicas, scratch

_PAUSED = "autoscaling.keda.sh/paused"
_OBJECTS = {
    "apply_object": "",
    "remove_object": "",
    "cordon_node": "Node",
    "uncordon_node": "Node",
    "pause_autoscaling": "ScaledObject",
    "resume_autoscaling": "ScaledObject",
    "set_route_weights": "HTTPRoute",
}
"""Operations on one object of a kind; without one, their arguments say which."""


def holds(world: FakeWorld, operation: Operation) -> bool | None:
    """Whether it is so; None for operations of which the simulator knows no truth."""
    args = operation.args
    if operation.kind == "scale_deployment":
        wanted, ready = replicas(world, args["region"])
        return wanted == args["replicas"] and ready >= wanted
    if operation.kind in ("switch_region_off", "switch_region_on"):
        held = [
            args["key"] in world.stores[keeper].content.get(bucket, {})
            for keeper, bucket in args["keepers"].items()
        ]
        return any(held) if operation.kind == "switch_region_off" else not all(held)
    if operation.kind == "set_region_weight":
        records = (r for found in world.names.records.values() for r in found)
        weights = {r.set_identifier: r.weight for r in records}
        return bool(weights.get(args["region"]) == args["weight"])
    if operation.kind == "push_config":
        data = _data(world, operation, f"infctl-config-{args['name']}")
        return data is not None and data.get("content") == args["content"]
    if operation.kind in _OBJECTS:
        return _holds_object(world, operation)
    return None


def _holds_object(world: FakeWorld, operation: Operation) -> bool | None:
    args = operation.args
    found = _stored(world, args["region"], _object(operation))
    if operation.kind == "remove_object":
        return found is None
    if found is None:
        return False
    if operation.kind == "apply_object":
        return bool(found["data"].items() >= args["manifest"]["data"].items())
    if operation.kind in ("cordon_node", "uncordon_node"):
        is_closed = bool(found["spec"].get("unschedulable"))
        return is_closed is (operation.kind == "cordon_node")
    if operation.kind == "set_route_weights":
        backends = found["spec"]["rules"][0]["backendRefs"]
        return bool({b["name"]: b["weight"] for b in backends} == args["weights"])
    pausing = {k for k in found["metadata"].get("annotations") or {} if k.startswith(_PAUSED)}
    return bool(pausing) is (operation.kind == "pause_autoscaling")


def places(operation: Operation) -> frozenset[str]:
    """The places that it may change, by the names of `environment.picture`."""
    args, region = operation.args, operation.region
    space = args.get("namespace", "")
    if operation.kind == "scale_deployment":
        return frozenset({f"{region}/Deployment/{space}/{args['name']}"})
    if operation.kind in ("switch_region_off", "switch_region_on"):
        return frozenset(f"{k}/{bucket}/{args['key']}" for k, bucket in args["keepers"].items())
    if operation.kind == "push_config":
        return frozenset({f"{region}/ConfigMap/{space}/infctl-config-{args['name']}"})
    if operation.kind == "set_region_weight":
        return frozenset({f"record/{args['region']}"})
    if operation.kind == "set_flag":
        return frozenset({f"{region}/ConfigMap/{space}/infctl-flags"})
    if operation.kind in _OBJECTS:
        return frozenset({f"{region}/{'/'.join(_object(operation))}"})
    if operation.kind in ("inject_fault", "heal_fault"):
        return frozenset({f"fault/{args['fault']}"})
    return frozenset()


def remains(operation: Operation) -> frozenset[str]:
    """The places that it may leave behind, also those of which nothing else is asked."""
    args = operation.args
    if operation.kind == "start_load":
        return frozenset({f"load/{scratch() / args['log']}"})
    if operation.kind == "hold_replicas":
        return frozenset({f"{operation.region}/ScaledObject/{args['namespace']}/{args['name']}"})
    return places(operation)


def _object(operation: Operation) -> tuple[str, str, str]:
    """Kind, namespace and name of what an operation on one object changes."""
    args = operation.args
    if operation.kind == "apply_object":
        metadata = args["manifest"]["metadata"]
        return args["manifest"]["kind"], metadata.get("namespace", ""), metadata["name"]
    kind = _OBJECTS[operation.kind] or args["kind"]
    return kind, args.get("namespace", ""), args["name"]


def _stored(world: FakeWorld, region: str, named: tuple[str, str, str]) -> Object | None:
    objects = world.clusters[region].storage.objects
    found = (s.object for (k, space, name), s in objects.items() if (k.kind, space, name) == named)
    return next(found, None)


def _data(world: FakeWorld, operation: Operation, name: str) -> dict[str, str] | None:
    key = (CONFIG_MAP, str(operation.args["namespace"]), name)
    stored = world.clusters[operation.args["region"]].storage.objects.get(key)
    return None if stored is None else dict(stored.object.get("data") or {})
