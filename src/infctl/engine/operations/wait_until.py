"""wait_until: a condition on one object's field, or on one signal, for as long as it must hold."""

import asyncio
from typing import Any

from infctl.engine import arguments, conditions
from infctl.engine.answers import seconds_without
from infctl.engine.handler import Args, Context, Handler, blind, not_yet
from infctl.engine.manifests import TYPE, kind_of
from infctl.engine.objects import read_object, where
from infctl.engine.own_step import digest_of
from infctl.errors import ConfigurationError, InfctlError
from infctl.model.outcome import Outcome, Word
from infctl.model.plan import Operation

KIND = "wait_until"
_DEADLINE = 5.0
_OLDEST = 60.0


def _scalar(value: Any) -> str:
    is_one = isinstance(value, (str, int, float)) and not arguments.json_value(value)
    is_one = is_one and not (isinstance(value, str) and arguments.text(253)(value))
    return "" if is_one else "a short text, a number, true or false"


class WaitUntil(Handler):
    """Args: region, op, bound, for_seconds, and object or query.

    `object` has api_version, kind, name, path, and namespace where it lies in one; `query` is
    PromQL with one value. What cannot be read starts the time anew, and never passes.
    """

    kind = KIND
    changes = False
    reversible = False

    def check(self, args: Args) -> None:
        """One condition, of one of both ways."""
        rules = {
            "region": arguments.name,
            "op": arguments.one_of(*conditions.COMPARISONS),
            "bound": _scalar,
        }
        optional: dict[str, arguments.Rule] = {
            "object": arguments.json_mapping,
            "query": arguments.text(4000),
            "for_seconds": arguments.number(0, 86_400),
        }
        arguments.check_arguments(KIND, args, rules, optional)
        if ("object" in args) == ("query" in args):
            raise ConfigurationError(
                f"{KIND}: `object` or `query` is needed, and not both", unchanged="nothing was done"
            )
        if "object" in args:
            named = {**TYPE, "name": arguments.key, "path": conditions.path}
            place = {"namespace": arguments.name}
            arguments.check_arguments(f"{KIND}: object", args["object"], named, place)
        elif arguments.number(-1e15, 1e15)(args["bound"]):
            raise ConfigurationError(
                f"{KIND}: `bound` must be a number for a signal", unchanged="nothing was done"
            )

    def touches(self, args: Args) -> tuple[str, ...]:
        """It only reads."""
        del args
        return ()

    def loss(self, args: Args) -> str:
        """What was waited for."""
        return f"whether {args['region']} is ready for what follows is not known"

    async def verify(self, context: Context, operation: Operation) -> Outcome:
        """Judge it now, and for how long it has held."""
        args = operation.args
        memory = f"{KIND}/{digest_of(KIND, args)}"
        outcome = await _judged(context, args)
        lasted = seconds_without(context, memory, outcome.word is Word.PASSED)
        wanted = args.get("for_seconds", 0)
        if outcome.word is not Word.PASSED or lasted >= wanted:
            return outcome
        return not_yet(f"{outcome.evidence[0]}, for {lasted:.0f} s of {wanted:g} s")


async def _judged(context: Context, args: Args) -> Outcome:
    try:
        async with asyncio.timeout(_DEADLINE):
            if "object" in args:
                return await _judge_object(context, args)
            return await _judge_signal(context, args)
    except TimeoutError:
        return blind(f"{args['region']}: no answer within {_DEADLINE:g} s")
    except InfctlError as error:
        return blind(error.what)


async def _judge_object(context: Context, args: Args) -> Outcome:
    wanted = args["object"]
    place = {**wanted, "region": args["region"]}
    found = await read_object(context, place, kind_of(wanted))
    what = where(place, kind_of(wanted))
    if found is None:
        return blind(f"{what} is not there")
    if wanted["path"].startswith("status."):
        generation = int(found["metadata"].get("generation", 0))
        seen = found.get("status", {}).get("observedGeneration")
        if seen is not None and int(seen) < generation:
            return not_yet(f"{what}: its status is of an older generation")
    value = conditions.value_at(found, wanted["path"])
    return conditions.judge(f"{what} {wanted['path']}", value, args["op"], args["bound"])


async def _judge_signal(context: Context, args: Args) -> Outcome:
    metrics = context.world.metrics.get(args["region"])
    if metrics is None:
        return blind(f"{args['region']} has no metrics")
    found = await metrics.query(args["query"])
    what = f"{args['region']}: the signal"
    if len(found) != 1:
        return blind(f"{what} has {len(found)} values, not one")
    if abs(context.world.clock.wall() - found[0].at) > _OLDEST:
        return blind(f"{what} is not of now")
    return conditions.judge(what, found[0].value, args["op"], args["bound"])
