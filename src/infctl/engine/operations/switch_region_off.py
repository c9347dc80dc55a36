"""switch_region_off: take a region out of the answers by objects that health checks read."""

import json
from typing import Any

from infctl.engine import switches
from infctl.engine.handler import Args, Context, Handler, blind, not_yet, passed
from infctl.model.outcome import Outcome, Word
from infctl.model.plan import Operation
from infctl.model.shift import LONGEST
from infctl.ports.cloud import ObjectStore


class SwitchRegionOff(Handler):
    """Args: region, keepers (region to bucket), key, reason, and keep: seconds until it expires.

    One keeper that holds it is enough. An expired switch stays until somebody gives it back.
    """

    kind = "switch_region_off"
    completes = True

    def check(self, args: Args) -> None:
        """Which region, and who keeps its switch."""
        switches.check(self.kind, args)

    def touches(self, args: Args) -> tuple[str, ...]:
        """The region, and the switch's objects."""
        return switches.touches(args)

    def calls(self, args: Args) -> tuple[str, ...]:
        """Data planes alone."""
        del args
        return ("s3:PutObject", "s3:GetObject")

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
        """On again at the keepers that did not hold it."""
        keepers = {k: b for k, b in args["keepers"].items() if not before.get(k)}
        if not keepers:
            return None
        back = {**args, "keepers": keepers, "ours": True}
        return Operation("switch_region_on", back, region=args["region"])

    async def apply(self, context: Context, operation: Operation, key: str) -> Any:
        """Put the object into the bucket of every keeper that answers."""
        args = operation.args
        now = context.world.clock.wall()
        content = {
            "run": context.run,
            "key": key,
            "reason": args.get("reason", ""),
            "who": context.actor,
            "at": now,
            "expires": now + float(args.get("keep", LONGEST)),
        }
        body = json.dumps(content).encode()

        async def put(store: ObjectStore, bucket: str, name: str) -> bool:
            await store.put(bucket, name, body)
            return True

        written, silent = await switches.ask_keepers(context, args, put)
        if not written:
            raise switches.no_keeper(args["region"], silent)
        return {"at": content["at"], "written": sorted(written), "silent": silent}

    async def verify(self, context: Context, operation: Operation) -> Outcome:
        """At least one keeper holds it."""
        found, silent = await switches.held(context, operation.args)
        holding = [name for name, is_held in found.items() if is_held]
        quiet = [f"{name} does not answer: {why}" for name, why in silent.items()]
        if holding:
            return passed(f"switch held by {', '.join(holding)}", *quiet)
        return not_yet("no keeper holds the switch", *quiet) if found else blind(*quiet)

    async def untouched(self, context: Context, operation: Operation) -> Outcome:
        """Still held; that nobody holds it is known only where every keeper said so."""
        outcome = await self.verify(context, operation)
        _, silent = await switches.held(context, operation.args)
        return blind(*outcome.evidence) if outcome.word is Word.FAILED and silent else outcome

    async def whole(self, context: Context, operation: Operation) -> Outcome:
        """Every keeper that answers holds it."""
        found, _ = await switches.held(context, operation.args)
        lacking = [name for name, is_held in found.items() if not is_held]
        if lacking:
            return not_yet(f"switch not held by {', '.join(lacking)}")
        return await self.verify(context, operation)
