"""apply_object: server-side apply of one manifest with infctl's field manager."""

from collections.abc import Mapping
from typing import Any

from infctl.engine import arguments
from infctl.engine.config_maps import before_of, cluster_of
from infctl.engine.fencing.stamps import is_as_it_was
from infctl.engine.handler import Args, Context, Handler, Permission, not_yet, passed
from infctl.engine.manifests import kind_of, require_manifest
from infctl.engine.objects import another, permission, read_object, uid, where
from infctl.engine.projection import (
    covers,
    identity,
    join,
    lacking,
    owned,
    project,
    without_server_fields,
)
from infctl.errors import Conflict
from infctl.model.fence import STAMPS
from infctl.model.outcome import Outcome
from infctl.model.plan import Operation
from infctl.ports.cluster import Object

KIND = "apply_object"
_MANAGER = ("infctl", "Apply")
_ATTEMPTS = 5


class ApplyObject(Handler):
    """Args: region, manifest; optional: force (take fields of others over), uid, instead_of, anew.

    What infctl applied before and the manifest does not hold is taken away, as apply does; with
    `instead_of`, another manifest, only what that one holds. `anew`: only where there is none.
    """

    kind = KIND

    def check(self, args: Args) -> None:
        """A manifest of an object that plans may apply."""
        rules = {"region": arguments.name, "manifest": arguments.json_mapping}
        truth, mapping = arguments.truth, arguments.json_mapping
        more = {"force": truth, "anew": truth, "uid": uid, "instead_of": mapping}
        arguments.check_arguments(KIND, args, rules, more)
        require_manifest(KIND, args["manifest"])

    def touches(self, args: Args) -> tuple[str, ...]:
        """One object."""
        return (where(_place(args), kind_of(args["manifest"])),)

    def permissions(self, args: Args) -> tuple[Permission, ...]:
        """To create and patch its kind there."""
        return permission(_place(args), kind_of(args["manifest"]), "get", "create", "patch")

    def loss(self, args: Args) -> str:
        """What is there."""
        return f"whether {self.touches(args)[0]} is as the plan says is not known"

    async def observe(self, context: Context, args: Args) -> Any:
        """The fields that the manifest or an earlier apply names; None without the object."""
        return _kept(await self._read(context, args), args)

    def undo(self, before: Any, args: Args) -> Operation | None:
        """Those fields as they were, or no object."""
        manifest, place = args["manifest"], _place(args)
        if before is None:
            named = {"api_version": manifest["apiVersion"], "kind": manifest["kind"]}
            made = {**place, **named, "ours": True}
            return Operation("remove_object", made, region=args["region"])
        if before["object"] == manifest:
            return None
        back = {"region": args["region"], "manifest": before["object"], "uid": before["uid"]}
        more = {"force": True, "instead_of": manifest}
        return Operation(KIND, {**back, **more}, region=args["region"])

    def restored(self, before: Any, now: Any, args: Args) -> bool:
        """The fields of the manifest are as before; infctl may have applied others since."""
        if not isinstance(before, Mapping) or not isinstance(now, Mapping):
            return bool(before == now)
        with_before = join(before["object"], lacking(now["object"], args["manifest"]))
        return bool(before["uid"] == now["uid"] and with_before == now["object"])

    async def apply(self, context: Context, operation: Operation, key: str) -> Any:
        """Apply, if the object is still as it was read."""
        args = operation.args
        found = await self._read(context, args)
        now, before = _kept(found, args), before_of(context, key)
        what = self.touches(args)[0]
        expected = args.get("uid") or (before["uid"] if isinstance(before, Mapping) else None)
        if expected and found is not None and found["metadata"]["uid"] != expected:
            raise another(what)
        if args.get("anew") and found is not None:
            raise Conflict(f"{what} was made by somebody else since", unchanged="it is as it was")
        is_there = found is not None and covers(found, args["manifest"])
        is_known = isinstance(before, Mapping) or before is None
        if is_known and now != before and not (is_there and before is None):
            seen_fields = None if now is None else now["object"]
            if seen_fields != args["manifest"]:
                raise Conflict(
                    f"{what} was changed since it was read", unchanged="nothing was written"
                )
        after = await self._write(context, args, found)
        return {"uid": after["metadata"]["uid"]}

    async def _write(self, context: Context, args: Args, found: Object | None) -> Object:
        """Apply onto what was read; onto what it is by now, where that is its status alone."""
        cluster, live = cluster_of(context, args["region"]), found
        for _ in range(_ATTEMPTS):
            manifest = _held(_whole(args, live), live)
            try:
                return await cluster.apply(manifest, force=args.get("force", False))
            except Conflict as conflict:
                live = await self._read(context, args)
                is_same = found is not None and live is not None and is_as_it_was(found, live)
                if conflict.managers or not is_same:
                    raise
        raise another(self.touches(args)[0])

    async def verify(self, context: Context, operation: Operation) -> Outcome:
        """Every field of the manifest has its value in the object itself."""
        args = operation.args
        found = await self._read(context, args)
        what = self.touches(args)[0]
        if found is None:
            return not_yet(f"{what} is not there")
        is_right = covers(found, args["manifest"])
        return (passed if is_right else not_yet)(
            f"{what} is {'as' if is_right else 'not as'} the manifest says"
        )

    async def _read(self, context: Context, args: Args) -> Object | None:
        return await read_object(context, _place(args), kind_of(args["manifest"]))


def _place(args: Args) -> dict[str, Any]:
    metadata = args["manifest"]["metadata"]
    place = {k: metadata[k] for k in ("name", "namespace") if k in metadata}
    return {"region": args["region"], **place}


def _held(manifest: Object, found: Object | None) -> Object:
    """The manifest with a precondition: the object is the one that was read, or there is none."""
    if found is None:
        return dict(manifest)
    held = {k: found["metadata"][k] for k in ("uid", "resourceVersion")}
    return {**manifest, "metadata": {**manifest["metadata"], **held}}


def _kept(found: Object | None, args: Args) -> Any:
    if found is None:
        return None
    plain = without_server_fields(found, frozenset(STAMPS))
    part = join(project(plain, args["manifest"]), _applied(found))
    return {"uid": found["metadata"]["uid"], "object": join(identity(args["manifest"]), part)}


def _applied(found: Object) -> Object:
    """What infctl's applies own of an object."""
    plain = without_server_fields(found, frozenset(STAMPS))
    part: Object = {}
    for entry in found["metadata"].get("managedFields") or []:
        if (entry.get("manager"), entry.get("operation")) == _MANAGER and "fieldsV1" in entry:
            part = dict(join(part, owned(plain, entry["fieldsV1"])))
    return part


def _whole(args: Args, found: Object | None) -> Object:
    """What is applied: the manifest, with what is to stay of earlier applies."""
    if found is None or "instead_of" not in args:
        return dict(args["manifest"])
    return dict(join(args["manifest"], lacking(_applied(found), args["instead_of"])))
