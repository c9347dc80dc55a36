"""The data-plane switch of a region: objects in the buckets of its keepers (decision 0001)."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from infctl.engine import arguments
from infctl.engine.handler import Args, Context
from infctl.errors import Conflict, InfctlError, Unreachable
from infctl.model.shift import LONGEST, read_shift
from infctl.ports.cloud import ObjectStore

DEADLINE = 3.0
"""Seconds that one keeper may take; nobody waits for a dying region."""

Act = Callable[[ObjectStore, str, str], Awaitable[Any]]


def check(kind: str, args: Args, **more: arguments.Rule) -> None:
    """Raise ConfigurationError where the arguments are not those of a switch."""
    rules = {
        "region": arguments.name,
        "keepers": arguments.mapping_of(arguments.key, keys=arguments.name),
        "key": arguments.below,
    }
    optional = {"reason": arguments.text(1024, least=0), "keep": arguments.number(0, LONGEST)}
    arguments.check_arguments(kind, args, rules, {**optional, **more})


def touches(args: Args) -> tuple[str, ...]:
    """The region that clients come to or leave, and the objects that say so."""
    keepers = sorted(args["keepers"].items())
    objects = (f"{keeper}: object {args['key']} in {bucket}" for keeper, bucket in keepers)
    return (f"{args['region']}: in or out of the answers", *objects)


def loss(args: Args) -> str:
    """What is not known where nobody saw the effect."""
    return f"whether clients still reach {args['region']} is not known"


async def ask_keepers(
    context: Context, args: Args, act: Act
) -> tuple[dict[str, Any], dict[str, str]]:
    """Do `act(store, bucket, key)` at every keeper at once: answers, and reasons of the silent."""
    keepers = sorted(args["keepers"].items())
    answers = await asyncio.gather(
        *(_one(context, name, bucket, args["key"], act) for name, bucket in keepers)
    )
    found = {
        name: answer for (name, _), (answer, why) in zip(keepers, answers, strict=True) if not why
    }
    silent = {name: why for (name, _), (_, why) in zip(keepers, answers, strict=True) if why}
    return found, silent


async def _one(context: Context, keeper: str, bucket: str, key: str, act: Act) -> tuple[Any, str]:
    store = context.world.stores.get(keeper)
    if store is None:
        return None, "there is no object store for it"
    try:
        async with asyncio.timeout(DEADLINE):
            return await act(store, bucket, key), ""
    except TimeoutError:
        return None, f"no answer within {DEADLINE:g} s"
    except InfctlError as error:
        return None, error.what


async def held(context: Context, args: Args) -> tuple[dict[str, bool], dict[str, str]]:
    """By keeper, whether it holds the switch; and why others did not say."""

    async def exists(store: ObjectStore, bucket: str, key: str) -> bool:
        return await store.get(bucket, key) is not None

    return await ask_keepers(context, args, exists)


async def require_ours(context: Context, args: Args) -> Args:
    """The arguments with the keepers alone that answered, none of which holds another's word.

    Conflict where somebody else switched the region off, too: that stays.
    """

    async def read(store: ObjectStore, bucket: str, key: str) -> bytes | None:
        return await store.get(bucket, key)

    found, silent = await ask_keepers(context, args, read)
    if not found:
        raise no_keeper(args["region"], silent)
    shifts = {k: read_shift(args["region"], body) for k, body in found.items() if body is not None}
    others = {k: s.run or s.owner for k, s in shifts.items() if s.run != context.run}
    if others:
        told = ", ".join(f"{k} by {who or 'somebody'}" for k, who in sorted(others.items()))
        raise Conflict(
            f"{args['region']} was switched off at {told} since", unchanged="it is still off"
        )
    return {**args, "keepers": {k: b for k, b in args["keepers"].items() if k in found}}


async def observe(context: Context, args: Args) -> dict[str, bool | None]:
    """By keeper: held, not held, or None where it did not say."""
    found, silent = await held(context, args)
    return {**found, **dict.fromkeys(silent, None)}


def restored(before: Any, now: Any) -> bool:
    """Whether every keeper says that it is as before; a silent one says nothing.

    One that did not say what was before is as before once it holds nothing.
    """
    return all(held is not None and held == bool(before.get(name)) for name, held in now.items())


def unsure(before: Any) -> str:
    """Where nobody knows what was before."""
    silent = sorted(name for name, was_held in before.items() if was_held is None)
    names = ", ".join(silent)
    return f"what {names} held of the switch before was never read" if silent else ""


def no_keeper(region: str, silent: dict[str, str]) -> Unreachable:
    """The error where not one keeper answered."""
    reasons = "; ".join(f"{name}: {why}" for name, why in silent.items())
    return Unreachable(
        f"no keeper of the switch of {region} answers ({reasons})",
        unchanged="the switch",
        hint="infctl status, then try again",
    )
