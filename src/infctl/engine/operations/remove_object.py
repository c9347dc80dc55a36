"""remove_object: delete one object, which can be made anew from what it was."""

import json
from typing import Any

from infctl.engine import arguments
from infctl.engine.config_maps import before_of, cluster_of
from infctl.engine.handler import Args, Context, Handler, Permission, not_yet, passed
from infctl.engine.manifests import TYPE, kind_of, require_removable
from infctl.engine.objects import another, permission, read_object, uid, where
from infctl.engine.projection import without_server_fields
from infctl.engine.writers import last_run, others_beyond_metadata
from infctl.errors import Conflict, Refused
from infctl.model.fence import STAMPS
from infctl.model.outcome import Outcome
from infctl.model.plan import Operation
from infctl.model.text import clean
from infctl.ports.cluster import Object

KIND = "remove_object"


class RemoveObject(Handler):
    """Args: region, api_version, kind, name; optional: namespace, uid, ours.

    What is put back is another object by its uid, without the status. `ours`: only an object that
    this run wrote last, and to which nobody but infctl wrote more than labels.
    """

    kind = KIND

    def check(self, args: Args) -> None:
        """An object that plans may remove."""
        rules = {"region": arguments.name, "name": arguments.key, **TYPE}
        more = {"namespace": arguments.name, "uid": uid, "ours": arguments.truth}
        arguments.check_arguments(KIND, args, rules, more)
        require_removable(KIND, args)

    def touches(self, args: Args) -> tuple[str, ...]:
        """One object."""
        return (where(args, kind_of(args)),)

    def permissions(self, args: Args) -> tuple[Permission, ...]:
        """To mark it with our fence, to delete it, and to make it anew."""
        return permission(args, kind_of(args), "get", "patch", "delete", "create")

    def loss(self, args: Args) -> str:
        """Whether it is there."""
        return f"whether {self.touches(args)[0]} is gone is not known"

    async def observe(self, context: Context, args: Args) -> Any:
        """The object without what servers write; None without one."""
        return self._kept(await read_object(context, args, kind_of(args)), args)

    def undo(self, before: Any, args: Args) -> Operation | None:
        """What was there."""
        if before is None:
            return None
        back = {"region": args["region"], "manifest": before["object"], "anew": True}
        return Operation("apply_object", back, region=args["region"])

    async def apply(self, context: Context, operation: Operation, key: str) -> Any:
        """Delete it, if it is still as it was read."""
        args = operation.args
        found = await read_object(context, args, kind_of(args))
        if found is None:
            return {"uid": None}
        metadata, before = found["metadata"], before_of(context, key)
        what = self.touches(args)[0]
        if args.get("uid") not in (None, metadata["uid"]):
            raise another(what)
        if isinstance(before, dict) and before["uid"] != metadata["uid"]:
            raise another(what)
        if (before is None or isinstance(before, dict)) and self._kept(found, args) != before:
            raise Conflict(f"{what} was changed since it was read", unchanged="it is still there")
        if args.get("ours"):
            _require_ours(context, metadata, what)
        await cluster_of(context, args["region"]).delete(
            kind_of(args),
            args["name"],
            args.get("namespace"),
            uid=metadata["uid"],
            resource_version=metadata["resourceVersion"],
        )
        return {"uid": metadata["uid"]}

    async def verify(self, context: Context, operation: Operation) -> Outcome:
        """It is gone; one that waits for its finalizers is not."""
        args = operation.args
        found = await read_object(context, args, kind_of(args))
        what = self.touches(args)[0]
        return passed(f"{what} is gone") if found is None else not_yet(f"{what} is still there")

    def _kept(self, found: Object | None, args: Args) -> Any:
        if found is None:
            return None
        plain = without_server_fields(found, frozenset(STAMPS))
        plain["metadata"] = {
            k: v
            for k, v in plain["metadata"].items()
            if k in ("name", "namespace", "labels", "annotations")
        }
        if len(json.dumps(plain)) > arguments.LARGEST:
            raise Refused(
                f"{self.touches(args)[0]} is too large to be put back", unchanged="it is there"
            )
        return {"uid": found["metadata"]["uid"], "object": plain}


def _require_ours(context: Context, metadata: Object, what: str) -> None:
    """Conflict where somebody else wrote to it too: it would go with what they wrote."""
    others = others_beyond_metadata(metadata)
    if run := last_run(metadata):
        others += (f"the run {run}",) if run != context.run else ()
    if others:
        names = clean(", ".join(others), limit=200)
        raise Conflict(f"{what} was changed by {names} since", unchanged="it is still there")
