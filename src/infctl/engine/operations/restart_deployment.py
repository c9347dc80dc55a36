"""restart_deployment: every pod anew, a few at a time, as the Deployment's strategy says."""

from typing import Any

from infctl.engine import arguments, pods
from infctl.engine.config_maps import cluster_of
from infctl.engine.handler import Args, Context, Handler, Permission, blind, not_yet, passed
from infctl.engine.objects import (
    PLACE,
    permission,
    require_object,
    require_same,
    seen_of,
    uid,
    where,
    write_fields,
)
from infctl.engine.own_step import own_step
from infctl.model.outcome import Outcome
from infctl.model.plan import Operation
from infctl.ports.cluster import DEPLOYMENT, POD, Object

KIND = "restart_deployment"
ANNOTATION = "infctl.dev/restart"


class RestartDeployment(Handler):
    """Args: region, namespace, name; optional: uid, reason (tells two restarts apart).

    The pod template is annotated with the step's key, so that each pod shows whether it is new.
    There is no undo: the same pods are made anew from the same template.
    """

    kind = KIND
    reversible = False
    renews = True

    def check(self, args: Args) -> None:
        """Which Deployment."""
        optional = {"uid": uid, "reason": arguments.text(200)}
        arguments.check_arguments(KIND, args, PLACE, optional)

    def touches(self, args: Args) -> tuple[str, ...]:
        """The Deployment with all its pods."""
        return (f"{where(args, DEPLOYMENT)} and its pods",)

    def permissions(self, args: Args) -> tuple[Permission, ...]:
        """To patch it, and to see its pods."""
        return (
            *permission(args, DEPLOYMENT, "get", "patch"),
            *permission(args, POD, "list"),
        )

    def loss(self, args: Args) -> str:
        """Which pods are old."""
        return f"which pods of {args['name']} in {args['region']} are old is not known"

    async def observe(self, context: Context, args: Args) -> Any:
        """The last restart."""
        return _kept(await require_object(context, args, DEPLOYMENT))

    async def apply(self, context: Context, operation: Operation, key: str) -> Any:
        """Annotate the pod template, if the object is still as it was read."""
        args = operation.args
        found = await require_object(context, args, DEPLOYMENT)
        now = _kept(found)
        require_same(context, args, key, now, {"restart": key}, where(args, DEPLOYMENT))
        if now["restart"] != key:
            template = {"metadata": {"annotations": {ANNOTATION: key}}}
            patch = {"spec": {"template": template}}
            await write_fields(context, args, DEPLOYMENT, found, patch)
        return {"restart": key}

    async def verify(self, context: Context, operation: Operation) -> Outcome:
        """Every pod is a new one and ready, as many as are wanted; no old one is left."""
        args = operation.args
        if seen_of(context, KIND, args) is None:
            return blind("which restart this is, is not known")
        key = f"{context.run}/{own_step(context, KIND, args)}"
        found = await require_object(context, args, DEPLOYMENT)
        if _kept(found)["restart"] != key:
            return not_yet(f"{where(args, DEPLOYMENT)} was not restarted by this step")
        labels = found["spec"]["selector"].get("matchLabels") or {}
        selector = ",".join(f"{k}={v}" for k, v in sorted(labels.items()))
        if not selector:
            return blind(f"{where(args, DEPLOYMENT)} does not select its pods by labels")
        cluster = cluster_of(context, args["region"])
        made = await cluster.list(POD, args["namespace"], selector)
        return judge(made, int(found["spec"].get("replicas", 1)), key)


def judge(made: list[Object], wanted: int, key: str) -> Outcome:
    """Whether all pods are new and ready. Pure."""
    old = [p for p in made if _annotation(p["metadata"]) != key and not pods.stays(p)]
    ready = [p for p in made if _annotation(p["metadata"]) == key and pods.is_ready(p)]
    sentence = f"{len(ready)} of {wanted} new pods ready, {len(old)} old ones left"
    return passed(sentence) if not old and len(ready) >= wanted else not_yet(sentence)


def _annotation(metadata: Object) -> Any:
    return (metadata.get("annotations") or {}).get(ANNOTATION)


def _kept(found: Object) -> dict[str, Any]:
    template = found["spec"].get("template", {}).get("metadata") or {}
    return {"uid": found["metadata"]["uid"], "restart": _annotation(template)}
