"""switch_region_on: take the off switch away at every keeper."""

from typing import Any

from infctl.engine import arguments, switches
from infctl.engine.handler import Args, Context, Handler, blind, not_yet, passed
from infctl.model.outcome import Outcome
from infctl.model.plan import Operation
from infctl.ports.cloud import ObjectStore


class SwitchRegionOn(Handler):
    """Args: region, keepers (region to bucket), key, reason; optional: ours (for undo).

    Every keeper must be seen without it: one that comes back with it would switch off again.
    `ours`: only a switch that this run set.
    """

    kind = "switch_region_on"
    completes = True

    def check(self, args: Args) -> None:
        """Which region, and who keeps its switch."""
        switches.check(self.kind, args, ours=arguments.truth)

    def touches(self, args: Args) -> tuple[str, ...]:
        """The region, and the switch's objects."""
        return switches.touches(args)

    def calls(self, args: Args) -> tuple[str, ...]:
        """Data planes alone."""
        del args
        return ("s3:DeleteObject", "s3:GetObject")

    def loss(self, args: Args) -> str:
        """Where clients go."""
        return switches.loss(args)

    async def observe(self, context: Context, args: Args) -> Any:
        """By keeper: held, not held, or None where it did not say."""
        return await switches.observe(context, args)

    def restored(self, before: Any, now: Any, args: Args) -> bool:
        """As before at every keeper, each of which said so."""
        del args
        return switches.restored(before, now)

    def unsure(self, before: Any, args: Args) -> str:
        """Keepers that did not say what was before."""
        del args
        return switches.unsure(before)

    def undo(self, before: Any, args: Args) -> Operation | None:
        """Off again at the keepers that held it."""
        keepers = {k: b for k, b in args["keepers"].items() if before.get(k)}
        if not keepers:
            return None
        return Operation("switch_region_off", {**args, "keepers": keepers}, region=args["region"])

    async def apply(self, context: Context, operation: Operation, key: str) -> Any:
        """Delete the object at every keeper that answers."""
        del key
        args: Args = operation.args
        if args.get("ours"):
            args = await switches.require_ours(context, args)

        async def delete(store: ObjectStore, bucket: str, name: str) -> bool:
            await store.delete(bucket, name)
            return True

        deleted, silent = await switches.ask_keepers(context, args, delete)
        if not deleted:
            raise switches.no_keeper(args["region"], silent)
        return {"at": context.world.clock.wall(), "deleted": sorted(deleted), "silent": silent}

    async def verify(self, context: Context, operation: Operation) -> Outcome:
        """No keeper holds it, and every one said so."""
        found, silent = await switches.held(context, operation.args)
        holding = [name for name, is_held in found.items() if is_held]
        if holding:
            return not_yet(f"switch still held by {', '.join(holding)}")
        if silent:
            return blind(*(f"{name} does not answer: {why}" for name, why in silent.items()))
        return passed(f"switch gone at {', '.join(sorted(found))}")
