"""scale_deployment: set a Deployment's replicas and wait until they are ready."""

import math
from typing import Any

from infctl.engine import arguments
from infctl.engine.config_maps import before_of, require_as_before
from infctl.engine.handler import Args, Context, Handler, Permission, not_yet, passed
from infctl.engine.objects import (
    PLACE,
    permission,
    require_object,
    require_same,
    uid,
    where,
    write_fields,
)
from infctl.model.outcome import Outcome
from infctl.model.plan import Operation
from infctl.ports.cluster import DEPLOYMENT, Object

KIND = "scale_deployment"


class ScaleDeployment(Handler):
    """Args: region, namespace, name, replicas; optional: min_percent (100), uid.

    The parent's spec.replicas is patched, since admission policies see no annotations on `scale`.
    `min_percent` of the replicas have to be ready for the step to pass.
    """

    kind = KIND

    def check(self, args: Args) -> None:
        """How many, of what."""
        rules = {**PLACE, "replicas": arguments.whole(0, 10_000)}
        optional = {"min_percent": arguments.number(0, 100), "uid": uid}
        arguments.check_arguments(KIND, args, rules, optional)

    def touches(self, args: Args) -> tuple[str, ...]:
        """One Deployment."""
        return (where(args, DEPLOYMENT),)

    def permissions(self, args: Args) -> tuple[Permission, ...]:
        """To read it and to patch it."""
        return permission(args, DEPLOYMENT, "get", "patch")

    def loss(self, args: Args) -> str:
        """How many serve."""
        return f"how many of {args['replicas']} replicas in {args['region']} serve is not known"

    async def observe(self, context: Context, args: Args) -> Any:
        """The uid, and the replicas that are wanted now."""
        return _kept(await require_object(context, args, DEPLOYMENT))

    def undo(self, before: Any, args: Args) -> Operation | None:
        """Back to the replicas from before, of the object that was scaled."""
        known = _read(before)
        if known["replicas"] == args["replicas"]:
            return None
        return Operation(KIND, {**args, **known}, region=args["region"])

    def restored(self, before: Any, now: Any, args: Args) -> bool:
        """As many are wanted, of the same object where its uid was written down."""
        del args
        return bool({**now, **_read(before)} == now)

    async def apply(self, context: Context, operation: Operation, key: str) -> Any:
        """Patch, if the object is still the one that was read."""
        args = operation.args
        found = await require_object(context, args, DEPLOYMENT)
        now, wanted, what = _kept(found), args["replicas"], where(args, DEPLOYMENT)
        if isinstance(before_of(context, key), int):
            require_as_before(context, key, now["replicas"], wanted, what)
        else:
            require_same(context, args, key, now, {"replicas": wanted}, what)
        if now["replicas"] != wanted:
            patch = {"spec": {"replicas": wanted}}
            await write_fields(context, args, DEPLOYMENT, found, patch)
        return {"replicas": wanted}

    async def verify(self, context: Context, operation: Operation) -> Outcome:
        """As many replicas ready as wanted, or the percentage of them that is enough."""
        args = operation.args
        found = await require_object(context, args, DEPLOYMENT)
        wanted = _replicas(found)
        if wanted != args["replicas"]:
            return not_yet(f"{args['region']}: {wanted} replicas wanted, not {args['replicas']}")
        status = found.get("status") or {}
        generation = int(found["metadata"].get("generation") or 0)
        if int(status.get("observedGeneration") or 0) < generation:
            return not_yet(f"{args['region']}: the Deployment's status is of an older generation")
        ready = int(status.get("readyReplicas") or 0)
        enough = math.ceil(wanted * args.get("min_percent", 100) / 100)
        sentence = f"{args['region']}: {ready} of {wanted} replicas ready"
        if enough < wanted:
            sentence += f", {enough} are enough"
        return passed(sentence) if ready >= enough else not_yet(sentence)

    async def untouched(self, context: Context, operation: Operation) -> Outcome:
        """Whether nobody wanted another number since."""
        wanted = _replicas(await require_object(context, operation.args, DEPLOYMENT))
        if wanted == operation.args["replicas"]:
            return passed()
        return not_yet(f"{wanted} replicas are wanted now")


def _replicas(found: Object) -> int:
    return int(found.get("spec", {}).get("replicas", 1))


def _kept(found: Object) -> dict[str, Any]:
    return {"uid": found["metadata"].get("uid", ""), "replicas": _replicas(found)}


def _read(before: Any) -> dict[str, Any]:
    """What was kept; the first release's journals know a number alone."""
    if isinstance(before, int):
        return {"replicas": before}
    return {name: value for name, value in before.items() if value != ""}
