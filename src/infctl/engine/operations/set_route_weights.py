"""set_route_weights: how an HTTPRoute's rule shares requests among its backends."""

from typing import Any

from infctl.engine import arguments
from infctl.engine.handler import Args, Context, Handler, Permission, blind, not_yet, passed
from infctl.engine.objects import (
    PLACE,
    permission,
    require_object,
    require_same,
    uid,
    where,
    write_fields,
)
from infctl.errors import ConfigurationError, Refused
from infctl.model.outcome import Outcome
from infctl.model.plan import Operation
from infctl.ports.cluster import HTTP_ROUTE, Object

KIND = "set_route_weights"
_NEEDED = ("Accepted", "ResolvedRefs")


class SetRouteWeights(Handler):
    """Args: region, namespace, name, weights (every backend of the rule), rule (from 0), uid."""

    kind = KIND

    def check(self, args: Args) -> None:
        """At least one backend gets requests."""
        weights = arguments.mapping_of(arguments.whole(0, 1_000_000), keys=arguments.name)
        optional = {"rule": arguments.whole(0, 15), "uid": uid}
        arguments.check_arguments(KIND, args, {**PLACE, "weights": weights}, optional)
        if not any(args["weights"].values()):
            raise ConfigurationError(
                f"{KIND}: `weights` must not all be 0", unchanged="nothing was done"
            )

    def touches(self, args: Args) -> tuple[str, ...]:
        """One route."""
        return (where(args, HTTP_ROUTE),)

    def permissions(self, args: Args) -> tuple[Permission, ...]:
        """To read it and to patch it."""
        return permission(args, HTTP_ROUTE, "get", "patch")

    def loss(self, args: Args) -> str:
        """Which version clients get."""
        return f"how {args['region']} shares requests among its backends is not known"

    async def observe(self, context: Context, args: Args) -> Any:
        """The weights now, of the object with this uid."""
        return _kept(await require_object(context, args, HTTP_ROUTE), args)

    def undo(self, before: Any, args: Args) -> Operation | None:
        """The weights from before."""
        if before["weights"] == args["weights"]:
            return None
        back = {**args, "weights": before["weights"], "uid": before["uid"]}
        return Operation(KIND, back, region=args["region"])

    async def apply(self, context: Context, operation: Operation, key: str) -> Any:
        """Change the weights alone, if the route is still as it was read."""
        args = operation.args
        found = await require_object(context, args, HTTP_ROUTE)
        now = _kept(found, args)
        require_same(
            context, args, key, now, {"weights": dict(args["weights"])}, where(args, HTTP_ROUTE)
        )
        if set(now["weights"]) != set(args["weights"]):
            raise Refused(
                f"{where(args, HTTP_ROUTE)} has the backends {', '.join(sorted(now['weights']))},"
                f" not {', '.join(sorted(args['weights']))}",
                unchanged="nothing was written",
            )
        if now["weights"] != args["weights"]:
            await write_fields(
                context, args, HTTP_ROUTE, found, {"spec": {"rules": _rules(found, args)}}
            )
        return {"weights": dict(args["weights"])}

    async def verify(self, context: Context, operation: Operation) -> Outcome:
        """The route's own weights, and that every gateway took up this generation."""
        args = operation.args
        found = await require_object(context, args, HTTP_ROUTE)
        if _kept(found, args)["weights"] != args["weights"]:
            return not_yet(f"{where(args, HTTP_ROUTE)} has other weights")
        return _taken_up(found, where(args, HTTP_ROUTE))

    async def untouched(self, context: Context, operation: Operation) -> Outcome:
        """Whether nobody set other weights since."""
        args = operation.args
        now = (await self.observe(context, args))["weights"]
        return passed() if now == args["weights"] else not_yet("it has other weights now")


def _taken_up(found: Object, what: str) -> Outcome:
    parents = found.get("status", {}).get("parents") or []
    if not parents:
        return blind(f"{what}: no gateway says whether it took the route up")
    generation = int(found["metadata"].get("generation", 0))
    for parent in parents:
        words = {c.get("type"): c for c in parent.get("conditions") or []}
        for needed in _NEEDED:
            word = words.get(needed, {})
            if int(word.get("observedGeneration") or 0) < generation:
                return not_yet(f"{what}: {needed} is not of generation {generation} yet")
            if word.get("status") != "True":
                return not_yet(f"{what}: {needed} is {word.get('status')}, {word.get('reason')}")
    return passed(f"{what}: taken up by {len(parents)} gateways, generation {generation}")


def _backends(found: Object, args: Args) -> list[Object]:
    rules = found.get("spec", {}).get("rules") or []
    number = args.get("rule", 0)
    backends = rules[number].get("backendRefs") if number < len(rules) else None
    if not backends:
        raise Refused(
            f"{where(args, HTTP_ROUTE)} has no backends in rule {number}",
            unchanged="nothing was written",
        )
    named = [b for b in backends if isinstance(b, dict)]
    if len({b["name"] for b in named}) < len(named):
        raise Refused(
            f"{where(args, HTTP_ROUTE)} has backends of one name in rule {number}",
            unchanged="nothing was written",
            hint="apply_object tells them apart by their ports",
        )
    return named


def _kept(found: Object, args: Args) -> dict[str, Any]:
    weights = {str(b["name"]): int(b.get("weight", 1)) for b in _backends(found, args)}
    return {"uid": found["metadata"]["uid"], "weights": weights}


def _rules(found: Object, args: Args) -> list[Object]:
    rules = [dict(rule) for rule in found["spec"]["rules"]]
    rules[args.get("rule", 0)]["backendRefs"] = [
        {**b, "weight": args["weights"][b["name"]]} for b in _backends(found, args)
    ]
    return rules
