"""Objects of a cluster as operations see them: named in words, read, held to what was read."""

from collections.abc import Mapping
from typing import Any

from infctl.engine import arguments
from infctl.engine.config_maps import before_of, cluster_of, require_as_before
from infctl.engine.fencing.stamps import is_as_it_was
from infctl.engine.handler import Args, Context, Permission
from infctl.engine.own_step import own_step
from infctl.errors import Conflict, Refused
from infctl.model.run import StepView
from infctl.ports.cluster import Kind, Object

PLACE: dict[str, arguments.Rule] = {
    "region": arguments.name,
    "namespace": arguments.name,
    "name": arguments.key,
}
"""Where an object lies."""
ON_NODE: dict[str, arguments.Rule] = {"region": arguments.name, "name": arguments.key}
"""Where an object without a namespace lies."""
_UNCHANGED = "nothing was written"
_ATTEMPTS = 5


def uid(value: Any) -> str:
    """The rule for the uid that an object must still have."""
    return arguments.key(value)


def where(args: Args, kind: Kind) -> str:
    """An object in words, its region first."""
    name = "/".join(str(args[k]) for k in ("namespace", "name") if args.get(k))
    return f"{args['region']}: {kind.kind} {name}"


def permission(
    args: Args, kind: Kind, *verbs: str, subresource: str = ""
) -> tuple[Permission, ...]:
    """What must be allowed there."""
    place = args.get("namespace")
    return tuple(Permission(args["region"], v, kind, place, subresource) for v in verbs)


async def read_object(context: Context, args: Args, kind: Kind) -> Object | None:
    """The object that the arguments name, or None."""
    cluster = cluster_of(context, args["region"])
    return await cluster.read(kind, args["name"], args.get("namespace"))


async def require_object(context: Context, args: Args, kind: Kind) -> Object:
    """The same; Refused where there is none."""
    found = await read_object(context, args, kind)
    if found is None:
        raise Refused(f"{where(args, kind)} is not there", unchanged=_UNCHANGED)
    return found


async def write_fields(
    context: Context, args: Args, kind: Kind, found: Object, patch: Object
) -> Object:
    """Merge fields into the object, if it still is as `found` says, but for its status."""
    cluster = cluster_of(context, args["region"])
    live = found
    for attempt in range(1, _ATTEMPTS + 1):
        held = {k: live["metadata"][k] for k in ("uid", "resourceVersion") if k in live["metadata"]}
        whole = {**patch, "metadata": {**patch.get("metadata", {}), **held}}
        try:
            return await cluster.merge(kind, args["name"], args.get("namespace"), whole)
        except Conflict:
            # Controllers write the status whenever they like: that is nobody's change of mind.
            live = await require_object(context, args, kind)
            if attempt == _ATTEMPTS or not is_as_it_was(found, live):
                raise
    raise another(where(args, kind))


def require_same(
    context: Context, operation_args: Args, key: str, now: Args, wanted: Args, what: str
) -> None:
    """Conflict where the object is another one, or neither as it was read nor as wanted.

    `now` holds the uid and the fields that the operation may change; `wanted` those fields.
    """
    expected = operation_args.get("uid")
    if expected is not None and now["uid"] != expected:
        raise another(what)
    before = before_of(context, key)
    if isinstance(before, Mapping):
        if before["uid"] != now["uid"]:
            raise another(what)
        changed = {k: now[k] for k in ("uid", *wanted)}
        if changed == {k: before[k] for k in ("uid", *wanted)}:
            return
    require_as_before(context, key, now, {**now, **wanted}, what)


def another(what: str) -> Conflict:
    """The error where a name belongs to another object than was read."""
    return Conflict(
        f"{what} was deleted and made anew since it was read",
        unchanged=_UNCHANGED,
        hint="infctl runs retry, when the new one is meant too",
    )


def seen_of(context: Context, kind: str, args: Args) -> StepView | None:
    """This very step as the journal tells it; None outside of a run, or before its intent."""
    step = own_step(context, kind, args)
    seen = context.step(step) if step else None
    return seen if seen is not None and seen.intent else None
