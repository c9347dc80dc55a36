"""push_config: bring one generation of a named configuration to one region."""

import hashlib
from typing import Any

from infctl.engine import arguments
from infctl.engine.config_maps import (
    read_data,
    read_map,
    remove_map,
    require_as_before,
    texts_of,
    write_data,
)
from infctl.engine.handler import Args, Context, Handler, Permission, not_yet, passed
from infctl.errors import ConfigurationError, Conflict, Refused
from infctl.model.outcome import Outcome
from infctl.model.plan import Operation
from infctl.model.text import clean
from infctl.ports.cluster import CONFIG_MAP

KIND = "push_config"
_KEYS = ("content", "digest", "generation")
_DIGITS = 20


class PushConfig(Handler):
    """Args: region, namespace, name, and content, digest, generation; or absent: true.

    The ConfigMap infctl-config-NAME holds all three; `digest` is that of the content, and is
    computed anew from what is read back.
    """

    kind = KIND

    def check(self, args: Args) -> None:
        """A digest that is not the content's is refused before anything runs."""
        place = {"region": arguments.name, "namespace": arguments.name, "name": arguments.name}
        if args.get("absent") is True:
            arguments.check_arguments(KIND, args, {**place, "absent": arguments.truth})
            return
        content = {
            "content": _content,
            "digest": arguments.text(71),
            "generation": arguments.whole(1, 2**53),
        }
        arguments.check_arguments(KIND, args, {**place, **content}, {"absent": arguments.truth})
        if args["digest"] != digest_of(args["content"]):
            raise ConfigurationError(
                f"{KIND}: `digest` is not that of the content", unchanged="nothing was done"
            )

    def touches(self, args: Args) -> tuple[str, ...]:
        """One ConfigMap."""
        return (f"{args['region']}: ConfigMap {args['namespace']}/{_name(args)}",)

    def permissions(self, args: Args) -> tuple[Permission, ...]:
        """To write ConfigMaps there, and to remove one where it has to go."""
        verbs = ("create", "patch", "delete") if args.get("absent") else ("create", "patch")
        where = (args["region"], CONFIG_MAP, args["namespace"])
        return tuple(Permission(where[0], verb, where[1], where[2]) for verb in verbs)

    def loss(self, args: Args) -> str:
        """Which generation a region serves."""
        return f"whether {args['region']} has the new {args['name']} is not known"

    async def observe(self, context: Context, args: Args) -> Any:
        """Content, digest and generation that are there; None without any."""
        found = await read_data(context, args, _name(args))
        if found is not None and arguments.whole(1, 2**53)(_number(found)):
            raise Refused(
                f"{args['region']}: {args['namespace']}/{_name(args)} holds no generation",
                unchanged="it was left as it is",
                hint="somebody else wrote it: look at it with kubectl",
            )
        return _kept(found)

    def undo(self, before: Any, args: Args) -> Operation | None:
        """What was there before, or nothing."""
        place = {k: args[k] for k in ("region", "namespace", "name")}
        if before == _wanted(args):
            return None
        if before is None:
            return Operation(KIND, {**place, "absent": True}, region=args["region"])
        back = {**before, "generation": int(before["generation"])}
        return Operation(KIND, {**place, **back}, region=args["region"])

    async def apply(self, context: Context, operation: Operation, key: str) -> Any:
        """Write it, if what is there is still what was read."""
        args = operation.args
        found = await read_map(context, args, _name(args))
        now, wanted = _kept(None if found is None else texts_of(found)), _wanted(args)
        what = f"{args['region']}: {_name(args)}"
        require_as_before(context, key, now, wanted, what)
        if now == wanted:
            return {"digest": args.get("digest")}
        if wanted is None:
            if more := sorted(set(texts_of(found or {})) - set(_KEYS)):
                raise Conflict(
                    f"{what} holds {clean(', '.join(more), limit=200)} of somebody else",
                    unchanged="it is still there",
                )
            await remove_map(context, args, _name(args), found)
        else:
            await write_data(context, args, _name(args), found, wanted)
        return {"digest": args.get("digest")}

    async def verify(self, context: Context, operation: Operation) -> Outcome:
        """The content's own digest, as the region has it."""
        args = operation.args
        found = await read_data(context, args, _name(args))
        where = f"{args['region']}: {args['name']}"
        if _wanted(args) is None:
            return passed(f"{where} is gone") if found is None else not_yet(f"{where} is there")
        if found is None:
            return not_yet(f"{where} is not there")
        real = digest_of(found.get("content", ""))
        if real != args["digest"] or _kept(found) != _wanted(args):
            return not_yet(f"{where} has {real[:19]}, not {args['digest'][:19]}")
        return passed(f"{where} has generation {args['generation']}, {real[:19]}")


def digest_of(content: str) -> str:
    """The digest of a configuration's text, sha256:HEX."""
    return f"sha256:{hashlib.sha256(content.encode()).hexdigest()}"


def _content(value: Any) -> str:
    words = "text of at most 256 KiB"
    if not isinstance(value, str) or "\0" in value:
        return words
    try:
        return "" if len(value.encode()) <= arguments.LARGEST else words
    except UnicodeEncodeError:  # Lone surrogates have no bytes.
        return words


def _name(args: Args) -> str:
    return f"infctl-config-{args['name']}"


def _number(data: dict[str, str]) -> int | None:
    text = data.get("generation", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < _DIGITS else None


def _kept(data: dict[str, str] | None) -> dict[str, str] | None:
    return None if data is None else {k: data.get(k, "") for k in _KEYS}


def _wanted(args: Args) -> dict[str, str] | None:
    return None if args.get("absent") else {k: str(args[k]) for k in _KEYS}
