"""What an operation should have made true, as the simulator sees the world: no port is asked."""

from infctl.fakes.world import FakeWorld
from infctl.model.plan import Operation
from infctl.ports.cluster import CONFIG_MAP
from infctl.simulator.environment import replicas


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
    if operation.kind == "push_config":
        found = _data(world, operation, f"infctl-config-{args['name']}")
        return found is not None and found.get("content") == args["content"]
    return None


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
    if operation.kind == "set_flag":
        return frozenset({f"{region}/ConfigMap/{space}/infctl-flags"})
    if operation.kind in ("inject_fault", "heal_fault"):
        return frozenset({f"fault/{args['fault']}"})
    return frozenset()


def _data(world: FakeWorld, operation: Operation, name: str) -> dict[str, str] | None:
    key = (CONFIG_MAP, str(operation.args["namespace"]), name)
    stored = world.clusters[operation.args["region"]].storage.objects.get(key)
    return None if stored is None else dict(stored.object.get("data") or {})
