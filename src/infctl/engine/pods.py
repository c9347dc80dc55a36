"""Pods that operations end: which may go, who makes them anew, and whether that was done."""

from typing import Any

from infctl.engine.config_maps import cluster_of
from infctl.engine.handler import Args, Context, blind, not_yet, passed
from infctl.errors import Refused
from infctl.model.outcome import Outcome
from infctl.ports.cluster import POD, Kind, Object

_MIRROR = "kubernetes.io/config.mirror"
_ENDED = ("Succeeded", "Failed")
_COUNTED = ("ReplicaSet", "StatefulSet", "ReplicationController")
"""Controllers that say how many pods they want and how many are ready."""


def owner(pod: Object) -> dict[str, str] | None:
    """The controller that makes the pod anew, as JSON; None where nobody does."""
    for reference in pod["metadata"].get("ownerReferences") or []:
        if reference.get("controller"):
            return {
                "apiVersion": str(reference["apiVersion"]),
                "kind": str(reference["kind"]),
                "name": str(reference["name"]),
            }
    return None


def stays(pod: Object) -> bool:
    """Whether a drain leaves it: a daemon's, a static one, or one that ended."""
    annotations = pod["metadata"].get("annotations") or {}
    controller = owner(pod)
    is_daemon = controller is not None and controller["kind"] == "DaemonSet"
    return is_daemon or _MIRROR in annotations or _phase(pod) in _ENDED


async def on_node(context: Context, args: Args) -> list[Object]:
    """The pods of the node that a drain has to end."""
    pods = await cluster_of(context, args["region"]).list(POD)
    return [p for p in pods if p.get("spec", {}).get("nodeName") == args["name"] and not stays(p)]


def require_owner(pod: Object, what: str) -> dict[str, str]:
    """Its controller; Refused where the pod would be lost for good."""
    found = owner(pod)
    if found is None:
        raise Refused(
            f"{what} has no controller that would make it anew",
            unchanged="the pod runs on",
            hint="remove_object takes it away and can put it back",
        )
    return found


async def replaced(context: Context, args: Args, controller: Args) -> Outcome:
    """Whether its controller has as many pods ready as it wants."""
    kind = Kind(controller["apiVersion"], controller["kind"])
    cluster = cluster_of(context, args["region"])
    found = await cluster.read(kind, controller["name"], args["namespace"])
    who = f"{args['region']}: {controller['kind']} {args['namespace']}/{controller['name']}"
    if found is None:
        return passed(f"{who} is gone and wants no pod")
    if kind.kind not in _COUNTED:
        return passed(f"{who} decides itself about another pod")
    wanted = found.get("spec", {}).get("replicas", 1)
    status = found.get("status") or {}
    generation = int(found["metadata"].get("generation", 0))
    if int(status.get("observedGeneration") or 0) < generation:
        return blind(f"{who} has not said anything of its newest state")
    ready = int(status.get("readyReplicas") or 0)
    outcome = passed if ready >= wanted else not_yet
    return outcome(f"{who} has {ready} of {wanted} pods ready")


def is_ready(pod: Object) -> bool:
    """Whether it serves."""
    conditions = pod.get("status", {}).get("conditions") or []
    is_ending = bool(pod["metadata"].get("deletionTimestamp"))
    return not is_ending and any(
        c.get("type") == "Ready" and c.get("status") == "True" for c in conditions
    )


def named(pods: list[Object]) -> str:
    """A few of them in words."""
    names = sorted(f"{p['metadata'].get('namespace')}/{p['metadata']['name']}" for p in pods)
    return ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")


def _phase(pod: Object) -> Any:
    return pod.get("status", {}).get("phase")
