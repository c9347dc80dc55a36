"""What evicting and deleting one pod share: only how the API server is asked differs."""

from abc import abstractmethod
from typing import Any

from infctl.engine import arguments, pods
from infctl.engine.handler import Args, Context, Handler, blind, not_yet, passed
from infctl.engine.objects import PLACE, another, read_object, seen_of, uid, where
from infctl.errors import Refused
from infctl.model.outcome import Outcome
from infctl.model.plan import Operation
from infctl.ports.cluster import POD


class EndingPod(Handler):
    """Ends the one pod that was read, which its controller makes anew.

    Nothing has to be taken back, so there is no undo; a pod without a controller is refused.
    """

    reversible = False
    renews = True
    completes = True

    def check(self, args: Args) -> None:
        """Which pod."""
        arguments.check_arguments(self.kind, args, PLACE, {"uid": uid})

    def touches(self, args: Args) -> tuple[str, ...]:
        """One pod."""
        return (where(args, POD),)

    def loss(self, args: Args) -> str:
        """Whether it runs."""
        return f"whether the pod {args['name']} in {args['region']} still serves is not known"

    async def observe(self, context: Context, args: Args) -> Any:
        """Its uid and its controller; None without such a pod."""
        found = await read_object(context, args, POD)
        return found and {"uid": found["metadata"]["uid"], "owner": pods.owner(found)}

    async def apply(self, context: Context, operation: Operation, key: str) -> Any:
        """End it, if it still is the one that was read."""
        del key
        args = operation.args
        found = await read_object(context, args, POD)
        seen = seen_of(context, self.kind, args)
        before = seen.before if seen else None
        if found is None:
            if before is None:
                raise Refused(f"{where(args, POD)} is not there", unchanged="nothing was done")
            return {"uid": before["uid"]}
        meant = args.get("uid") or (before["uid"] if before else found["metadata"]["uid"])
        if found["metadata"]["uid"] != meant:
            # After an earlier attempt a namesake is what our own act brought about.
            if seen is None or seen.attempt <= 1:
                raise another(where(args, POD))
            return {"uid": meant}
        pods.require_owner(found, where(args, POD))
        await self.end(context, args, meant)
        return {"uid": meant}

    @abstractmethod
    async def end(self, context: Context, args: Args, meant: str) -> None:
        """Ask for the end of the pod with this uid."""

    async def verify(self, context: Context, operation: Operation) -> Outcome:
        """It is gone, and its controller has as many ready as it wants."""
        args = operation.args
        seen = seen_of(context, self.kind, args)
        before = seen.before if seen else None
        if before is None:
            return blind(f"which pod {where(args, POD)} was is not known")
        found = await read_object(context, args, POD)
        if found is not None and found["metadata"]["uid"] == before["uid"]:
            return not_yet(f"{where(args, POD)} is still there")
        if before["owner"] is None:
            return passed(f"{where(args, POD)} is gone")
        return await pods.replaced(context, args, before["owner"])
