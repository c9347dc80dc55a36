"""set_flag: one feature flag in one region, in the set of flags that flagd reads."""

import json
from collections.abc import Mapping
from typing import Any

from infctl.engine import arguments
from infctl.engine.config_maps import (
    is_ours_alone,
    read_data,
    read_map,
    remove_map,
    require_as_before,
    texts_of,
    write_data,
)
from infctl.engine.handler import Args, Context, Handler, Permission, not_yet, passed
from infctl.errors import ConfigurationError, Refused
from infctl.model.outcome import Outcome
from infctl.model.plan import Operation
from infctl.ports.cluster import CONFIG_MAP, Object

KIND = "set_flag"
NAME = "infctl-flags"
FILE = "flags.json"
SCHEMA = "https://flagd.dev/schema/v0/flags.json"
_PARTS = frozenset({"state", "variants", "defaultVariant", "targeting", "metadata"})


class SetFlag(Handler):
    """Args: region, namespace, flag, definition (as flagd has it; None takes the flag out).

    Flags are written key by key: what others did to other flags stays. A set that this run made
    goes with its last flag.
    """

    kind = KIND

    def check(self, args: Args) -> None:
        """The definition is held to flagd's schema as far as a wrong one would break flagd."""
        rules = {
            "region": arguments.name,
            "namespace": arguments.name,
            "flag": arguments.key,
            "definition": arguments.json_value,
        }
        arguments.check_arguments(KIND, args, rules)
        if args["definition"] is not None and (problem := _problem_of(args["definition"])):
            raise ConfigurationError(f"{KIND}: `definition` {problem}", unchanged="nothing is done")

    def touches(self, args: Args) -> tuple[str, ...]:
        """One flag."""
        return (f"{args['region']}: flag {args['flag']} in {args['namespace']}/{NAME}",)

    def permissions(self, args: Args) -> tuple[Permission, ...]:
        """To write the ConfigMap of flags, and to remove it with its last flag."""
        verbs = ("create", "patch", "delete") if args["definition"] is None else ("create", "patch")
        where = (CONFIG_MAP, args["namespace"])
        return tuple(Permission(args["region"], verb, *where) for verb in verbs)

    def loss(self, args: Args) -> str:
        """What the flag is there."""
        return f"whether {args['region']} has the flag {args['flag']} as wanted is not known"

    async def observe(self, context: Context, args: Args) -> Any:
        """The flag's definition now, None without one."""
        return _flags(await read_data(context, args, NAME), args).get(args["flag"])

    def undo(self, before: Any, args: Args) -> Operation | None:
        """The definition from before, or none."""
        if before == args["definition"]:
            return None
        return Operation(KIND, {**args, "definition": before}, region=args["region"])

    async def apply(self, context: Context, operation: Operation, key: str) -> Any:
        """Change one flag in the file, if the file still is as it was read."""
        args = operation.args
        found = await read_map(context, args, NAME)
        flags = _flags(None if found is None else texts_of(found), args)
        now, wanted = flags.get(args["flag"]), args["definition"]
        what = f"{args['region']}: the flag {args['flag']}"
        require_as_before(context, key, now, wanted, what)
        if now == wanted:
            return {"flags": len(flags)}
        changed = {k: v for k, v in flags.items() if k != args["flag"]}
        if wanted is not None:
            changed[args["flag"]] = wanted
        if not changed and _holds_nothing_else(context, found):
            await remove_map(context, args, NAME, found)
        else:
            await write_data(context, args, NAME, found, {FILE: _write(changed)})
        return {"flags": len(changed)}

    async def verify(self, context: Context, operation: Operation) -> Outcome:
        """The flag as the region's file has it."""
        args = operation.args
        now = await self.observe(context, args)
        where = f"{args['region']}: {args['flag']}"
        if now != args["definition"]:
            return not_yet(f"{where} is not as wanted")
        shown = "none" if now is None else f"{now['state']}, {now['defaultVariant']}"
        return passed(f"{where} is {shown}")


def _holds_nothing_else(context: Context, found: Object | None) -> bool:
    is_whole = found is not None and set(texts_of(found)) == {FILE}
    return is_whole and is_ours_alone(context, found)


def _flags(data: Mapping[str, str] | None, args: Args) -> dict[str, Any]:
    if data is None or FILE not in data:
        return {}
    try:
        flags = json.loads(data[FILE])["flags"]
    except (ValueError, TypeError, KeyError, RecursionError):
        flags = None
    if not isinstance(flags, dict):
        raise Refused(
            f"{args['region']}: {args['namespace']}/{NAME} holds no set of flags",
            unchanged="it was left as it is",
            hint="somebody else wrote it: look at it with kubectl",
        )
    return flags


def _write(flags: Mapping[str, Any]) -> str:
    return json.dumps({"$schema": SCHEMA, "flags": flags}, sort_keys=True, indent=1) + "\n"


def _problem_of(definition: Any) -> str:
    if not isinstance(definition, Mapping) or not set(definition) <= _PARTS:
        return f"must be a mapping of {', '.join(sorted(_PARTS))}"
    if definition.get("state") not in ("ENABLED", "DISABLED"):
        return "needs a state: ENABLED or DISABLED"
    variants = definition.get("variants")
    if not isinstance(variants, Mapping) or not variants:
        return "needs variants"
    if len({_type(v) for v in variants.values()}) != 1:
        return "has variants of several types"
    if definition.get("defaultVariant") not in variants:
        return "needs a defaultVariant that is one of its variants"
    return ""


def _type(value: Any) -> str:
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return "number" if is_number else type(value).__name__
